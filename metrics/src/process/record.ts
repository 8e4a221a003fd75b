import { availableParallelism } from "node:os";
import { getHeapStatistics } from "node:v8";
import { isMainThread } from "node:worker_threads";
import type { Registry } from "../registry/registry.ts";
import { nodeCatalogue, processCatalogue } from "./catalogue.ts";
import { EventLoopMonitor } from "./event-loop.ts";
import { fileDescriptors } from "./files.ts";
import { observeGc } from "./gc.ts";
import { activeResources, tasksSpawned } from "./tasks.ts";

export interface ProcessMetricsOptions {
  /** How often the event loop's delay is sampled, in milliseconds. @default 20 */
  readonly eventLoopResolutionMs?: number;
  /** How often a worker thread, which nobody scrapes, refreshes its own figures. @default 5000 */
  readonly workerIntervalMs?: number;
}

/** Ends the recording when disposed. */
export type ProcessMetrics = Disposable;

/**
 * Records the metrics of this thread, and in the main thread those of the process. Call it once in each thread.
 */
export function recordProcessMetrics(registry: Registry, options: ProcessMetricsOptions = {}): ProcessMetrics {
  const { eventLoopResolutionMs = 20, workerIntervalMs = 5000 } = options;
  const loop = new EventLoopMonitor(eventLoopResolutionMs);
  const node = registry.register(nodeCatalogue);
  const gc = observeGc((kind, seconds) => node.gcDuration.observe({ kind }, seconds));
  const [major = ""] = process.versions.node.split(".");
  node.version.set({ version: process.version, major });

  const recordThread = (): void => {
    const sample = loop.sample();
    for (const stat of nodeCatalogue.eventLoopDelay.labels.stat) node.eventLoopDelay.set({ stat }, sample[stat]);
    node.eventLoopUtilization.set(sample.utilization);
    const { heapUsed, heapTotal, external } = process.memoryUsage();
    node.heapUsed.set(heapUsed);
    node.heapTotal.set(heapTotal);
    node.heapLimit.set(getHeapStatistics().heap_size_limit);
    node.external.set(external);
    recordResources();
  };

  const seenTypes = new Set<string>();
  const { activeTasks, tasksSpawned: spawned } = registry.register({
    activeTasks: processCatalogue.activeTasks,
    tasksSpawned: processCatalogue.tasksSpawned,
  });
  let spawnedBefore = 0;
  const recordResources = (): void => {
    const resources = activeResources();
    for (const type of resources.keys()) seenTypes.add(type);
    // A type that is gone is zero, not what it was last.
    for (const type of seenTypes) node.handles.set({ type }, resources.get(type) ?? 0);
    activeTasks.set([...resources.values()].reduce((a, b) => a + b, 0));
    const now = tasksSpawned();
    spawned.inc(now - spawnedBefore);
    spawnedBefore = now;
  };

  const stop = isMainThread
    ? registry.onCollect(both(recordThread, processRecorder(registry)))
    : every(workerIntervalMs, recordThread);
  return {
    [Symbol.dispose]: () => {
      stop();
      loop[Symbol.dispose]();
      gc[Symbol.dispose]();
    },
  };
}

/** Calls `act` now and again and again. @returns a function that ends this */
function every(milliseconds: number, act: () => void): () => void {
  act();
  const timer = setInterval(act, milliseconds).unref();
  return () => clearInterval(timer);
}

const both = (a: () => void, b: () => void) => () => {
  a();
  b();
};

/** Shortest time over which a CPU share means something. */
const SHORTEST_WINDOW_MS = 100;

function processRecorder(registry: Registry): () => void {
  const { activeTasks: _tasks, tasksSpawned: _spawned, ...catalogue } = processCatalogue;
  const metrics = registry.register(catalogue);
  metrics.startTime.set(performance.timeOrigin / 1000);
  let before = { at: performance.now(), cpu: process.cpuUsage() };
  let counted = 0;
  return () => {
    const { user, system } = process.cpuUsage();
    const seconds = (user + system) / 1e6;
    metrics.cpuSeconds.inc(Math.max(0, seconds - counted));
    counted = seconds;
    const at = performance.now();
    if (at - before.at >= SHORTEST_WINDOW_MS) {
      const used = (user + system - before.cpu.user - before.cpu.system) / 1000;
      metrics.cpuUsage.set(Math.min(1, used / (at - before.at) / availableParallelism()));
      before = { at, cpu: { user, system } };
    }
    const rss = process.memoryUsage.rss();
    metrics.memory.set(rss);
    metrics.residentMemory.set(rss);
    const files = fileDescriptors();
    if (files) {
      metrics.openFiles.set(files.open);
      metrics.maxFiles.set(files.most);
    }
  };
}
