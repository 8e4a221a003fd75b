/** Thread of the reader: hands what the kernel says to the pollers' rings, scans, and ends the flows that they ask for. */
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { sharedRegistry } from "@skopos/metrics";
import type { Clock } from "../clock.ts";
import { causes, sizes } from "../layout.ts";
import { FlowReader } from "../reader.ts";
import { ShardRings } from "../shard-ring.ts";
import { releaseStartupMemory } from "../startup-memory.ts";
import { catalogue } from "./catalogue.ts";
import type { FromIngest, FromPoller, IngestInput, ToIngest, ToPoller } from "./messages.ts";

const { reader: options, pollMs, rings: buffers, ports } = workerData as IngestInput;
const metrics = sharedRegistry().register(catalogue);
const rings = ShardRings.over(buffers);
const tell = (message: FromIngest) => parentPort?.postMessage(message);
const tellPollers = (message: ToPoller) => {
  for (const port of ports) port.postMessage(message);
};

const received = metrics.received.with({ type: "received" });
const known = new Map<string, number>();
const lostNow = () => rings.levels.reduce((sum, { lost }) => sum + lost, 0);

releaseStartupMemory();
const reader = new FlowReader(options, {
  onEvents(events) {
    received.inc(events.length);
    metrics.receivedBytes.inc(events.length * sizes.event);
    const before = lostNow();
    rings.events(events);
    metrics.eventsDropped.inc(lostNow() - before);
  },
  onInterface({ attached, ifindex, name, kind, mac }) {
    tellPollers(attached ? { interface: { ifindex, name, kind, mac } } : { gone: ifindex });
  },
});
tell({ ready: true, missing: { ...reader.missing() } });

const stop = new AbortController();
/** Ends under way, and the pollers that have ended all their flows. */
let ending = 0;
let drained = 0;
let draining = false;

for (const port of ports) {
  port.on("message", ({ end }: FromPoller) => {
    if (draining) drained++;
    if (end.length === 0) return;
    ending++;
    void reader
      .end(end, (flows) => rings.finals(flows))
      .catch((error: Error) => tell({ failed: `flows could not be ended: ${error.message}` }))
      .finally(() => ending--);
  });
}
parentPort?.on("message", (message: ToIngest) => {
  if ("stop" in message) {
    stop.abort();
    parentPort?.unref();
    return;
  }
  try {
    reader.setFilter(message.filter);
    tell({ filtered: true });
  } catch (error) {
    tell({ failed: `the filter could not be changed: ${(error as Error).message}` });
  }
});

/** What the kernel counts beside flows, and how full the rings are. */
function measure(): void {
  const counters = reader.counters();
  for (const cause of causes) {
    const { packets } = counters[cause];
    metrics.kernel.inc({ cause }, packets - (known.get(cause) ?? 0));
    known.set(cause, packets);
  }
  for (const [shard, { usedBytes }] of rings.levels.entries())
    metrics.pollerQueue.set({ poller_id: String(shard) }, Math.ceil(usedBytes / sizes.record));
  const interfaces = reader.interfaces();
  const problems = interfaces.filter(({ problem }) => problem !== "");
  metrics.interfaces.set({ state: "watched" }, interfaces.length);
  metrics.interfaces.set({ state: "problem" }, problems.length);
  tell({ scanned: true, problems: problems.map(({ name, problem }) => `${name}: ${problem}`) });
}

async function scan(since: Clock | undefined): Promise<Clock> {
  const clock = await reader.scan((flows) => rings.records(flows), since, true);
  rings.clock(clock);
  return clock;
}

// Pollers turn the kernel's times into others with the clock of the scan before.
let clock = await reader.drain();
rings.clock(clock);
let first = true;
while (!stop.signal.aborted) {
  clock = await scan(first ? undefined : clock);
  first = false;
  measure();
  await sleep(pollMs, undefined, { signal: stop.signal }).catch(() => {});
}
draining = true;
tellPollers({ drain: true });
rings.drain();
await scan(undefined);
while (drained < ports.length || ending > 0) await sleep(5);
measure();
rings.close();
for (const port of ports) port.close();
await reader.close();
