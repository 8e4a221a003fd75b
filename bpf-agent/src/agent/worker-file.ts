import { Worker, type WorkerOptions } from "node:worker_threads";

/** Starts a thread of the agent from a file beside this one, in TypeScript or as it was built. */
export const startThread = (name: string, options: WorkerOptions): Worker =>
  new Worker(new URL(`./${name}${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url), options);
