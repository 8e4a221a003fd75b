import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Snapshot, Store } from "./store.ts";

/** Longest pause between two attempts to reach the leader, in milliseconds. */
const LONGEST_PAUSE_MS = 10_000;

/** Keeps a store the same as the leader's, so that several instances serve the same resources. */
export class Follower {
  readonly #store: Store;
  readonly #leader: string;
  readonly #token: string;
  readonly #log: (line: string) => void;
  readonly #stopped = new AbortController();
  /** Whether the store has what the leader had when the connection was made, and the connection stands. */
  synced = false;

  /** @param token an administrator's */
  constructor(store: Store, leader: string, token: string, log: (line: string) => void) {
    this.#store = store;
    this.#leader = leader;
    this.#token = token;
    this.#log = log;
  }

  /** Runs until `stop`, and connects again when the leader goes away. */
  async run(): Promise<void> {
    for (let pause = 250; !this.#stopped.signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        await this.#follow(() => {
          pause = 250;
        });
        this.#log(`${this.#leader} closed the connection`);
      } catch (error) {
        if (!this.#stopped.signal.aborted) this.#log(`${this.#leader}: ${(error as Error).message}`);
      }
      this.synced = false;
      await sleep(pause, undefined, { signal: this.#stopped.signal }).catch(() => {});
    }
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #follow(onSnapshot: () => void): Promise<void> {
    const response = await fetch(new URL("/api/v1/replication", this.#leader), {
      headers: { authorization: `Bearer ${this.#token}` },
      signal: this.#stopped.signal,
    });
    if (!response.ok || !response.body) throw new Error(`answers ${response.status}`);
    for await (const line of createInterface({ input: Readable.fromWeb(response.body) })) {
      if (line === "") continue;
      this.#store.replace(JSON.parse(line) as Snapshot);
      this.synced = true;
      onSnapshot();
    }
  }
}
