import { AsyncResource } from "node:async_hooks";

// A task, in Node.js, is an asynchronous operation that the runtime started and tracks: a timer, a file or network request, a
// socket, an immediate or a next tick. Promises that wait for one are not tasks of their own, as they are not for the runtime. An
// operation is spawned when it gets an id and active while it keeps the event loop alive.

/** How many operations keep this thread's event loop alive, by type, e.g. `Timeout` or `TCPSocketWrap`. */
export function activeResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}

/**
 * How many operations this thread has started so far. Node.js numbers asynchronous resources one after the other, so the number of
 * a new one is the count: nothing has to be hooked.
 */
export const tasksSpawned = (): number => new AsyncResource("skopos:count").asyncId();
