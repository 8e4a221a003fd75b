/**
 * What a value must never have become on its way into an object: a number that is none, and text that JavaScript made of
 * something that is not there. They are mistakes of ours, which a cluster would accept as text.
 */
const leaked = /\bNaN\b|\bundefined\b|\[object \w+\]|(?<![+-])\bInfinity\b/;

/** Asserts that an object holds no such value. @throws TypeError with its place */
export function assertPlain(value: unknown, place: string): void {
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`${place} is ${value}`);
  if (typeof value === "string") {
    const [found] = leaked.exec(value) ?? [];
    if (found) throw new TypeError(`${place} holds "${found}"`);
  } else if (value !== null && typeof value === "object") {
    for (const [key, item] of Object.entries(value)) assertPlain(item, `${place}.${key}`);
  }
}
