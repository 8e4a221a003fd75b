import type { Construct } from "constructs";
import {
  ComponentChart,
  claimVolume,
  dashboardConfigMap,
  deployment,
  rules,
  service,
  serviceHost,
  serviceMonitor,
  sizeOverride,
  statefulSet,
} from "../../lib/kubernetes/index.ts";
import { assertValid, seconds } from "../../lib/sizing/index.ts";
import { pushgatewayAlerts } from "./monitoring/alerts.ts";
import { pushgatewayDashboard } from "./monitoring/dashboards.ts";
import type { PushgatewayEndpoints, PushgatewayProps } from "./props.ts";
import { pushgatewayShape } from "./shape.ts";
import { type PushgatewaySizing, sizePushgateway } from "./sizing.ts";
import { validatePushgateway } from "./validate.ts";

const port = 9091;
const user = 65_534;

/**
 * The Pushgateway, for batch jobs that end before Prometheus can scrape them. It keeps the last pushed values of each
 * group until the group is deleted. @see https://prometheus.io/docs/practices/pushing/
 */
export class PushgatewayChart extends ComponentChart<PushgatewayEndpoints> {
  /** What each of its props may be. */
  static readonly shape = pushgatewayShape;

  readonly endpoints: PushgatewayEndpoints;
  /** Computed sizes, with the overrides applied. */
  readonly sizing: PushgatewaySizing;

  /** @throws InvalidPropsError with every finding of {@link validatePushgateway} */
  constructor(scope: Construct, id: string, props: PushgatewayProps) {
    super(scope, id, "pushgateway", props);
    const part = "pushgateway";
    assertValid("PushgatewayChart", this.name, validatePushgateway(props));
    const { diskBytes = props.diskBytes, ...size } = sizeOverride(props);
    this.sizing = sizePushgateway(props.series ?? 1000, { ...props.size, ...size });
    const data = diskBytes ? claimVolume("data", diskBytes) : undefined;
    const workload = {
      part,
      sized: this.sizing.pushgateway,
      user,
      containers: [
        {
          name: part,
          image: part,
          args: [
            `--web.listen-address=:${port}`,
            ...(data ? ["--persistence.file=/data/metrics", "--persistence.interval=1m"] : []),
          ],
          ports: { http: port },
          probes: { port: "http", readiness: "/-/ready", liveness: "/-/healthy" },
          ...(data && { mounts: [{ volume: data, path: "/data" }] }),
        },
      ],
    } as const;
    if (data) statefulSet(this, { ...workload, serviceName: this.name });
    else deployment(this, { ...workload, recreate: true });
    service(this, { part, ports: { http: port } });
    serviceMonitor(this, {
      part,
      name: this.name,
      port: "http",
      targetPort: port,
      // Job and instance labels are those of the pushing job.
      honorLabels: true,
      class: "application",
    });
    rules(this, part, [pushgatewayAlerts(props.staleSeconds ?? seconds("1d"))]);
    dashboardConfigMap(this, pushgatewayDashboard);
    this.connects("any pod", this.pods(part), [port], "pushed metrics of batch jobs");
    this.endpoints = {
      push: { scheme: "http", host: serviceHost(this, this.name), port, pods: this.pods(part) },
    };
  }
}
