import { defineMetrics } from "@skopos/metrics";
import { lossCauses } from "../export/endpoint.ts";
import { recognitions, resources } from "../kubernetes/label-values.ts";
import { causes } from "../layout.ts";

/** Most interfaces that a node has, by the labels of `interfaceLabel`. */
const INTERFACES = 64;

const poller = { poller_id: "any" } as const;
const byInterface = { interface: "any" } as const;
const byEndpoint = { endpoint: "any" } as const;
const byResource = { resource: resources } as const;
const channels = ["decorator_input", "export"] as const;

/** Alone at /metrics/standard: what passes each stage, and what is lost. */
const standard = { group: "standard" } as const;
/** Alone at /metrics/debug: what explains it. */
const debug = { group: "debug" } as const;

/**
 * The agent's metrics, with the names of the flow pipeline that it follows. These sums hold at any time, except for what is on its way:
 *
 * - received events = processed + invalid + dropped for backpressure
 * - recorded spans = decorated + undecorated + waiting in decorator_input
 * - recorded spans = sent to the exporter + deferred + dropped
 * - sent = exported + lost + in flight, for each endpoint, + waiting in the export channel
 */
export const catalogue = defineMetrics({
  received: {
    ...standard,
    name: "mermin_ringbuf_packets_total",
    type: "counter",
    help: "Events of new flows that came from the kernel.",
    labels: { type: ["received"] },
  },
  receivedBytes: {
    ...standard,
    name: "mermin_ringbuf_bytes_total",
    type: "counter",
    help: "Bytes of the events that came from the kernel: 80 for each.",
  },
  eventsDropped: {
    ...standard,
    name: "mermin_flow_events_dropped_backpressure_total",
    type: "counter",
    help: "Events dropped because a poller read nothing for a second. Their flows are found by the next scan.",
  },
  processed: {
    ...standard,
    name: "mermin_flow_spans_processed_total",
    type: "counter",
    help: "Flows that a poller took over by their event.",
  },
  invalid: {
    ...standard,
    name: "mermin_flow_events_invalid_total",
    type: "counter",
    help: "Events that name no slot of the flow map.",
  },
  created: {
    ...standard,
    name: "mermin_flow_spans_created_total",
    type: "counter",
    help: "Flows that began, by the interface of their first packet; pods' interfaces are one by kind.",
    labels: byInterface,
    expectedSeries: INTERFACES,
  },
  discovered: {
    ...debug,
    name: "mermin_flow_spans_discovered_total",
    type: "counter",
    help: "Flows that a scan found, because they were there before the agent or their event was lost.",
  },
  active: {
    ...standard,
    name: "mermin_flow_spans_active",
    type: "gauge",
    help: "Flows that are open, by the interface of their first packet; pods' interfaces are one by kind.",
    labels: byInterface,
    expectedSeries: INTERFACES,
  },
  storeSize: {
    ...debug,
    name: "mermin_flow_store_size",
    type: "gauge",
    help: "Flows in a poller's store.",
    labels: poller,
  },
  storeCapacity: {
    ...debug,
    name: "mermin_flow_store_capacity",
    type: "gauge",
    help: "Flows that a poller's store has room for.",
    labels: poller,
  },
  pollerQueue: {
    ...debug,
    name: "mermin_flow_poller_queue_size",
    type: "gauge",
    help: "Events and records of flows that wait for a poller, in units of a record.",
    labels: poller,
  },
  expired: {
    ...standard,
    name: "mermin_flow_spans_expired_total",
    type: "counter",
    help: "Flows ended because no packet came for their timeout.",
    labels: { reason: ["timeout"] },
  },
  unfinished: {
    ...standard,
    name: "mermin_flow_spans_unfinished_total",
    type: "counter",
    help: "Flows that were ended and of which no final record came within a minute.",
  },
  recorded: {
    ...standard,
    name: "mermin_flow_spans_recorded_total",
    type: "counter",
    help: "Records of flows that were made: sent to the exporter, deferred or dropped.",
  },
  decorated: {
    ...standard,
    name: "mermin_flow_spans_decorated_total",
    type: "counter",
    help: "Spans with Kubernetes attributes of at least one end.",
  },
  undecorated: {
    ...standard,
    name: "mermin_flow_spans_undecorated_total",
    type: "counter",
    help: "Records without Kubernetes attributes: neither end is known, not known yet at the start, there was no room in decorator_input (the record was deferred or dropped), or decoration is disabled.",
    labels: { reason: ["unknown", "unsynced", "no_room", "disabled"] },
  },
  ends: {
    ...debug,
    name: "mermin_flow_span_ends_total",
    type: "counter",
    help: "Ends of spans that went through decoration, by what they were recognised by.",
    labels: { end: ["source", "destination"], by: recognitions },
  },
  cacheAge: {
    ...standard,
    name: "mermin_kubernetes_cache_age_seconds",
    type: "gauge",
    unit: "seconds",
    help: "Time since the API server last confirmed that the copy of a resource is current. Up to a minute is normal: bookmarks come that often.",
    labels: byResource,
  },
  objects: {
    ...debug,
    name: "mermin_kubernetes_objects",
    type: "gauge",
    help: "Objects in the copy of a resource, with removed ones that are still remembered.",
    labels: byResource,
  },
  objectEvents: {
    ...debug,
    name: "mermin_kubernetes_events_total",
    type: "counter",
    help: "Objects that the API server sent, in lists and watches.",
    labels: byResource,
  },
  apiFailures: {
    ...standard,
    name: "mermin_kubernetes_request_failures_total",
    type: "counter",
    help: "Requests to the API server that failed. They are repeated.",
    labels: byResource,
  },
  scope: {
    ...debug,
    name: "mermin_kubernetes_scope",
    type: "gauge",
    help: "1 for the scope that the agent watches: all pods of the cluster, or those of its node.",
    labels: { scope: ["cluster", "node"] },
  },
  sent: {
    ...standard,
    name: "mermin_flow_spans_sent_to_exporter_total",
    type: "counter",
    help: "Spans put into the export channel.",
  },
  deferred: {
    ...standard,
    name: "mermin_flow_spans_deferred_total",
    type: "counter",
    help: "Records of open flows for which the export channel had no room. The next record of the flow has what they had.",
  },
  spansDropped: {
    ...standard,
    name: "mermin_flow_spans_dropped_export_failure_total",
    type: "counter",
    help: "Last records of flows that were lost because the export channel had no room.",
  },
  exported: {
    ...standard,
    name: "mermin_export_spans_total",
    type: "counter",
    help: "Spans that a backend accepted, by endpoint.",
    labels: byEndpoint,
  },
  lost: {
    ...standard,
    name: "mermin_export_spans_lost_total",
    type: "counter",
    help: "Spans that were sent to the exporter and that a backend did not accept, by endpoint and cause.",
    labels: { endpoint: "any", cause: lossCauses },
  },
  exportFailures: {
    ...standard,
    name: "mermin_export_failures_total",
    type: "counter",
    help: "Requests that a backend did not accept, by endpoint. Most are sent again.",
    labels: byEndpoint,
  },
  inFlight: {
    ...debug,
    name: "mermin_export_in_flight_spans",
    type: "gauge",
    help: "Spans that wait in an endpoint's queue or are being sent.",
    labels: byEndpoint,
  },
  exportLatency: {
    ...debug,
    name: "mermin_export_latency_seconds",
    type: "histogram",
    unit: "seconds",
    help: "Time of a request that a backend accepted, by endpoint.",
    labels: byEndpoint,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  batchSize: {
    ...debug,
    name: "mermin_export_batch_size",
    type: "histogram",
    help: "Spans of a batch.",
    buckets: [1, 8, 32, 64, 128, 256, 512, 1024, 2048, 4096],
  },
  channelSize: {
    ...standard,
    name: "mermin_channel_size",
    type: "gauge",
    help: "Spans that wait in a channel.",
    labels: { channel: channels },
  },
  channelUsed: {
    ...debug,
    name: "mermin_channel_used_ratio",
    type: "gauge",
    unit: "ratio",
    help: "How full a channel is: the fullest of its rings.",
    labels: { channel: channels },
    aggregate: "max",
  },
  channelCapacity: {
    ...debug,
    name: "mermin_channel_capacity_bytes",
    type: "gauge",
    unit: "bytes",
    help: "Size of a channel, all of its rings together. A span has about 1,200 bytes.",
    labels: { channel: channels },
  },
  latency: {
    ...debug,
    name: "mermin_processing_latency_seconds",
    type: "histogram",
    unit: "seconds",
    help: "Time that a stage needs for a batch.",
    labels: { stage: ["flow_ingestion", "k8s_decoration"] },
    buckets: [0.00001, 0.0001, 0.001, 0.01, 0.1, 1],
  },
  kernel: {
    ...standard,
    name: "mermin_kernel_packets_total",
    type: "counter",
    help: "Packets that belong to no flow, or of which there is more to know, by the kernel program's cause.",
    labels: { cause: causes },
  },
  interfaces: {
    ...standard,
    name: "mermin_interfaces",
    type: "gauge",
    help: "Interfaces by what the agent has of them: watched, or with a problem that keeps packets from being seen.",
    labels: { state: ["watched", "problem"] },
  },
});
