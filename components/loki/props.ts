import { type ComponentProps, type Endpoint, type ObjectStore, sizeOverrides } from "../../lib/kubernetes/index.ts";
import type { RuleGroup } from "../../lib/monitoring/rules.ts";
import {
  type Availability,
  completeWorkload,
  mergeOverrides,
  type Retention,
  retentionProfiles,
  type SizeOverrides,
  type Workload,
} from "../../lib/sizing/index.ts";
import type { LokiLoad, LokiMode, LokiWorkload } from "./capacity.ts";

/** Streams with their own retention. @see https://grafana.com/docs/loki/v3.7.x/operations/storage/retention/ */
export interface StreamRetention {
  /** LogQL stream selector. @example '{level="debug"}' */
  readonly selector: string;
  /** Of several matching selectors, the highest priority wins. */
  readonly priority: number;
  /** Seconds; at least 24 h. */
  readonly retention: number;
}

export interface LokiProps extends ComponentProps {
  /** The load to size for. @default those of `workloads.small` */
  readonly workload?: Partial<Workload>;
  /** How long logs are kept (`loki`), in seconds. @default retentionProfiles.standard: 31 days */
  readonly retention?: Retention;
  /** Streams kept for a different time than the rest. @default none */
  readonly streamRetention?: readonly StreamRetention[];
  /**
   * `redundant` writes three copies of each log line; `single` runs one of each component.
   * @default "single" with a filesystem object store, otherwise "redundant"
   */
  readonly availability?: Availability;
  /**
   * All components in one process, or one workload per component.
   * @default "monolithic" up to 20 GB of logs per day, otherwise "microservices"
   * @see https://grafana.com/docs/loki/v3.7.x/get-started/deployment-modes/
   */
  readonly mode?: LokiMode;
  /**
   * Replicas, CPU, memory and disk that replace computed values, by workload.
   * @default none
   * @example { ingester: { minReplicas: 6 }, querier: { memoryBytes: 4 * GiB } }
   */
  readonly overrides?: SizeOverrides<LokiWorkload>;
  /** Where chunks and indexes are stored. @default { kind: "filesystem" }: the pod's volume, for a single replica only */
  readonly objectStore?: ObjectStore;
  /** Bucket (Azure: container). It must exist. @default "loki" */
  readonly bucket?: string;
  /**
   * Age in seconds at which a lifecycle rule of the bucket deletes objects. Only validated against the retention.
   * @default none: no lifecycle rule
   */
  readonly bucketLifecycle?: number;
  /** Tenant that the stack writes to and queries: the value of `X-Scope-OrgID`. @default "anonymous" */
  readonly tenant?: string;
  /**
   * Limits per tenant, beyond those derived from the workload, under Loki's own names. Loki reloads them without a restart.
   * @default none
   * @example { anonymous: { max_query_parallelism: 64 } }
   * @see https://grafana.com/docs/loki/v3.6.x/configure/#limits_config
   */
  readonly tenants?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Tenants that are queried together with `tenant`. @default none */
  readonly federatedTenants?: readonly string[];
  /** The Alertmanager. @default none: log alerts are not evaluated */
  readonly alertmanager?: Endpoint;
  /** Alerts with LogQL expressions. They need an Alertmanager. @default none */
  readonly logAlerts?: readonly RuleGroup[];
  /** Alerts of your own in Loki's format, evaluated beside those. They need an Alertmanager. @default none */
  readonly additionalAlerts?: readonly LogAlertGroup[];
}

/** A group of alerts in the format of Loki's ruler. @see https://grafana.com/docs/loki/v3.7.x/alert/ */
export interface LogAlertGroup {
  readonly name: string;
  /** @default one minute */
  readonly interval?: string;
  readonly rules: readonly {
    readonly alert: string;
    /** Condition, in LogQL. */
    readonly expr: string;
    /** @default it fires at once */
    readonly for?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  }[];
}

export interface LokiEndpoints {
  /** Loki's push API, including its path `/loki/api/v1/push`. */
  readonly push: Endpoint;
  /** OTLP/HTTP, without the `/v1/logs` suffix that exporters append. */
  readonly otlp: Endpoint;
  /** LogQL, for Grafana. */
  readonly query: Endpoint;
}

/** {@link LokiProps} with defaults applied. */
export type ResolvedLokiProps = LokiProps &
  Required<
    Pick<
      LokiProps,
      | "retention"
      | "streamRetention"
      | "availability"
      | "objectStore"
      | "bucket"
      | "tenant"
      | "tenants"
      | "federatedTenants"
      | "logAlerts"
      | "additionalAlerts"
    >
  > & { readonly workload: Workload };

/** Applies the documented defaults. */
export function resolveLokiProps(props: LokiProps): ResolvedLokiProps {
  const objectStore = props.objectStore ?? { kind: "filesystem" };
  return {
    ...props,
    objectStore,
    workload: completeWorkload(props.workload),
    retention: props.retention ?? retentionProfiles.standard,
    streamRetention: props.streamRetention ?? [],
    availability: props.availability ?? (objectStore.kind === "filesystem" ? "single" : "redundant"),
    bucket: props.bucket ?? "loki",
    tenant: props.tenant ?? "anonymous",
    tenants: props.tenants ?? {},
    federatedTenants: props.federatedTenants ?? [],
    logAlerts: props.logAlerts ?? [],
    additionalAlerts: props.additionalAlerts ?? [],
  };
}

/** What {@link sizeLoki} needs of the props. */
export function lokiLoad(props: ResolvedLokiProps): LokiLoad {
  const { workload, retention, availability, objectStore, mode } = props;
  const overrides = mergeOverrides(props.overrides, sizeOverrides<LokiWorkload>(props, "loki"));
  return {
    workload,
    retention,
    availability,
    filesystem: objectStore.kind === "filesystem",
    ...(mode && { mode }),
    overrides,
  };
}
