/** The value below which share `q` of the values lie (nearest rank). */
export function percentile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))]!;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/**
 * Nanoseconds an operation, after the compiler has settled: the lower quartile of many short rounds, as whatever else the machine does
 * only ever adds to one.
 */
export function nsPerOperation(operation: (i: number) => void, rounds = 40, roundMs = 20, quantile = 0.25): number {
  let count = 20_000;
  const round = (): number => {
    const start = process.hrtime.bigint();
    for (let i = 0; i < count; i++) operation(i);
    return Number(process.hrtime.bigint() - start);
  };
  // Grows until a round takes its time, which warms up as well.
  for (let elapsed = round(); elapsed < roundMs * 1e6; elapsed = round()) count *= 2;
  return percentile(
    Array.from({ length: rounds }, () => round() / count),
    quantile,
  );
}

/** Heap bytes an operation: needs --expose-gc, and a young generation that holds them all. */
export function bytesPerOperation(operation: (i: number) => void): number {
  const count = 50_000;
  for (let i = 0; i < count * 4; i++) operation(i);
  const rounds = Array.from({ length: 7 }, () => {
    globalThis.gc!();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < count; i++) operation(i);
    return (process.memoryUsage().heapUsed - before) / count;
  });
  // Less than one byte is the measurement itself.
  return Math.max(0, Math.round(median(rounds)));
}
