import type { Construct } from "constructs";
import {
  ComponentChart,
  type ComponentProps,
  claimVolume,
  dashboardConfigMap,
  deployment,
  type Endpoint,
  rules,
  service,
  serviceHost,
  serviceMonitor,
  statefulSet,
} from "../../lib/kubernetes/index.ts";
import { seconds } from "../../lib/sizing/index.ts";
import { pushgatewayAlerts } from "./monitoring/alerts.ts";
import { pushgatewayDashboard } from "./monitoring/dashboards.ts";
import { type PushgatewaySizing, sizePushgateway } from "./sizing.ts";

export interface PushgatewayProps extends ComponentProps {
  /** Series of all jobs that push. @default 1000 */
  readonly series?: number;
  /** @default computed from the series */
  readonly sizing?: PushgatewaySizing;
  /** Disk for pushed metrics, in bytes, so that they outlive a restart. @default none: a job's next run brings them back */
  readonly diskBytes?: number;
  /** Age in seconds from which a group is warned about. @default one day */
  readonly staleSeconds?: number;
}

export interface PushgatewayEndpoints {
  /** Where short jobs push: `/metrics/job/<name>`. */
  readonly push: Endpoint;
}

const port = 9091;
const user = 65_534;

/**
 * The Pushgateway: for jobs that are over before Prometheus would scrape them, and for nothing else. It keeps the last
 * values of each group until somebody deletes the group.
 */
export class PushgatewayChart extends ComponentChart<PushgatewayEndpoints> {
  readonly endpoints: PushgatewayEndpoints;

  constructor(scope: Construct, id: string, props: PushgatewayProps) {
    super(scope, id, "pushgateway", props);
    const part = "pushgateway";
    const { pushgateway: sized } = props.sizing ?? sizePushgateway(props.series ?? 1000);
    const data = props.diskBytes ? claimVolume("data", props.diskBytes) : undefined;
    const workload = {
      part,
      sized,
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
      // `job` and `instance` are those of the job that pushed.
      honorLabels: true,
      class: "application",
    });
    rules(this, part, [pushgatewayAlerts(props.staleSeconds ?? seconds("1d"))]);
    dashboardConfigMap(this, pushgatewayDashboard);
    this.connects("any pod", this.pods(part), [port], "metrics of short jobs");
    this.endpoints = {
      push: { scheme: "http", host: serviceHost(this, this.name), port, pods: this.pods(part) },
    };
  }
}
