import { defineMetrics, type NamingRule } from "../src/index.ts";

/** Names that its documentation prescribes although they break a rule, and only that rule. */
export const prescribedNames: Readonly<Record<string, NamingRule>> = {
  stream_processor_processing_duration_ms: "METRIC_NAME_UNIT",
  stream_processor_end_to_end_latency_ms: "METRIC_NAME_UNIT",
  kafka_produce_latency_ms: "METRIC_NAME_UNIT",
  kafka_consume_latency_ms: "METRIC_NAME_UNIT",
  state_operation_duration_ms: "METRIC_NAME_UNIT",
  state_lock_wait_duration_ms: "METRIC_NAME_UNIT",
};

/** The catalogue of a stream processor, with every name its documentation prescribes: a real user of the naming rules. */
export const streamProcessor = defineMetrics(
  {
    eventsReceived: counter("stream_processor_events_received_total", "Events received.", "event_type"),
    eventsProcessed: counter("stream_processor_events_processed_total", "Events processed.", "event_type"),
    eventsDropped: counter("stream_processor_events_dropped_total", "Events dropped.", "event_type", "reason"),
    processingDuration: latency(
      "stream_processor_processing_duration_ms",
      "Processing latency in milliseconds.",
      "event_type",
    ),
    endToEndLatency: latency(
      "stream_processor_end_to_end_latency_ms",
      "From event time to completion, in milliseconds.",
      "event_type",
    ),
    errors: counter("stream_processor_errors_total", "Errors.", "error_type"),
    activeWindows: gauge("stream_processor_active_windows", "Active windows.", "window_type"),
    windowTriggers: counter("stream_processor_window_triggers_total", "Window triggers.", "window_type"),
    aggregationsComputed: counter(
      "stream_processor_aggregations_computed_total",
      "Aggregations computed.",
      "aggregation_type",
    ),
    deduplicationHits: counter("stream_processor_deduplication_hits_total", "Duplicate events detected."),
    kafkaMessagesSent: counter("kafka_messages_sent_total", "Messages sent to Kafka.", "topic"),
    kafkaMessagesReceived: counter("kafka_messages_received_total", "Messages consumed.", "topic", "partition"),
    kafkaBytesSent: counter("kafka_bytes_sent_total", "Bytes sent.", "topic"),
    kafkaBytesReceived: counter("kafka_bytes_received_total", "Bytes received.", "topic"),
    kafkaProduceLatency: latency("kafka_produce_latency_ms", "Produce latency in milliseconds.", "topic"),
    kafkaConsumeLatency: latency("kafka_consume_latency_ms", "Consume latency in milliseconds.", "topic"),
    kafkaConsumerLag: gauge("kafka_consumer_lag", "Messages behind the end of the partition.", "topic", "partition"),
    kafkaErrors: counter("kafka_errors_total", "Kafka errors.", "operation", "error_type"),
    stateOperations: counter("state_operations_total", "State operations.", "backend", "operation"),
    stateOperationDuration: latency(
      "state_operation_duration_ms",
      "Operation latency in milliseconds.",
      "backend",
      "operation",
    ),
    stateCacheHits: counter("state_cache_hits_total", "Cache hits.", "cache_tier"),
    stateCacheMisses: counter("state_cache_misses_total", "Cache misses.", "cache_tier"),
    stateSize: { ...gauge("state_size_bytes", "State size.", "backend"), unit: "bytes" },
    stateActiveLocks: gauge("state_active_locks", "Active locks.", "lock_type"),
    stateLockWait: latency("state_lock_wait_duration_ms", "Lock wait time in milliseconds.", "lock_type"),
  },
  { exceptions: prescribedNames },
);

function any<const L extends string>(labels: readonly L[]): Record<L, "any"> {
  return Object.fromEntries(labels.map((label) => [label, "any"])) as Record<L, "any">;
}

function counter<const L extends string>(name: string, help: string, ...labels: L[]) {
  return { name, type: "counter" as const, help, labels: any(labels) };
}

function gauge<const L extends string>(name: string, help: string, ...labels: L[]) {
  return { name, type: "gauge" as const, help, labels: any(labels) };
}

function latency<const L extends string>(name: string, help: string, ...labels: L[]) {
  return { name, type: "histogram" as const, help, unit: "ms", labels: any(labels) };
}
