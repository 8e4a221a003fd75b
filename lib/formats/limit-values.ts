import type { Format } from "./format.ts";

/** What the value of a limit has to be. */
interface LimitKind {
  readonly name: string;
  readonly example: string;
  readonly accepts: (value: unknown) => boolean;
}

const kind = (name: string, example: string, accepts: (value: unknown) => boolean): LimitKind => ({
  name,
  example,
  accepts,
});

const matches = (pattern: RegExp) => (value: unknown) =>
  (typeof value === "string" || typeof value === "number") && pattern.test(String(value));

/** Texts of durations and sizes, as the programs' libraries parse them. */
const patterns = {
  // https://github.com/prometheus/common/blob/v0.67.0/model/time.go
  duration: /^(?:0|(?=.)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?)$/,
  // https://pkg.go.dev/time#ParseDuration
  goDuration: /^(?:0|(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+)$/,
  // https://github.com/c2h5oh/datasize
  size: /^\d+\s*(b|byte|[kmgtpe]b?|(kilo|mega|giga|tera|peta)(bytes?)?)?$/i,
} as const;

const kinds = {
  whole: kind("a whole number of at least 0", "100000", (value) => Number.isSafeInteger(value) && Number(value) >= 0),
  number: kind("a number of at least 0", "10", (value) => typeof value === "number" && value >= 0 && value < Infinity),
  anyNumber: kind("a number", "10", Number.isFinite),
  flag: kind("true or false", "true", (value) => typeof value === "boolean"),
  duration: kind("a duration", "1h", matches(patterns.duration)),
  goDuration: kind("a duration without days", "1h", matches(patterns.goDuration)),
  size: kind("a size in bytes", "4MB", matches(patterns.size)),
  text: kind("a text", "text", (value) => typeof value === "string" || typeof value === "number"),
  list: kind("a list", "[]", Array.isArray),
  mapping: kind("a mapping", "{}", (value) => value !== null && typeof value === "object" && !Array.isArray(value)),
} as const;

/** The limits that are no whole numbers, by what they are. */
type Kinds = Partial<Readonly<Record<keyof typeof kinds, string>>>;

/** The types of the limits of Mimir 3.2. @see https://grafana.com/docs/mimir/v3.2.x/configure/configuration-parameters/#limits */
const mimir: Kinds = {
  flag: `
    accept_ha_samples alertmanager_receivers_firewall_block_private_addresses align_queries_with_step
    cache_unaligned_requests cardinality_analysis_enabled compactor_block_upload_enabled
    compactor_block_upload_validation_enabled compactor_block_upload_verify_chunks enable_delayed_name_removal
    enforce_metadata_metric_name enforce_out_of_order_window_on_distributor ha_tracker_per_sample_dedupe
    ignore_ooo_exemplars labels_query_optimizer_enabled native_histograms_ingestion_enabled
    otel_convert_histograms_to_nhcb otel_created_timestamp_zero_ingestion_enabled
    otel_keep_identifying_resource_attributes otel_label_name_preserve_multiple_underscores
    otel_label_name_underscore_sanitization otel_metric_suffixes_enabled otel_native_delta_ingestion
    otel_promote_scope_metadata out_of_order_blocks_external_label_enabled prom2_range_compat
    reduce_native_histogram_over_max_buckets ruler_alerting_rules_evaluation_enabled
    ruler_recording_rules_evaluation_enabled ruler_sync_rules_on_changes_enabled subquery_spin_off_enabled
  `,
  duration: `
    compactor_blocks_retention_period compactor_max_lookback compactor_partial_block_deletion_delay
    cost_attribution_cooldown creation_grace_period ha_tracker_failover_timeout ha_tracker_sample_failover_timeout
    ha_tracker_update_timeout ha_tracker_update_timeout_jitter_max ingestion_artificial_delay max_cache_freshness
    max_labels_query_length max_partial_query_length max_query_lookback max_total_query_length
    out_of_order_time_window past_grace_period query_ingesters_within results_cache_ttl
    results_cache_ttl_for_cardinality_query results_cache_ttl_for_errors results_cache_ttl_for_labels_query
    results_cache_ttl_for_out_of_order_time_window ruler_evaluation_consistency_max_delay
    ruler_evaluation_delay_duration ruler_min_rule_evaluation_interval
  `,
  number: `
    ingestion_burst_factor ingestion_rate max_estimated_fetched_chunks_per_query_multiplier request_rate
  `,
  anyNumber: `
    alertmanager_notification_rate_limit
  `,
  text: `
    alertmanager_receivers_firewall_block_cidr_networks enabled_promql_experimental_functions
    enabled_promql_extended_range_selectors ha_cluster_label ha_replica_label ingest_storage_read_consistency
    label_value_length_over_limit_strategy name_validation_scheme otel_translation_strategy
    promote_otel_resource_attributes ruler_protected_namespaces s3_sse_kms_encryption_context s3_sse_kms_key_id
    s3_sse_type separate_metrics_group_label
  `,
  list: `
    blocked_queries blocked_requests cost_attribution_labels_structured drop_labels limited_queries
    metric_relabel_configs
  `,
  mapping: `
    active_series_additional_custom_trackers active_series_custom_trackers
    alertmanager_notification_rate_limit_per_integration ruler_alertmanager_client_config
    ruler_max_rule_groups_per_tenant_by_namespace ruler_max_rules_per_rule_group_by_namespace
  `,
};

/** The types of the limits of Loki 3.7. @see https://grafana.com/docs/loki/v3.7.x/configure/#limits_config */
const loki: Kinds = {
  flag: `
    allow_deletes allow_structured_metadata bloom_creation_enabled bloom_gateway_enable_filtering
    bloom_prefetch_blocks debug_engine_streams debug_engine_tasks discover_log_levels enable_multi_variant_queries
    increment_duplicate_timestamp max_line_size_truncate metric_aggregation_enabled pattern_persistence_enabled
    reject_old_samples ruler_enable_wal_replay ruler_remote_write_disabled
    ruler_remote_write_queue_retry_on_ratelimit tsdb_precompute_chunks unordered_writes use_owned_stream_count
    volume_enabled
  `,
  duration: `
    creation_grace_period engine_results_cache_time_bucket_interval max_cache_freshness_per_query
    max_metadata_cache_freshness max_query_length max_query_lookback max_query_range max_stats_cache_freshness
    min_sharding_lookback pattern_persistence_granularity per_tenant_override_period query_timeout
    recent_metadata_query_window reject_old_samples_max_age retention_period split_ingester_queries_by_interval
    split_instant_metric_queries_by_interval split_metadata_queries_by_interval split_queries_by_interval
    split_recent_metadata_queries_by_interval
  `,
  goDuration: `
    bloom_build_builder_response_timeout ruler_remote_evaluation_timeout
    ruler_remote_write_queue_batch_send_deadline ruler_remote_write_queue_max_backoff
    ruler_remote_write_queue_min_backoff ruler_remote_write_timeout simulated_push_latency
  `,
  size: `
    bloom_max_block_size bloom_max_bloom_size bloom_task_target_series_chunk_size max_line_size
    max_querier_bytes_read max_query_bytes_read max_structured_metadata_size per_stream_rate_limit
    per_stream_rate_limit_burst tsdb_max_bytes_per_shard
  `,
  number: `
    index_gateway_max_capacity ingestion_burst_size_mb ingestion_rate_mb max_query_capacity pattern_rate_threshold
  `,
  text: `
    block_ingestion_until bloom_block_encoding bloom_planning_strategy deletion_mode ingestion_rate_strategy
    max_line_size_truncate_identifier pattern_ingester_tokenizable_json_fields_append
    pattern_ingester_tokenizable_json_fields_default pattern_ingester_tokenizable_json_fields_delete
    per_tenant_override_config ruler_remote_write_url s3_sse_kms_encryption_context s3_sse_kms_key_id s3_sse_type
    tsdb_sharding_strategy
  `,
  list: `
    blocked_queries discover_service_name enforced_labels log_level_fields required_labels retention_stream
    ruler_remote_write_relabel_configs shard_aggregations
  `,
  mapping: `
    block_ingestion_policy_until discover_generic_fields otlp_config policy_enforced_labels policy_override_limits
    policy_stream_mapping ruler_alertmanager_config ruler_remote_write_config ruler_remote_write_headers
    ruler_remote_write_sigv4_config shard_streams
  `,
};

/** Looks up the format of a limit's value, and what is wrong with a value. */
const valuesOf = (table: Kinds) => {
  const byName = new Map(
    Object.entries(table).flatMap(([key, names]) =>
      names
        .trim()
        .split(/\s+/)
        .map((name) => [name, kinds[key as keyof typeof kinds]] as const),
    ),
  );
  return (limit: string, value: unknown): Pick<Format, "name" | "examples"> | undefined => {
    const { name, example, accepts } = byName.get(limit) ?? kinds.whole;
    return accepts(value) ? undefined : { name, examples: [example] };
  };
};

/** What the value of a limit of Mimir would have to be; undefined if it is. @param limit its name in Mimir's configuration */
export const expectedOfMimir = valuesOf(mimir);

/** What the value of a limit of Loki would have to be; undefined if it is. @param limit its name in Loki's configuration */
export const expectedOfLoki = valuesOf(loki);
