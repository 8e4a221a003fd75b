import { type ComponentProps, type Endpoint, type ObjectStore, sizeOverrides } from "../../lib/kubernetes/index.ts";
import {
  type Availability,
  completeWorkload,
  mergeOverrides,
  type Retention,
  retentionProfiles,
  type SizeOverrides,
  type Workload,
} from "../../lib/sizing/index.ts";
import type { MimirLoad, MimirMode, MimirWorkload } from "./capacity.ts";
import type { GatewayRouteProps } from "./gateway-route.ts";
import { defaultHaClusterLabel, defaultPromotedAttributes, type TenantLimits } from "./limits.ts";

export interface MimirProps extends ComponentProps {
  /** The load to size for. @default those of `workloads.small` */
  readonly workload?: Partial<Workload>;
  /** How long series (`mimir`) and aggregates (`aggregates`) are kept, in seconds. @default retentionProfiles.standard: 90 days, no aggregates */
  readonly retention?: Retention;
  /**
   * `redundant` keeps three copies of recent series and of blocks, spread over three zones; `single` runs one of each.
   * @default "single" with a filesystem object store, otherwise "redundant"
   */
  readonly availability?: Availability;
  /**
   * All components in one process, or one workload per component.
   * @default "monolithic" below 1 M active series, otherwise "microservices"
   * @see https://grafana.com/docs/mimir/v3.2.x/references/architecture/deployment-modes/
   */
  readonly mode?: MimirMode;
  /**
   * Replicas, CPU, memory and disk that replace computed values, by workload.
   * @default none
   * @example { ingester: { minReplicas: 9 }, querier: { memoryBytes: 8 * GiB } }
   */
  readonly overrides?: SizeOverrides<MimirWorkload>;
  /** Where blocks are stored. @default { kind: "filesystem" }: the pod's volume, for a single replica only */
  readonly objectStore?: ObjectStore;
  /** Bucket (Azure: container) for blocks. It must exist and hold nothing else. @default "mimir-blocks" */
  readonly bucket?: string;
  /**
   * Age in seconds at which a lifecycle rule of the bucket deletes objects. Only validated against `retention`.
   * @default none: no lifecycle rule
   */
  readonly bucketLifecycle?: number;
  /**
   * Bucket (Azure: container) that blocks are copied to before their retention ends, if `retention.archive` is set and the object
   * store is a service. It must exist, in the same object store.
   * @default "mimir-archive"
   */
  readonly archiveBucket?: string;
  /** Tenant that the stack writes to and queries: the value of `X-Scope-OrgID`. @default "anonymous" */
  readonly tenant?: string;
  /**
   * Limits per tenant, beyond those derived from the workload, under Mimir's own names.
   * @default none
   * @example { anonymous: { max_global_series_per_user: 2_000_000 } }
   * @see https://grafana.com/docs/mimir/v3.2.x/configure/configuration-parameters/#limits
   */
  readonly tenants?: Readonly<Record<string, TenantLimits>>;
  /** Tenants that are queried, and whose rules are evaluated, together with `tenant`. @default none */
  readonly federatedTenants?: readonly string[];
  /**
   * Resource attributes that become labels of metrics received over OTLP.
   * @default the pod's cluster, namespace, name, node and owner, the deployment environment, and the service version
   * @see https://grafana.com/docs/mimir/v3.2.x/configure/configure-otel-collector/
   */
  readonly promotedResourceAttributes?: readonly string[];
  /**
   * Label that identifies a Prometheus HA pair (`ha_cluster_label`). A label other than the default is dropped before
   * storage. Sharded Prometheus needs a label that differs per shard, otherwise all shards but one are deduplicated away.
   * Known when the program runs: an Output is rejected.
   * @default "cluster"
   * @see https://grafana.com/docs/mimir/v3.2.x/configure/configure-high-availability-deduplication/
   */
  readonly haClusterLabel?: string;
  /** Headless Service of the Alertmanager; every replica must receive every alert. @default none: alerts are not sent */
  readonly alertmanager?: Endpoint;
  /**
   * ConfigMaps with further rule files of the tenant, in the namespace of Mimir. The ruler reads those that exist, and
   * polls them for changes.
   * @default none
   */
  readonly ruleConfigMaps?: readonly string[];
  /** Exposes Mimir to clients outside the cluster through an existing Gateway. @default none */
  readonly gatewayRoute?: GatewayRouteProps;
}

export interface MimirEndpoints {
  /** Prometheus remote write. */
  readonly push: Endpoint;
  /** OTLP/HTTP, without the `/v1/metrics` suffix that exporters append. */
  readonly otlp: Endpoint;
  /** PromQL, for Grafana. */
  readonly query: Endpoint;
  /** Prometheus remote read. */
  readonly remoteRead: Endpoint;
  /** PromQL over the aggregates. Absent if there are none. */
  readonly longTerm?: Endpoint;
  /** State of rules and alerts, under the same paths as in Prometheus. Absent if Mimir evaluates no rules. */
  readonly ruler?: Endpoint;
}

/** {@link MimirProps} with defaults applied. */
export type ResolvedMimirProps = MimirProps &
  Required<
    Pick<
      MimirProps,
      | "retention"
      | "availability"
      | "objectStore"
      | "bucket"
      | "archiveBucket"
      | "tenant"
      | "tenants"
      | "federatedTenants"
      | "promotedResourceAttributes"
      | "haClusterLabel"
    >
  > & { readonly workload: Workload };

/** Applies the documented defaults. */
export function resolveMimirProps(props: MimirProps): ResolvedMimirProps {
  const objectStore = props.objectStore ?? { kind: "filesystem" };
  return {
    ...props,
    objectStore,
    workload: completeWorkload(props.workload),
    retention: props.retention ?? retentionProfiles.standard,
    availability: props.availability ?? (objectStore.kind === "filesystem" ? "single" : "redundant"),
    bucket: props.bucket ?? "mimir-blocks",
    archiveBucket: props.archiveBucket ?? "mimir-archive",
    tenant: props.tenant ?? "anonymous",
    tenants: props.tenants ?? {},
    federatedTenants: props.federatedTenants ?? [],
    promotedResourceAttributes: props.promotedResourceAttributes ?? defaultPromotedAttributes,
    haClusterLabel: props.haClusterLabel ?? defaultHaClusterLabel,
  };
}

/** What {@link sizeMimir} needs of the props. */
export function mimirLoad(props: ResolvedMimirProps): MimirLoad {
  const { workload, retention, availability, objectStore, evaluator = "prometheus", mode } = props;
  const overrides = mergeOverrides(props.overrides, sizeOverrides<MimirWorkload>(props, "mimir"));
  return {
    workload,
    retention,
    availability,
    evaluator,
    filesystem: objectStore.kind === "filesystem",
    ...(mode && { mode }),
    overrides,
  };
}
