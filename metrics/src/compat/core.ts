import { Registry } from "../registry/registry.ts";

/**
 * All compat metrics of a thread record into one registry, under keys of their own: prom-client lets one name stand in several
 * registries, and one metric in several too. It has no limits, so these are far away.
 */
export const core: Registry = new Registry({
  naming: "utf8",
  forbiddenLabels: [],
  reservedLabels: true,
  maxBytes: 1024 * 1024 * 1024,
  maxSeries: 1_000_000,
  maxLabels: 1000,
  longestValue: Number.MAX_SAFE_INTEGER,
  ownMetrics: false,
  // Looked up each time: tests replace it.
  now: () => Date.now(),
});

/** Separates a metric's name from its number; no valid name holds it. */
const NUMBER_MARK = "\u0001";
let made = 0;

/** A key for one more metric of a name. */
export const newKey = (name: string): string => `${name}${NUMBER_MARK}${made++}`;

/** Metrics that nobody can reach any more end, and give their memory back. */
export const abandoned = new FinalizationRegistry<string>((key) => core.unregister(key));

/** Metrics made between two turns of the event loop before a scrape lets it turn: only then are abandoned ones found. */
const MADE_PER_TURN = 1000;
let madeAtTurn = 0;
// Taken now: tests replace timers by those that they turn by hand.
const { setImmediate: nextTurn } = globalThis;

/** Lets the event loop turn now and then while metrics are made without end. */
export function letAbandonedGo(): Promise<void> | undefined {
  if (made - madeAtTurn < MADE_PER_TURN) return undefined;
  madeAtTurn = made;
  return new Promise((resolve) => nextTurn(resolve));
}
