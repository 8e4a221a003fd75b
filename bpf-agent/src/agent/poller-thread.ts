/** Thread of one poller: its ring's messages, its flow store, its spans. It blocks on the ring and never returns to its event loop. */
import { receiveMessageOnPort, workerData } from "node:worker_threads";
import { sharedRegistry } from "@skopos/metrics";
import type { Clock } from "../clock.ts";
import { Doorbell, SpanChannel } from "../export/span-channel.ts";
import { EndsWriter } from "../kubernetes/flow-ends.ts";
import { type ShardHandlers, ShardReader } from "../shard-ring.ts";
import { SpanEncoder } from "../span/encoder.ts";
import { type InterfaceFacts, interfaceLabel } from "../span/interfaces.ts";
import { releaseStartupMemory } from "../startup-memory.ts";
import { Poller } from "../store/poller.ts";
import type { PollerCounts, PollerSink } from "../store/poller-sink.ts";
import { catalogue } from "./catalogue.ts";
import type { FromPoller, PollerInput, ToPoller } from "./messages.ts";

/** How long the thread waits for its ring before it looks for messages and brings its gauges up to date. */
const WAIT_MS = 1000;

const { options, ring, channel: channelBuffer, bell, decorates, graceMs, seed, port } = workerData as PollerInput;
const metrics = sharedRegistry().register(catalogue);
const interfaces = new Map<number, InterfaceFacts>();
const channel = new SpanChannel(channelBuffer, new Doorbell(bell));
const encoder = new SpanEncoder(interfaces, seed);
const ends = decorates ? new EndsWriter() : undefined;
const undecorated = metrics.undecorated.with({ reason: decorates ? "no_room" : "disabled" });
const id = { poller_id: String(options.shard) };
const storeSize = metrics.storeSize.with(id);
const ingestion = metrics.latency.with({ stage: "flow_ingestion" });
const timedOut = metrics.expired.with({ reason: "timeout" });

let clock: Clock | undefined;
let draining = false;
let ended: Uint32Array = new Uint32Array();

/** The label of an interface stays what it was when its first flow began, so that what is counted up is counted down again. */
const labels = new Map<number, { readonly label: string; flows: number }>();

function count(ifindex: number, step: 1 | -1): string {
  const known = labels.get(ifindex) ?? { label: interfaceLabel(interfaces.get(ifindex)), flows: 0 };
  known.flows += step;
  if (known.flows > 0) labels.set(ifindex, known);
  else labels.delete(ifindex);
  const active = metrics.active.with({ interface: known.label });
  if (step > 0) active.inc();
  else active.dec();
  return known.label;
}

const sink: PollerSink = {
  record(flows, index, record) {
    if (clock === undefined || (!draining && channel.isFull)) {
      undecorated.inc();
      return false;
    }
    const span = encoder.encode(flows, index, record, clock);
    const entry = ends ? ends.write(flows, index, record, clock, span) : span;
    // While the agent stops, nothing else is to be done than to wait for the exporter.
    const taken = draining ? channel.offerWithin(entry, graceMs) : channel.offer(entry);
    // What decoration takes, it counts itself.
    if (!ends || !taken) undecorated.inc();
    if (!ends && taken) metrics.sent.inc();
    return taken;
  },
  end(slots) {
    ended = slots;
  },
};

const counts: PollerCounts = {
  processed: () => metrics.processed.inc(),
  created(ifindex, byEvent) {
    metrics.created.inc({ interface: count(ifindex, 1) });
    if (!byEvent) metrics.discovered.inc();
  },
  removed: (ifindex) => void count(ifindex, -1),
  invalid: () => metrics.invalid.inc(),
  expired: () => timedOut.inc(),
  refused: (final) => (final ? metrics.spansDropped : metrics.deferred).inc(),
  recorded: () => metrics.recorded.inc(),
  unfinished: () => metrics.unfinished.inc(),
};

const poller = new Poller(options, sink, counts);
metrics.storeCapacity.with(id).set(poller.table.capacity);

/** Messages of the ingest thread; those about an interface come before its flows do. */
function readMessages(): void {
  for (let received = receiveMessageOnPort(port); received; received = receiveMessageOnPort(port)) {
    const message = received.message as ToPoller;
    if ("interface" in message) interfaces.set(message.interface.ifindex, message.interface);
    else if ("gone" in message) interfaces.delete(message.gone);
    else {
      draining = true;
      poller.drain();
    }
  }
}

const handlers: ShardHandlers = {
  onEvents(events) {
    readMessages();
    const began = performance.now();
    poller.onEvents(events);
    ingestion.observe((performance.now() - began) / 1000);
  },
  onRecords(flows) {
    readMessages();
    poller.onRecords(flows);
  },
  onFinals(flows) {
    poller.onFinals(flows);
  },
  onClock(now) {
    readMessages();
    clock = now;
    ended = new Uint32Array();
    poller.onClock(now);
    if (ended.length > 0 || draining) port.postMessage({ end: ended } satisfies FromPoller);
  },
};

releaseStartupMemory();
const reader = new ShardReader(ring);
do {
  readMessages();
  storeSize.set(poller.table.size);
} while (reader.take(handlers, WAIT_MS) >= 0);
storeSize.set(poller.table.size);
port.close();
