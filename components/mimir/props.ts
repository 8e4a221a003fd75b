import type { ComponentProps, Endpoint, ObjectStore } from "../../lib/kubernetes/index.ts";
import type { Availability, Retention, Workload } from "../../lib/sizing/index.ts";
import type { GatewayRouteProps } from "./gateway-route.ts";
import type { TenantLimits } from "./limits.ts";
import type { MimirMode } from "./load.ts";
import type { MimirSizing } from "./sizing.ts";

export interface MimirProps extends ComponentProps {
  /** What it has to hold. @default the `small` workload */
  readonly workload?: Workload;
  /** How long series and aggregates are kept. @default the `standard` profile: 90 d, no aggregates */
  readonly retention?: Retention;
  /** @default "single" on a file system, else "redundant" */
  readonly availability?: Availability;
  /** @default "monolithic" below a million series, "microservices" from there on */
  readonly mode?: MimirMode;
  /** @default computed from workload, retention, availability and mode */
  readonly sizing?: MimirSizing;
  /** @default the pod's own disk: for one replica */
  readonly objectStore?: ObjectStore;
  /** Bucket or container of the blocks; it exists already and holds nothing else. @default "mimir-blocks" */
  readonly bucket?: string;
  /** Whose series: `X-Scope-OrgID` of every request. @default "anonymous" */
  readonly tenant?: string;
  /** Limits of single tenants beyond those that are derived, by Mimir's own names. @default none */
  readonly tenants?: Readonly<Record<string, TenantLimits>>;
  /** Resource attributes that become labels of metrics sent by OTLP. @default where a pod runs, and its version */
  readonly promotedResourceAttributes?: readonly string[];
  /**
   * Label that says which Prometheus make a pair that sends the same samples (`ha_cluster_label`). Any other than the
   * default is dropped before storage. With several shards it must tell them apart, or all but one would be dropped.
   * @default "cluster"
   */
  readonly haClusterLabel?: string;
  /** The one Alertmanager. Its headless Service: each replica must get every alert. @default none: no alert is sent */
  readonly alertmanager?: Endpoint;
  /** Lets clients outside the cluster in, through a Gateway that is there. @default none */
  readonly gatewayRoute?: GatewayRouteProps;
}

export interface MimirEndpoints {
  /** Prometheus remote write. */
  readonly push: Endpoint;
  /** OTLP/HTTP, without the `/v1/metrics` that exporters append. */
  readonly otlp: Endpoint;
  /** PromQL: what Grafana connects to. */
  readonly query: Endpoint;
  /** Prometheus remote read. */
  readonly remoteRead: Endpoint;
  /** PromQL over the aggregates. Absent where there are none. */
  readonly longTerm?: Endpoint;
  /** State of rules and alerts, under the same paths as Prometheus. Absent where no rule is Mimir's. */
  readonly ruler?: Endpoint;
}
