import cluster from "node:cluster";
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { formatFor, Registry, Renderer, type SharedRegistry } from "../src/index.ts";
import type { SubjectName } from "./cases.ts";
import { labelsOf } from "./data.ts";
import { type PromClient, promClient } from "./prom-client.ts";
import { median } from "./stats.ts";

const WORKERS = 4;
const SERIES_EACH = 10_000;
const SCRAPES = 20;
const help = "Benchmark.";
const sets = () => Array.from({ length: SERIES_EACH }, (_, i) => labelsOf(i));
const names = ["method", "route", "status"];

interface WorkerInput {
  readonly subject: SubjectName;
  readonly shared?: SharedRegistry;
  /** Set to 1 by the main thread: the worker then computes without ever returning to its event loop. */
  readonly block: Int32Array<SharedArrayBuffer>;
}

/** Milliseconds of a scrape of what four workers recorded, 10 000 series each. */
export async function scrapeWorkers(subject: SubjectName, blocked = false): Promise<number> {
  if (subject === "prom-client") return scrapeCluster(await promClient(subject));
  const block = new Int32Array(new SharedArrayBuffer(4));
  const registry = new Registry({ maxSeries: 50_000 });
  const peer = subject === "ours" ? undefined : await workerRegistry();
  const workers = Array.from({ length: WORKERS }, () => {
    const input: WorkerInput = { subject, block, ...(subject === "ours" ? { shared: registry.shared } : {}) };
    return new Worker(new URL(import.meta.url), { workerData: input });
  });
  await Promise.all(workers.map((worker) => once(worker, "message")));
  const renderer = new Renderer(registry);
  if (blocked) {
    Atomics.store(block, 0, 1);
    workers[0]!.postMessage("block");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const scrape = peer
    ? async () => Buffer.from(await peer.workerMetrics())
    : async () => renderer.render(formatFor("text"));
  const expected = SERIES_EACH * 50;
  const result = await timed(async () => {
    const body = await scrape();
    if (body.length < expected) throw new Error(`a scrape of ${body.length} bytes cannot hold all series`);
  });
  Atomics.store(block, 0, 0);
  await Promise.all(workers.map((worker) => worker.terminate()));
  return result;
}

async function timed(scrape: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < SCRAPES + 5; i++) {
    const start = performance.now();
    await scrape();
    if (i >= 5) times.push(performance.now() - start);
  }
  return median(times);
}

interface WorkerRegistry {
  workerMetrics(): Promise<string>;
}

async function workerRegistry(): Promise<WorkerRegistry> {
  const client = (await promClient("@prometheus-io/client")) as unknown as {
    WorkerRegistry: new () => WorkerRegistry;
  };
  return new client.WorkerRegistry();
}

/** prom-client knows processes, not threads: its own way to four workers is a cluster. */
async function scrapeCluster(client: PromClient): Promise<number> {
  cluster.setupPrimary({ exec: new URL("./cluster-worker.ts", import.meta.url).pathname, execArgv: [] });
  const workers = Array.from({ length: WORKERS }, () => cluster.fork());
  const registry = new client.AggregatorRegistry();
  await Promise.all(workers.map((worker) => once(worker, "message")));
  const result = await timed(async () => {
    Buffer.from(await registry.clusterMetrics());
  });
  for (const worker of workers) worker.kill();
  return result;
}

/** Counts something in 10 000 series. */
export function countWith(client: PromClient): void {
  const counter = new client.Counter({ name: "http_requests_total", help, labelNames: names });
  for (const [i, set] of sets().entries()) counter.inc(set, i);
}

async function work({ subject, shared, block }: WorkerInput): Promise<void> {
  if (shared) {
    const labels = { method: "any", route: "any", status: "any" } as const;
    const counter = Registry.attach(shared).metric({ name: "http_requests_total", type: "counter", help, labels });
    for (const [i, set] of sets().entries()) counter.inc(set, i);
  } else {
    await workerRegistry();
    countWith(await promClient(subject as "@prometheus-io/client"));
  }
  parentPort!.on("message", () => {
    while (Atomics.load(block, 0) === 1);
  });
  parentPort!.postMessage("ready");
}

if (!isMainThread) await work(workerData as WorkerInput);
