import { getEnvironmentData, isMainThread, setEnvironmentData, type Worker } from "node:worker_threads";
import { Registry, type RegistryOptions, type SharedRegistry } from "./registry.ts";

const ENVIRONMENT_KEY = "@skopos/metrics registry";

let own: Registry | undefined;

/**
 * One registry for the whole process: the main thread creates it at the first call, worker threads that it starts later find it by
 * themselves. So a module that defines metrics does the same in every thread. The main thread folds workers' counts when they end.
 *
 * @param options of the first call in the main thread; later ones, and those of workers, have no effect
 */
export function sharedRegistry(options: RegistryOptions = {}): Registry {
  if (own) return own;
  const shared = isMainThread ? undefined : (getEnvironmentData(ENVIRONMENT_KEY) as SharedRegistry | undefined);
  if (shared) {
    own = Registry.attach(shared);
    return own;
  }
  const created = new Registry(options);
  setEnvironmentData(ENVIRONMENT_KEY, created.shared as unknown as Parameters<typeof setEnvironmentData>[1]);
  process.on("worker", (worker: Worker) => created.watch(worker));
  own = created;
  return created;
}
