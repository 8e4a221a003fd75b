import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import { watchChildren } from "./attachments.ts";
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
  const shared = getEnvironmentData(ENVIRONMENT_KEY) as SharedRegistry | undefined;
  // A worker whose main thread has none gets a registry of its own.
  own ??= shared ? Registry.attach(shared) : create(options);
  return own;
}

function create(options: RegistryOptions): Registry {
  const registry = new Registry(options);
  setEnvironmentData(ENVIRONMENT_KEY, registry.shared as unknown as Parameters<typeof setEnvironmentData>[1]);
  watchChildren(registry);
  return registry;
}
