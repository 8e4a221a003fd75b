import type { LimitedProgram } from "./limited.ts";

/** What the plan gives a pod. */
export interface Planned {
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
}

/** A store under load. */
export interface StoreCase {
  readonly name: string;
  /** The rate, for the table. */
  readonly load: string;
  readonly planned: Planned;
  readonly program: LimitedProgram;
  /** Sends what is due until the signal aborts. */
  readonly write: (signal: AbortSignal) => Promise<void>;
  /** One person opens a dashboard: fails unless every panel has its answer. */
  readonly open: () => Promise<void>;
}

/** One row of the result. */
export interface Result {
  readonly name: string;
  readonly load: string;
  readonly planned: Planned;
  /** Cores while it is written to and a dashboard is opened every fifteen seconds. */
  readonly cores: number;
  readonly peakBytes: number;
  /** Milliseconds until a whole dashboard has its answers, the longest. */
  readonly dashboardMs: number;
  readonly dashboards: number;
}

/** Seconds of load before anything is counted, and while it is. */
const warmSeconds = 40;
const countedSeconds = 75;
const secondsPerDashboard = 15;

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Writes at the planned rate and opens dashboards. @throws if the program ends, a write is rejected or a panel fails */
export async function measure(store: StoreCase): Promise<Result> {
  const writing = new AbortController();
  let failed: unknown;
  const written = store.write(writing.signal).catch((error: unknown) => (failed = error));
  try {
    await pause(warmSeconds * 1000);
    const before = { cpu: store.program.cpuSeconds(), time: performance.now() };
    const end = before.time + countedSeconds * 1000;
    let dashboardMs = 0;
    let dashboards = 0;
    while (performance.now() < end && !failed) {
      const opened = performance.now();
      await store.open();
      dashboards++;
      dashboardMs = Math.max(dashboardMs, performance.now() - opened);
      await pause(Math.max(0, opened + secondsPerDashboard * 1000 - performance.now()));
    }
    if (failed) throw failed;
    const seconds = (performance.now() - before.time) / 1000;
    const cores = (store.program.cpuSeconds() - before.cpu) / seconds;
    const { name, load, planned } = store;
    return { name, load, planned, cores, peakBytes: store.program.peakBytes(), dashboardMs, dashboards };
  } finally {
    writing.abort();
    await written;
  }
}

/** Calls at a steady pace until the signal aborts; a call that takes longer than its turn delays the next one. */
export async function paced(signal: AbortSignal, everyMs: number, call: () => Promise<void>): Promise<void> {
  let due = performance.now();
  while (!signal.aborted) {
    await call();
    due += everyMs;
    await pause(Math.max(0, due - performance.now()));
  }
}

/** The body of an answer. @throws with what the server said if it is none */
export async function answer(url: string, init: RequestInit = {}): Promise<string> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(120_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${url.slice(0, 120)}: ${text.slice(0, 300)}`);
  return text;
}
