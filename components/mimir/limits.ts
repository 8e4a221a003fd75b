import { scrapeLimits } from "../../lib/kubernetes/index.ts";
import { formatDuration, type Retention, samplesPerSecond, type Workload } from "../../lib/sizing/index.ts";
import { aggregateSeconds, aggregateSeries } from "./monitoring/aggregates.ts";

/** Label that distinguishes the two Prometheus replicas of an HA pair: Mimir's default. Deduplication removes it. */
const haReplicaLabel = "__replica__";

/** Label that identifies an HA pair if there is one pair per cluster: Mimir's default. */
export const defaultHaClusterLabel = "cluster";

/** Resource attributes that become labels of metrics received over OTLP; `job` and `instance` are always set. */
export const defaultPromotedAttributes: readonly string[] = [
  "k8s.cluster.name",
  "k8s.namespace.name",
  "k8s.pod.name",
  "k8s.node.name",
  "k8s.deployment.name",
  "k8s.statefulset.name",
  "k8s.daemonset.name",
  "deployment.environment.name",
  "service.version",
];

/** Slack of one day: queries with an offset may reach slightly beyond the retention. */
const day = 86_400;
/** Series in memory per active series: after a rollout of everything, the old series stay in the head for up to 2 h. */
const churn = 2;
/** Ingestion rate per nominal rate, so that an hour of backlog can be sent within an hour. */
const catchUp = 2;
/** Burst, in seconds of the ingestion rate: all Prometheus shards flush at once after an outage. */
const burstSeconds = 20;
/** Largest fraction of all series that one metric name may have; more indicates an unbounded label. */
const shareOfOneMetric = 0.2;
/** Labels beyond the scrape's own: `cluster` and those that write relabelling may add. */
const addedLabels = 5;
/** Series per stored exemplar; at least 10 k exemplars are stored. Each takes about 200 B in an ingester (estimate). */
const seriesPerExemplar = 100;

/**
 * Mimir's limits, by Mimir's own names.
 * @see https://grafana.com/docs/mimir/v3.2.x/configure/configuration-parameters/#limits
 */
export type TenantLimits = Readonly<Record<string, unknown>>;

export interface LimitsProps {
  readonly workload: Workload;
  readonly retention: Retention;
  /** Resource attributes that become labels of OTLP metrics. */
  readonly promotedResourceAttributes: readonly string[];
  /** Label that identifies a Prometheus HA pair. */
  readonly haClusterLabel: string;
  /** Distributors that share a rate limit. */
  readonly distributors: number;
}

/** Connections of a sender are not spread evenly over distributors: one may receive three times its share. An estimate. */
const imbalance = 3;

/**
 * A tenant's rate limit so that no distributor rejects samples below `rate`: Mimir divides the limit by the number of
 * distributors, but one sender's connections, or the ruler of a rule group, may use a single one.
 * @see https://grafana.com/docs/mimir/v3.1.x/configure/configuration-parameters/#limits
 */
function rateLimit(rate: number, distributors: number): number {
  return Math.ceil(rate * Math.min(distributors, imbalance));
}

/** Default `max_global_series_per_user`, before replication. */
export function seriesLimit(activeSeries: number): number {
  return Math.ceil(activeSeries * churn);
}

/** Limits of every tenant that the runtime configuration does not name, derived from the workload. */
export function defaultLimits({ workload, retention, ...props }: LimitsProps): TenantLimits {
  const shards = compactorShards(workload.activeSeries);
  const rate = Math.ceil(samplesPerSecond(workload) * catchUp);
  const maxSeries = seriesLimit(workload.activeSeries);
  return {
    ingestion_rate: rateLimit(rate, props.distributors),
    ingestion_burst_size: rate * burstSeconds,
    max_global_series_per_user: maxSeries,
    max_global_series_per_metric: Math.max(20_000, Math.ceil(maxSeries * shareOfOneMetric)),
    max_global_exemplars_per_user: Math.max(10_000, Math.ceil(maxSeries / seriesPerExemplar)),
    max_label_names_per_series: scrapeLimits("cluster").labelLimit + addedLabels,
    accept_ha_samples: true,
    ha_cluster_label: props.haClusterLabel,
    ha_replica_label: haReplicaLabel,
    // Deduplication removes only the replica label. drop_labels is applied afterwards, so series keep their identity when
    // the number of Prometheus shards changes.
    drop_labels: props.haClusterLabel === defaultHaClusterLabel ? [] : [props.haClusterLabel],
    out_of_order_time_window: "30m",
    query_ingesters_within: "13h",
    ...kept(retention.mimir),
    compactor_split_and_merge_shards: shards,
    compactor_split_groups: Math.max(1, shards),
    otel_metric_suffixes_enabled: true,
    promote_otel_resource_attributes: props.promotedResourceAttributes.join(","),
    // Rules come from the stack's own ConfigMaps and need no protection from abuse.
    ruler_max_rules_per_rule_group: 0,
    ruler_max_rule_groups_per_tenant: 0,
  };
}

/** Limits of the long-retention tenant, which receives samples only from the ruler. */
export function longTermLimits({
  workload,
  retention,
  distributors,
}: Pick<LimitsProps, "workload" | "retention" | "distributors">): TenantLimits {
  const series = aggregateSeries(workload);
  const rate = Math.ceil((series / aggregateSeconds) * catchUp);
  return {
    ingestion_rate: rateLimit(rate, distributors),
    // All results of a rule group arrive in one request.
    ingestion_burst_size: Math.max(rate * burstSeconds, seriesLimit(series)),
    max_global_series_per_user: seriesLimit(series),
    max_global_series_per_metric: seriesLimit(series),
    ...kept(retention.aggregates),
    compactor_split_and_merge_shards: 0,
  };
}

/** Tenant that archived blocks are restored for. */
export const restoredTenant = "restored";

/** Limits of the tenant of restored blocks: they stay until the tenant is deleted, and queries reach all of them. */
export const restoredLimits: TenantLimits = {
  compactor_blocks_retention_period: "0s",
  max_query_lookback: "0s",
  max_total_query_length: "0s",
};

/** Retention of blocks, and the time range that queries may cover. */
function kept(seconds: number): TenantLimits {
  return {
    compactor_blocks_retention_period: formatDuration(seconds),
    max_query_lookback: formatDuration(seconds),
    max_total_query_length: formatDuration(seconds + day),
  };
}

/**
 * Compactor shards: one per 8 M active series of a tenant, as a power of two; 0 disables sharding.
 * @see https://grafana.com/docs/mimir/v3.2.x/references/architecture/components/compactor/
 */
export function compactorShards(series: number): number {
  const shards = Math.ceil(series / 8_000_000);
  return shards <= 1 ? 0 : 2 ** Math.ceil(Math.log2(shards));
}
