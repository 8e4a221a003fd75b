const binary = 1024;
const factors: Readonly<Record<string, number>> = {
  "": 1,
  m: 1e-3,
  k: 1e3,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: binary,
  Mi: binary ** 2,
  Gi: binary ** 3,
  Ti: binary ** 4,
  Pi: binary ** 5,
  Ei: binary ** 6,
};

/**
 * A Kubernetes quantity as a number: `1Gi`, `500m`, `2`.
 * Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 *
 * @returns undefined where it is none
 */
export function quantity(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string") return undefined;
  const [, digits, suffix = ""] = /^([+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)([A-Za-z]*)$/.exec(value.trim()) ?? [];
  const factor = factors[suffix];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}

/**
 * A size as Go programs write it, in bytes: `1GiB`, `100MB`, `314MiB`, `5242880`. Prometheus, GOMEMLIMIT and Grafana's
 * programs all read B, KB and KiB with or without the B; the ones without an i are decimal but in Prometheus and GOMEMLIMIT,
 * where only the binary ones matter here.
 */
export function bytes(value: unknown): number | undefined {
  if (typeof value !== "string") return quantity(value);
  return quantity(value.trim().replace(/\s+/, "").replace(/B$/, ""));
}

const seconds: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  y: 31_536_000,
};

/** A duration as Go and Prometheus write it, in seconds: `1h30m`, `15d`, `0s`; undefined where it is none. */
export function duration(value: unknown): number | undefined {
  if (typeof value !== "string" || !/^(\d+(\.\d+)?(ns|us|µs|ms|[smhdwy]))+$|^0$/.test(value)) return undefined;
  let total = 0;
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|[smhdwy])/g)) {
    total += Number(amount) * (seconds[unit as string] as number);
  }
  return total;
}

/** Bytes as a Kubernetes quantity, rounded down to whole MiB. */
export function mebibytes(amount: number): string {
  return `${Math.floor(amount / binary ** 2)}Mi`;
}
