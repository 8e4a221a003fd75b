// The data that every subject records: the same label sets, the same values, no chance in it.

export const METHODS = ["GET", "POST", "PUT", "DELETE"] as const;
export const STATUSES = ["200", "201", "404", "500"] as const;
export const SERIES = 64;

export interface Labels extends Record<string, string> {
  readonly method: string;
  readonly route: string;
  readonly status: string;
}

/** The `i`th label set of many: four methods, four statuses, the rest routes. */
export const labelsOf = (i: number): Labels => ({
  method: METHODS[i & 3]!,
  route: `/api/v1/resources/${i >> 4}`,
  status: STATUSES[(i >> 2) & 3]!,
});

/** Numbers from 0 to 1, the same in every run (mulberry32, public domain, by Tommy Ettinger). */
export function randomNumbers(length: number, seed = 1): number[] {
  let state = seed;
  return Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  });
}

/** 1024 latencies in seconds: log-normal around 50 ms, as request durations are. */
export const LATENCIES: readonly number[] = (() => {
  const uniform = randomNumbers(2048);
  return Array.from({ length: 1024 }, (_, i) => {
    const normal = Math.sqrt(-2 * Math.log(uniform[2 * i]! + 1e-12)) * Math.cos(2 * Math.PI * uniform[2 * i + 1]!);
    return 0.05 * Math.exp(normal);
  });
})();

/** Eleven buckets, the default of the Prometheus clients. */
export const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
