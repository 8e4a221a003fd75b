import type { Construct } from "constructs";
import { stringify } from "yaml";
import {
  ComponentChart,
  type ComponentProps,
  configMap,
  connectsToObjectStore,
  dashboardConfigMap,
  type Endpoint,
  type ObjectStore,
  objectStoreIdentity,
  rules,
  serviceAccount,
  serviceHost,
} from "../../lib/kubernetes/index.ts";
import type { RuleGroup } from "../../lib/monitoring/rules.ts";
import { type Retention, retentionProfiles, type Workload, workloads } from "../../lib/sizing/index.ts";
import { compactor } from "./compactor.ts";
import { lokiConfig, lokiPorts, type StreamRetention } from "./config.ts";
import { distributor } from "./distributor.ts";
import { internalEdges } from "./edges.ts";
import { indexGateway } from "./index-gateway.ts";
import { lokiAlerts } from "./monitoring/alerts.ts";
import { lokiDashboard } from "./monitoring/dashboards.ts";
import { logRules } from "./monitoring/log-rules.ts";
import { monolithic } from "./monolithic.ts";
import { type LokiContext, memberLabels, memberlistService, serviceNames } from "./pod.ts";
import { querier } from "./querier.ts";
import { queryFrontend } from "./query-frontend.ts";
import { queryScheduler } from "./query-scheduler.ts";
import { ruler } from "./ruler.ts";
import { type LokiSizing, sizeLoki } from "./sizing.ts";
import { ingester } from "./workloads.ts";

export interface LokiProps extends ComponentProps {
  /** What it has to hold. @default the `small` workload */
  readonly workload?: Workload;
  /** How long logs are kept. @default the `standard` profile: 31 d */
  readonly retention?: Retention;
  /** Streams kept for another time than the rest. @default none */
  readonly streamRetention?: readonly StreamRetention[];
  /** @default computed from the workload: one process up to 20 GB a day, a service a workload above */
  readonly sizing?: LokiSizing;
  /** @default "filesystem": the pod's own disk, for one replica */
  readonly objectStore?: ObjectStore;
  /** Bucket or container; it exists already. @default "loki" */
  readonly bucket?: string;
  /** Whose logs: `X-Scope-OrgID` of every request. @default "anonymous" */
  readonly tenant?: string;
  /** The one Alertmanager. @default none: no log alert is evaluated */
  readonly alertmanager?: Endpoint;
  /** Alerts computed from logs, their `expr` LogQL. Needs an Alertmanager. @default none */
  readonly logAlerts?: readonly RuleGroup[];
}

export interface LokiEndpoints {
  /** Loki's own push API: its path is `/loki/api/v1/push`. */
  readonly push: Endpoint;
  /** OTLP/HTTP, without the `/v1/logs` that exporters append. */
  readonly otlp: Endpoint;
  /** LogQL: what Grafana connects to. */
  readonly query: Endpoint;
}

/** Loki: logs, found by their labels, in object storage. */
export class LokiChart extends ComponentChart<LokiEndpoints> {
  readonly endpoints: LokiEndpoints;
  readonly sizing: LokiSizing;

  constructor(scope: Construct, id: string, props: LokiProps) {
    super(scope, id, "loki", props);
    const retention = props.retention ?? retentionProfiles.standard;
    const objectStore = props.objectStore ?? { kind: "filesystem" };
    const tenant = props.tenant ?? "anonymous";
    this.sizing =
      props.sizing ??
      sizeLoki({
        workload: props.workload ?? workloads.small,
        availability: objectStore.kind === "filesystem" ? "single" : "redundant",
        retention,
        filesystem: objectStore.kind === "filesystem",
      });
    const loki = this.context(props, objectStore, tenant, retention);
    const { sizing } = this;
    if (sizing.mode === "monolithic") {
      monolithic(loki, sizing.loki);
    } else {
      const { services } = sizing;
      memberlistService(this);
      distributor(loki, services.distributor);
      ingester(loki, services.ingester, sizing.zoneAware);
      querier(loki, services.querier);
      queryFrontend(loki, services["query-frontend"]);
      queryScheduler(loki, services["query-scheduler"]);
      indexGateway(loki, services["index-gateway"]);
      compactor(loki, services.compactor);
      if (loki.rules) ruler(loki, services.ruler);
    }
    internalEdges(this, sizing.mode, loki.rules !== undefined);
    if (objectStore.kind !== "filesystem") this.objectStorage.push(sizing.objectStorage);
    connectsToObjectStore(this, this.pods("memberlist", memberLabels(this)), objectStore);
    if (props.alertmanager) this.connectsTo(this.front("ruler").pods, props.alertmanager, "log alerts");
    rules(this, this.component, lokiAlerts(this, this.sizing));
    dashboardConfigMap(this, lokiDashboard(this, this.sizing));
    this.endpoints = this.publish(tenant);
  }

  /** What the services share: their config file, rules and identity. */
  private context(props: LokiProps, objectStore: ObjectStore, tenant: string, retention: Retention): LokiContext {
    const at = (part: Parameters<typeof serviceNames>[1], port: keyof typeof lokiPorts) =>
      `${serviceHost(this, serviceNames(this, part))}:${lokiPorts[port]}`;
    const config = lokiConfig({
      sizing: this.sizing,
      retentionSeconds: retention.loki,
      streamRetention: props.streamRetention ?? [],
      objectStore,
      bucket: props.bucket ?? "loki",
      gossipLabel: `${this.name}.${this.home}`,
      addresses: {
        memberlist: at("memberlist", "gossip"),
        compactor: at("compactor", "grpc"),
        indexGateway: at("index-gateway", "grpc"),
        queryScheduler: at("query-scheduler", "grpc"),
        querier: `http://${at("querier", "http")}`,
      },
      ...(props.alertmanager && { alertmanager: props.alertmanager }),
    });
    const annotations = objectStoreIdentity(objectStore);
    return {
      chart: this,
      config: configMap(this, this.component, this.name, { "loki.yaml": stringify(config, { lineWidth: 0 }) }),
      objectStore,
      ...(annotations && { identityAccount: serviceAccount(this, { part: this.component, annotations }) }),
      ...(props.alertmanager && {
        rules: {
          tenant,
          // Read again every minute: a changed rule rolls no pod.
          configMap: configMap(
            this,
            this.component,
            `${this.name}-rules`,
            { "rules.yaml": logRules(this, props.logAlerts ?? []) },
            { reloads: true },
          ),
        },
      }),
    };
  }

  /** The Service of a distributed part, or of the one process that is everything. */
  private front(part: "distributor" | "query-frontend" | "ruler") {
    const one = this.sizing.mode === "monolithic";
    return {
      host: serviceHost(this, one ? this.name : serviceNames(this, part)),
      pods: this.pods(one ? this.component : part),
    };
  }

  private publish(tenant: string): LokiEndpoints {
    const shared = { scheme: "http", port: lokiPorts.http, headers: { "X-Scope-OrgID": tenant } } as const;
    const write = { ...shared, ...this.front("distributor") };
    return {
      push: { ...write, path: "/loki/api/v1/push" },
      otlp: { ...write, path: "/otlp" },
      query: { ...shared, ...this.front("query-frontend") },
    };
  }
}
