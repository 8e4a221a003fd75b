import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { parseText, scrapeText } from "../../test/scrape.ts";
import { Registry } from "../registry/registry.ts";
import { recordProcessMetrics } from "./record.ts";

const help = "Test.";

it("records the process and this thread", async () => {
  const registry = new Registry({ ownMetrics: false });
  using _recording = recordProcessMetrics(registry);
  await scrapeText(registry);
  await wait(150);
  globalThis.gc?.();
  const timers = [1, 2, 3].map(() => setTimeout(() => {}, 10_000));
  const samples = parseText(await scrapeText(registry));
  timers.forEach(clearTimeout);
  const value = (name: string, label = "") =>
    samples.find(
      (s) => (s.name === name && Object.values(s.labels).includes(label || "0")) || (s.name === name && label === ""),
    )!.value;
  expect(value("process_cpu_usage_ratio")).toBeGreaterThan(0);
  expect(value("process_cpu_usage_ratio")).toBeLessThanOrEqual(1);
  expect(value("process_memory_bytes")).toBeGreaterThan(1e7);
  expect(value("process_resident_memory_bytes")).toBe(value("process_memory_bytes"));
  expect(value("process_cpu_seconds_total")).toBeGreaterThan(0);
  expect(value("process_start_time_seconds")).toBeGreaterThan(1.6e9);
  expect(value("process_active_tasks")).toBeGreaterThanOrEqual(3);
  expect(value("process_tasks_spawned_total")).toBeGreaterThan(value("process_active_tasks"));
  expect(value("nodejs_active_resources", "Timeout")).toBeGreaterThanOrEqual(3);
  expect(value("nodejs_heap_used_bytes")).toBeLessThan(value("nodejs_heap_limit_bytes"));
  expect(value("nodejs_eventloop_delay_seconds", "p99")).toBeGreaterThanOrEqual(0);
  if (process.platform === "linux") expect(value("process_open_fds")).toBeLessThan(value("process_max_fds"));
  const after = parseText(await scrapeText(registry));
  const left = after.find((s) => s.name === "nodejs_active_resources" && s.labels.type === "Timeout")?.value ?? 0;
  expect(left).toBeLessThan(value("nodejs_active_resources", "Timeout"));
});

it("records each worker thread for itself, and their tasks together", async () => {
  const registry = new Registry({ ownMetrics: false });
  const worker = new Worker(new URL("../../test/process-worker.ts", import.meta.url), { workerData: registry.shared });
  await once(worker, "message");
  const samples = parseText(await scrapeText(registry));
  const threads = samples.filter(({ name }) => name === "nodejs_heap_used_bytes").map(({ labels }) => labels.thread);
  expect(threads).toEqual([String(worker.threadId)]);
  expect(samples.find(({ name }) => name === "process_tasks_spawned_total")!.value).toBeGreaterThan(0);
  expect(samples.some(({ name }) => name === "process_memory_bytes")).toBe(false);
  registry.metric({ name: "n_total", type: "counter", help });
  await worker.terminate();
});
