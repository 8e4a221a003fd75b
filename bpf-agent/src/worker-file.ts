import { Worker, type WorkerOptions } from "node:worker_threads";

/** Starts a thread of the agent. @param file without its extension: it is TypeScript, or as it was built, as this file is */
export const startThread = (file: URL, options: WorkerOptions): Worker =>
  new Worker(new URL(`${file.href}${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`), options);
