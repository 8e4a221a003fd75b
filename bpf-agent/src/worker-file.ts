import { Worker, type WorkerOptions } from "node:worker_threads";

/** V8 keeps up to 48 MB per thread for young objects otherwise. Little of what the threads allocate lives on. */
const limits = { maxYoungGenerationSizeMb: 6 } as const;

/** Starts a thread of the agent. @param file without its extension: it is TypeScript, or as it was built, as this file is */
export const startThread = (file: URL, options: WorkerOptions): Worker =>
  new Worker(new URL(`${file.href}${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`), {
    ...options,
    resourceLimits: limits,
  });
