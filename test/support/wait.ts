import { setTimeout as sleep } from "node:timers/promises";

/** How often, and for how long, {@link until} asks. */
export interface Patience {
  /** Milliseconds between two tries. @default 50 */
  readonly every?: number;
  /** Milliseconds until it gives up: ends a hang, so far longer than anything takes on a busy machine. @default 300000 */
  readonly within?: number;
  /** What else to say when it gives up: the log of a daemon, the events of a namespace. */
  readonly explain?: () => string | Promise<string>;
}

/**
 * Asks until the answer is neither undefined nor false, and returns it. What the question throws counts as "not yet" and is
 * part of the error when time runs out.
 * @throws Error naming `what`, the last failure and the explanation.
 */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  { every = 50, within = 300_000, explain = () => "" }: Patience = {},
): Promise<T> {
  const deadline = Date.now() + within;
  for (;;) {
    let failure: unknown;
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      if (error instanceof GiveUp) throw error;
      failure = error;
    }
    if (Date.now() > deadline) {
      const why = failure instanceof Error ? `: ${failure.message}` : "";
      throw new Error(`waited ${within / 1000} s for ${what}${why}\n${await explain()}`.trimEnd());
    }
    await sleep(every);
  }
}

/** Thrown by a question of {@link until} when no later answer can be better. */
export class GiveUp extends Error {}
