const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

export const DURATION = /^(?:\d+(?:ms|s|m|h))+$/;

/** Milliseconds of a duration such as 500ms, 20s or 1m30s. */
export const toMs = (text: string): number =>
  [...text.matchAll(/(\d+)(ms|s|m|h)/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * units[unit as keyof typeof units],
    0,
  );

/** Milliseconds as the shortest duration. */
export const fromMs = (ms: number): string =>
  ms % 1_000 ? `${ms}ms` : ms % 60_000 ? `${ms / 1_000}s` : `${ms / 60_000}m`;

/** The same of text that may be none: NaN then. */
export const parseDuration = (text: string): number => (DURATION.test(text) ? toMs(text) : Number.NaN);
