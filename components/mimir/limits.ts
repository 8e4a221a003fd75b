import { scrapeLimits } from "../../lib/kubernetes/index.ts";
import { formatDuration, type Retention, samplesPerSecond, type Workload } from "../../lib/sizing/index.ts";
import { aggregateSeconds, aggregateSeries } from "./monitoring/aggregates.ts";

/** Label by which Mimir tells the two Prometheus of a pair apart: its own default. Deduplication strips it. */
export const haReplicaLabel = "__replica__";

/** Label that says which Prometheus make a pair, where there is one pair a cluster: Mimir's own default. */
export const defaultHaClusterLabel = "cluster";

/** Resource attributes that become labels of metrics that come by OTLP; `job` and `instance` are always there. */
export const defaultPromoted: readonly string[] = [
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

/** One day: queries may ask for a little more than is kept, as dashboards' offsets do. */
const day = 86_400;
/** Series in memory beside the active ones: a restart of everything leaves its series in the head for up to 2 h. */
const churn = 2;
/** A sender that was away sends at twice the pace until it has caught up: after an hour, within an hour. */
const catchUp = 2;
/** Seconds of samples that may come at once: Prometheus' shards all flush after an outage. */
const burstSeconds = 20;
/** One metric name with more than this share of all series is a label that should not be one. */
const shareOfOneMetric = 0.2;
/** Labels that Prometheus adds to those of the scrape: `cluster` and what write relabelling may add. */
const addedLabels = 5;
/** Exemplars kept: one a hundred series, 10 k at least; each takes about 200 B in the ingester. */
const seriesPerExemplar = 100;

/** What Mimir calls limits: of every tenant, or in the runtime file of one. */
export type TenantLimits = Readonly<Record<string, unknown>>;

export interface LimitsProps {
  readonly workload: Workload;
  readonly retention: Retention;
  /** Resource attributes that become labels. */
  readonly promotedResourceAttributes: readonly string[];
  /** Label that says which Prometheus make a pair. */
  readonly haClusterLabel: string;
}

/** Series that one tenant may hold in memory. */
export function seriesLimit(activeSeries: number): number {
  return Math.ceil(activeSeries * churn);
}

/** Limits of every tenant that the runtime file does not name, derived from the workload. */
export function defaultLimits({ workload, retention, ...props }: LimitsProps): TenantLimits {
  const shards = compactorShards(workload.activeSeries);
  const rate = Math.ceil(samplesPerSecond(workload) * catchUp);
  const maxSeries = seriesLimit(workload.activeSeries);
  return {
    ingestion_rate: rate,
    ingestion_burst_size: rate * burstSeconds,
    max_global_series_per_user: maxSeries,
    max_global_series_per_metric: Math.max(20_000, Math.ceil(maxSeries * shareOfOneMetric)),
    max_global_exemplars_per_user: Math.max(10_000, Math.ceil(maxSeries / seriesPerExemplar)),
    max_label_names_per_series: scrapeLimits("cluster").labelLimit + addedLabels,
    accept_ha_samples: true,
    ha_cluster_label: props.haClusterLabel,
    ha_replica_label: haReplicaLabel,
    // Deduplication strips the replica alone; drop_labels comes after it, so that a series does not change its name when
    // Prometheus' shards do.
    drop_labels: props.haClusterLabel === defaultHaClusterLabel ? [] : [props.haClusterLabel],
    out_of_order_time_window: "30m",
    query_ingesters_within: "13h",
    ...kept(retention.mimir),
    compactor_split_and_merge_shards: shards,
    compactor_split_groups: Math.max(1, shards),
    otel_metric_suffixes_enabled: true,
    promote_otel_resource_attributes: props.promotedResourceAttributes.join(","),
    // The rules come from a ConfigMap that the stack made: their number is no attack.
    ruler_max_rules_per_rule_group: 0,
    ruler_max_rule_groups_per_tenant: 0,
  };
}

/** Limits of the long-retention tenant, which only the ruler writes to. */
export function longTermLimits({ workload, retention }: Pick<LimitsProps, "workload" | "retention">): TenantLimits {
  const series = aggregateSeries(workload);
  const rate = Math.ceil((series / aggregateSeconds) * catchUp);
  return {
    ingestion_rate: rate,
    // A group's results come in one request.
    ingestion_burst_size: Math.max(rate * burstSeconds, seriesLimit(series)),
    max_global_series_per_user: seriesLimit(series),
    max_global_series_per_metric: seriesLimit(series),
    ...kept(retention.aggregates),
    compactor_split_and_merge_shards: 0,
  };
}

/** How long blocks are kept, and how far and how much a query may ask for. */
function kept(seconds: number): TenantLimits {
  return {
    compactor_blocks_retention_period: formatDuration(seconds),
    max_query_lookback: formatDuration(seconds),
    max_total_query_length: formatDuration(seconds + day),
  };
}

/** One shard for 8 M series of a tenant ("Manage capacity for large tenants"), as a power of two; 0 where one is enough. */
export function compactorShards(series: number): number {
  const shards = Math.ceil(series / 8_000_000);
  return shards <= 1 ? 0 : 2 ** Math.ceil(Math.log2(shards));
}
