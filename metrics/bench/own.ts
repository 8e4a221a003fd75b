import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { formatFor, Registry, Renderer, type SharedRegistry, serve } from "../src/index.ts";
import type { SubjectName } from "./cases.ts";
import { LATENCIES, labelsOf } from "./data.ts";
import { recordOperation } from "./record.ts";
import { load, loadOurs, SHAPES } from "./scrape.ts";
import { scrapersWait } from "./scrape-8.ts";
import { nsPerOperation, percentile } from "./stats.ts";

const help = "Benchmark.";

/** 99th percentile of single increments, in nanoseconds; the clock's own reading, some 30 to 60 ns, is part of it. */
export async function p99(subject: SubjectName): Promise<number> {
  const operation = await recordOperation("inc-handle-3", subject);
  for (let i = 0; i < 500_000; i++) operation(i);
  const times: number[] = [];
  for (let i = 0; i < 300_000; i++) {
    const start = process.hrtime.bigint();
    operation(i);
    times.push(Number(process.hrtime.bigint() - start));
  }
  return percentile(times, 0.99);
}

/** Two threads need two idle processors: the fastest of many short rounds are those that had them. */
const ROUNDS = 100;
const ROUND_MS = 10;
const FASTEST = 0.1;

/** How much slower a thread increments while a second one does the same to the same series. Both lose nothing, or this throws. */
export async function twoThreads(): Promise<number> {
  const registry = new Registry({ ownMetrics: false });
  const counter = registry.metric({ name: "n_total", type: "counter", help });
  let counted = 0;
  const increment = (): void => {
    counter.inc();
    counted++;
  };
  const alone = nsPerOperation(increment, ROUNDS, ROUND_MS, FASTEST);
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: { shared: registry.shared, flag } });
  await once(worker, "message");
  const together = nsPerOperation(increment, ROUNDS, ROUND_MS, FASTEST);
  Atomics.store(flag, 0, 1);
  const [byWorker] = (await once(worker, "message")) as [number];
  const text = new Renderer(registry).render(formatFor("text")).toString();
  if (!text.includes(`\nn_total ${counted + byWorker}\n`)) throw new Error(`lost increments: ${text}`);
  await worker.terminate();
  return together / alone;
}

function incrementUntilTold({ shared, flag }: { shared: SharedRegistry; flag: Int32Array }): void {
  const counter = Registry.attach(shared).metric({ name: "n_total", type: "counter", help });
  parentPort!.postMessage("started");
  let counted = 0;
  while (Atomics.load(flag, 0) === 0) {
    for (let i = 0; i < 10_000; i++) counter.inc();
    counted += 10_000;
  }
  parentPort!.postMessage(counted);
}

/** Megabytes that 10 000 counters and one scrape of them leave behind. Needs --expose-gc. */
export async function memory(subject: SubjectName): Promise<number> {
  const settle = async () => {
    for (let i = 0; i < 5; i++) {
      globalThis.gc!();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  // Code and shapes are not what is asked about.
  const warm = await load(subject, { counters: 10, histograms: 0 });
  await warm.render();
  if (subject !== "ours")
    (await import("./prom-client.ts")).promClient(subject as "prom-client").then((c) => c.register.clear());
  const before = await settle();
  const registry = new Registry();
  const loaded = subject === "ours" ? loadOurs(SHAPES["scrape-a"], registry) : await load(subject, SHAPES["scrape-a"]);
  loaded.touch();
  await loaded.render();
  const shared = subject === "ours" ? registry.memoryBytes : 0;
  const bytes = (await settle()) - before + shared;
  // Kept alive until here.
  loaded.touch();
  return bytes / 1e6;
}

/** 95th percentile of GET /metrics with 10 000 series while the same thread records, for a scraper of another process, in milliseconds. */
export async function scrapeUnderLoad(): Promise<number> {
  const registry = new Registry();
  const counter = registry.metric({
    name: "http_requests_total",
    type: "counter",
    help,
    labels: { method: "any", route: "any", status: "any" },
  });
  const handles = Array.from({ length: 9_900 }, (_, i) => counter.with(labelsOf(i)));
  const histogram = registry.metric({ name: "duration_seconds", type: "histogram", help });
  const server = await serve(registry, { port: 0 });
  let running = true;
  const record = (): void => {
    for (let i = 0; i < 20_000; i++) {
      handles[i % handles.length]!.inc();
      histogram.observe(LATENCIES[i & 1023]!);
    }
    if (running) setImmediate(record);
  };
  record();
  const p95 = await scrapersWait(server.port, 1, 100);
  running = false;
  await server.close();
  return p95;
}

if (!isMainThread) incrementUntilTold(workerData as { shared: SharedRegistry; flag: Int32Array });
