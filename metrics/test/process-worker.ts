import { parentPort, workerData } from "node:worker_threads";
import { Registry, recordProcessMetrics, type SharedRegistry } from "../src/index.ts";

// A worker that records its own process metrics until it is ended.
const recording = recordProcessMetrics(Registry.attach(workerData as SharedRegistry), { workerIntervalMs: 10 });
setTimeout(() => {
  parentPort!.postMessage("ready");
  recording[Symbol.dispose]();
}, 50);
setInterval(() => {}, 1000);
