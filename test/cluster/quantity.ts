/** Factors of a Kubernetes quantity's suffix (k8s.io/apimachinery, pkg/api/resource). */
const suffixes: Readonly<Record<string, number>> = {
  "": 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** `500m` -> 0.5, `2Gi` -> 2147483648. */
export function quantity(text: string | number | undefined): number {
  const match = /^([\d.]+(?:e\d+)?)([a-zA-Z]*)$/.exec(String(text ?? 0));
  const factor = suffixes[match?.[2] ?? ""];
  if (match === null || factor === undefined) throw new Error(`not a quantity: ${text}`);
  return Number(match[1]) * factor;
}
