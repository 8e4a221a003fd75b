/** One kibibyte, mebibyte, gibibyte and tebibyte, in bytes. */
export const KiB = 1024;
export const MiB = 1024 * KiB;
export const GiB = 1024 * MiB;
export const TiB = 1024 * GiB;

/** A length of time as people and Prometheus write it: `90s`, `30m`, `6h`, `15d`, `4w`, `1y`. */
export type Duration = `${number}${"ms" | "s" | "m" | "h" | "d" | "w" | "y"}`;

const secondsPerUnit = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 } as const;

const bytesPerUnit = {
  B: 1,
  KiB,
  MiB,
  GiB,
  TiB,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  Ki: KiB,
  Mi: MiB,
  Gi: GiB,
  Ti: TiB,
} as const;

const countPerUnit = { k: 1e3, M: 1e6, G: 1e9 } as const;

function parse(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim());
  if (!match) return undefined;
  const [, digits, unit] = match;
  const factor = unit === "" ? undefined : units[unit as string];
  return factor === undefined ? undefined : Number(digits) * factor;
}

/** Seconds in a duration, or undefined where the text is none (`15 dayz`). A bare number has no unit and is none. */
export function parseDuration(text: string): number | undefined {
  return parse(text, secondsPerUnit);
}

/** Bytes in a size such as `10GiB`, `512Mi` or `1.5TB`, or undefined where the text is none. */
export function parseBytes(text: string): number | undefined {
  return parse(text, bytesPerUnit);
}

/** A count such as `300k`, `1.5M` or `20000`, or undefined where the text is none. */
export function parseCount(text: string): number | undefined {
  return /^\d+$/.test(text.trim()) ? Number(text) : parse(text, countPerUnit);
}

/** Seconds in a duration that is known to be one. @throws RangeError for anything else: a mistake in our own code. */
export function seconds(duration: Duration): number {
  const parsed = parseDuration(duration);
  if (parsed === undefined) throw new RangeError(`not a duration: ${duration}`);
  return parsed;
}

const durationUnits = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
] as const;

/** The shortest exact way to write whole seconds as Prometheus, Mimir, Loki and Go read them: `15d`, `36h`, `90s`. */
export function formatDuration(totalSeconds: number, largest: "d" | "h" = "d"): Duration {
  for (const [unit, size] of durationUnits) {
    if (unit === "d" && largest === "h") continue;
    if (totalSeconds >= size && totalSeconds % size === 0) return `${totalSeconds / size}${unit}`;
  }
  return `${Math.round(totalSeconds * 1000)}ms`;
}

/** Bytes as a Kubernetes quantity, rounded up to whole MiB, whole GiB from 10 GiB on: `512Mi`, `20Gi`. */
export function bytesQuantity(bytes: number): string {
  const mebibytes = quantityBytes(bytes) / MiB;
  return mebibytes % 1024 === 0 ? `${mebibytes / 1024}Gi` : `${mebibytes}Mi`;
}

/** The bytes that {@link bytesQuantity} writes: plan and manifests must agree to the byte. */
export function quantityBytes(bytes: number): number {
  const step = bytes >= 10 * GiB ? GiB : MiB;
  return Math.ceil(bytes / step) * step;
}

/** CPU cores as a Kubernetes quantity, rounded up to 10 m: `0.3` -> `300m`, `2` -> `2`. */
export function cpuQuantity(cores: number): string {
  const millis = Math.round(quantityCores(cores) * 1000);
  return millis % 1000 === 0 ? `${millis / 1000}` : `${millis}m`;
}

/** The cores that {@link cpuQuantity} writes. */
export function quantityCores(cores: number): number {
  return Math.ceil(Number((cores * 100).toFixed(6))) / 100;
}

/** Bytes for people: three digits at most and a binary unit. */
export function formatBytes(bytes: number): string {
  for (const [unit, size] of [
    ["TiB", TiB],
    ["GiB", GiB],
    ["MiB", MiB],
    ["KiB", KiB],
  ] as const) {
    if (bytes >= size) return `${trim(bytes / size)} ${unit}`;
  }
  return `${Math.round(bytes)} B`;
}

/** A count for people: `950`, `20 k`, `1.5 M`. */
export function formatCount(count: number): string {
  for (const [unit, size] of [
    ["G", 1e9],
    ["M", 1e6],
    ["k", 1e3],
  ] as const) {
    if (count >= size) return `${trim(count / size)} ${unit}`;
  }
  return trim(count);
}

function trim(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toFixed(value >= 10 ? 1 : 2)));
}
