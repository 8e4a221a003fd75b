/**
 * Values that must never reach a manifest: NaN and infinities, and text that JavaScript makes of a missing value. They are
 * bugs in this package, and a cluster would accept them as text.
 */
const leaked = /\bNaN\b|\bundefined\b|\[object \w+\]|(?<![+-])\bInfinity\b/;

/** Asserts that an object contains no such value. @throws TypeError with its place */
export function assertPlain(value: unknown, place: string): void {
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`${place} is ${value}`);
  if (typeof value === "string") {
    const [found] = leaked.exec(value) ?? [];
    if (found) throw new TypeError(`${place} holds "${found}"`);
  } else if (value !== null && typeof value === "object") {
    for (const [key, item] of Object.entries(value)) assertPlain(item, `${place}.${key}`);
  }
}
