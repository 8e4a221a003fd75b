/** Thread of decoration: keeps a copy of the cluster, and takes spans from the pollers' channels to the exporter's. */
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { sharedRegistry } from "@skopos/metrics";
import { Doorbell, SpanChannel } from "../export/span-channel.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import { connect } from "../kubernetes/decoration.ts";
import { Decorator } from "../kubernetes/decorator.ts";
import { type Resource, recognitions, resources } from "../kubernetes/label-values.ts";
import { catalogue } from "./catalogue.ts";
import type { DecoratorInput, FromDecorator } from "./messages.ts";

/** Spans of a poller that are decorated before the thread looks at the others and at the API server. */
const BATCH = 128;
/** How long the thread waits for room in the exporter's channel, in milliseconds. */
const PAUSE_MS = 5;
/** Time between two measurements of the copy, and between two searches for what it can forget, in milliseconds. */
const [MEASURE_MS, FORGET_MS] = [1_000, 30_000];

const { options, inputs, outputs, bell: bellBuffer, exporterBell } = workerData as DecoratorInput;
const bell = new Doorbell(bellBuffer);
const metrics = sharedRegistry().register(catalogue);
const tell = (message: FromDecorator) => parentPort?.postMessage(message);
const stop = new AbortController();
let stopping = false;
const stopped = Promise.withResolvers<void>();
parentPort?.once("message", () => {
  stopping = true;
  stopped.resolve();
  bell.ring();
});

const current = new Map<string, number>();
let lastFailure = "";
const { cluster, synced } = await connect(
  options,
  {
    scope(scope) {
      metrics.scope.set({ scope }, 1);
      tell({ said: `decorating with the pods of the ${scope}` });
    },
    current({ name }) {
      current.set(name, performance.now());
    },
    event: ({ name }) => metrics.objectEvents.inc({ resource: name }),
    failed({ name }, why) {
      metrics.apiFailures.inc({ resource: name });
      if (why !== lastFailure) tell({ said: `the API server does not answer for ${name}: ${why}` });
      lastFailure = why;
    },
    synced: () => {},
  },
  stop.signal,
);

let isSynced = false;
const unknown = metrics.undecorated.with({ reason: "unknown" });
const unsynced = metrics.undecorated.with({ reason: "unsynced" });
const seen = ["source", "destination"].map((end) =>
  Object.fromEntries(recognitions.map((by) => [by, metrics.ends.with({ end: end as "source", by })])),
);
const decorator = new Decorator(cluster, {
  decorated: () => metrics.decorated.inc(),
  undecorated: () => (isSynced ? unknown : unsynced).inc(),
  end: (which, by) => seen[which]![by]!.inc(),
});

/** A poller's channel, and the one to the exporter. */
class Lane {
  readonly input: SpanChannel;
  readonly #output: SpanChannel;
  /** A decorated span for which the exporter's channel had no room. */
  #held: Uint8Array | undefined;

  constructor(input: SharedArrayBuffer, output: SharedArrayBuffer) {
    this.input = new SpanChannel(input);
    this.#output = new SpanChannel(output, new Doorbell(exporterBell));
  }

  get isBlocked(): boolean {
    return this.#held !== undefined;
  }

  get isEmpty(): boolean {
    return this.#held === undefined && this.input.size === 0;
  }

  /** Takes up to a batch of spans to the exporter. @returns how many */
  move(): number {
    if (this.#held !== undefined) {
      if (!this.#offer(this.#held)) return 0;
      this.#held = undefined;
    }
    let moved = 0;
    while (moved < BATCH && this.#held === undefined && this.input.take(1, this.#decorate) > 0) moved++;
    return moved;
  }

  readonly #decorate = (input: Uint8Array): void => {
    const span = decorator.decorate(input);
    if (!this.#offer(span)) this.#held = Uint8Array.from(span);
  };

  #offer(span: Uint8Array): boolean {
    const taken = this.#output.offer(span);
    if (taken) metrics.sent.inc();
    return taken;
  }
}

const lanes = inputs.map((input, shard) => new Lane(input, outputs[shard]!));
const latency = metrics.latency.with({ stage: "k8s_decoration" });

function measure(copy: Cluster): void {
  const tables: Record<Resource, number> = {
    pods: copy.pods.size,
    nodes: copy.nodes.size,
    services: copy.services.size,
    endpointslices: copy.endpoints.size,
    replicasets: copy.replicaSets.size,
    jobs: copy.jobs.size,
    namespaces: current.has("namespaces") ? 1 : 0,
  };
  for (const resource of resources) {
    metrics.objects.set({ resource }, tables[resource]);
    const since = current.get(resource);
    if (since !== undefined) metrics.cacheAge.set({ resource }, (performance.now() - since) / 1000);
  }
}

const timers = [
  setInterval(() => measure(cluster), MEASURE_MS),
  setInterval(() => cluster.forget(Date.now() - options.retentionMs), FORGET_MS),
];

// What comes before the copy is complete waits in the channels, but not for ever.
const complete = synced.then(() => {
  isSynced = true;
  tell({ synced: true });
});
complete.catch(() => {});
await Promise.race([complete, sleep(options.syncTimeoutMs, undefined, { ref: false }), stopped.promise]);

for (;;) {
  const began = performance.now();
  const rings = bell.rings;
  const moved = lanes.reduce((sum, lane) => sum + lane.move(), 0);
  if (moved > 0) {
    latency.observe((performance.now() - began) / 1000);
    await turn();
  } else if (lanes.some(({ isBlocked }) => isBlocked)) await sleep(PAUSE_MS);
  else if (stopping && lanes.every(({ isEmpty }) => isEmpty)) break;
  else await bell.rungSince(rings);
}
for (const timer of timers) clearInterval(timer);
measure(cluster);
stop.abort();
