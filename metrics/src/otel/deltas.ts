import { coarser } from "../instruments/exponential-index.ts";
import type { Buckets, ExponentialValue } from "../read/exponential.ts";
import type { Series } from "../read/series.ts";

/**
 * Remembers what each series was at the last collection. A value that fell started again: it is its own delta. A registry may be read
 * several times for one collection, so what was read becomes the last collection only by {@link commit}.
 */
export class Deltas {
  readonly #numbers = new WeakMap<Series, Map<string, Float64Array>>();
  readonly #exponential = new WeakMap<Series, ExponentialValue>();
  #read: (() => void)[] = [];

  /** Starts a collection, or starts it again. */
  begin(): void {
    this.#read = [];
  }

  /** Ends a collection: the next one is compared with it. */
  commit(): void {
    for (const remember of this.#read) remember();
    this.#read = [];
  }

  /** By how much each of `values` grew. @param what tells a series' several sets of values apart */
  of(series: Series, what: string, values: Float64Array): Float64Array {
    const known = this.#numbers.get(series) ?? new Map<string, Float64Array>();
    if (known.size === 0) this.#numbers.set(series, known);
    const before = known.get(what);
    const after = values.slice();
    this.#read.push(() => known.set(what, after));
    // Sums of negative observations may fall without a restart: only counts tell, and those are the values but the last.
    const counts = values.length > 1 ? values.subarray(0, -1) : values;
    if (before === undefined || counts.some((value, i) => value < before[i]!)) return values;
    return values.map((value, i) => value - before[i]!);
  }

  /** What was observed since: at the coarser of the two resolutions, which is the current one. */
  exponential(series: Series, value: ExponentialValue): ExponentialValue {
    const before = this.#exponential.get(series);
    this.#read.push(() => this.#exponential.set(series, value));
    if (before === undefined || value.count < before.count || value.schema > before.schema) return value;
    const shift = before.schema - value.schema;
    return {
      schema: value.schema,
      zeroCount: value.zeroCount - before.zeroCount,
      positive: subtract(value.positive, before.positive, shift),
      negative: subtract(value.negative, before.negative, shift),
      count: value.count - before.count,
      sum: value.sum - before.sum,
    };
  }
}

function subtract(now: Buckets, before: Buckets, shift: number): Buckets {
  const counts = [...now.counts];
  for (const [i, count] of before.counts.entries()) {
    const place = coarser(before.offset + i, shift) - now.offset;
    if (count > 0) counts[place]! -= count;
  }
  return { offset: now.offset, counts };
}
