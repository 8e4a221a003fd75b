// Bucket indices of exponential histograms, as Prometheus numbers them: at schema s, bucket i holds values in
// (2^((i-1)/2^s), 2^(i/2^s)]. OTLP's index is one lower. Source: OpenTelemetry metrics data model, "ExponentialHistogram", and
// https://prometheus.io/docs/specs/native_histograms/#schema.

export const MAX_SCHEMA = 8;
export const MIN_SCHEMA = -4;
/** Values up to here count as zero: client_golang's `DefNativeHistogramZeroThreshold`. */
export const ZERO_THRESHOLD = 2 ** -128;

const STEPS = 2 ** MAX_SCHEMA;
/** 2^(k/256) for k in 0..256: the upper bounds of schema 8 within one power of two. */
const BOUNDS = Float64Array.from({ length: STEPS + 1 }, (_, k) => 2 ** (k / STEPS));
/** For the top 8 bits of a significand, the first bucket it can fall into. */
const FIRST = Int32Array.from({ length: STEPS }, (_, m) => BOUNDS.findIndex((bound) => bound >= 1 + m / STEPS));

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/**
 * Index of the bucket of `value` at the schema `8 - shift`. Exact also on the bounds, unlike `Math.ceil(Math.log2(value) * 2 ** schema)`:
 * the exponent is read from the bits, the rest compared with a table.
 * @param value above {@link ZERO_THRESHOLD}, finite
 */
export function bucketIndex(value: number, shift: number): number {
  float[0] = value;
  const high = words[1]!;
  words[1] = (high & 0xf_ffff) | 0x3ff0_0000;
  const significand = float[0]!;
  let step = FIRST[(high >>> 12) & 0xff]!;
  while (significand > BOUNDS[step]!) step++;
  return coarser(((high >>> 20) - 1023) * STEPS + step, shift);
}

/** The bucket that takes bucket `index` when the schema falls by `shift`: ceil(index / 2^shift). */
export const coarser = (index: number, shift: number): number => ((index - 1) >> shift) + 1;

/** Upper bound of a bucket. */
export const upperBound = (index: number, schema: number): number => 2 ** (index * 2 ** -schema);

/** The coarsest schema whose buckets grow by at most `factor`: client_golang's `pickSchema`. */
export function schemaFor(factor: number): number {
  const wanted = 0 - Math.floor(Math.log2(Math.log2(factor)));
  return Math.min(MAX_SCHEMA, Math.max(MIN_SCHEMA, wanted));
}
