import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

/** SQLite's SQLITE_BUSY: the lock is held elsewhere. */
const busy = 5;

/**
 * Takes a lock file without waiting; undefined if it is held, by this process or another.
 *
 * Node has no flock. SQLite holds a real lock of the operating system on its file for the length of an exclusive
 * transaction, so a holder that is killed leaves nothing behind that would have to be judged stale.
 */
export function tryLock(path: string): Disposable | undefined {
  mkdirSync(dirname(path), { recursive: true });
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    file.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    file.close();
    if ((error as { errcode?: number }).errcode === busy) return undefined;
    throw error;
  }
  return { [Symbol.dispose]: () => file.close() };
}

/**
 * Waits until one of the lock files is free and takes it.
 *
 * @param onWait called once, when there is a wait
 * @param signal ends the wait
 * @throws AbortError when the signal is aborted
 */
export async function lockOneOf(
  paths: readonly string[],
  onWait: () => void = () => {},
  signal?: AbortSignal,
): Promise<Disposable> {
  for (let attempt = 0; ; attempt++) {
    for (const path of paths) {
      const lock = tryLock(path);
      if (lock !== undefined) return lock;
    }
    if (attempt === 0) onWait();
    await sleep(250, undefined, { signal });
  }
}
