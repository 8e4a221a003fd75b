// Readers of values of which nothing is known: a rule must say something sensible about any object, also a malformed one.

/** A mapping of any shape. */
export type Fields = Readonly<Record<string, unknown>>;

/** Keys and indices from an object's root to a value; it may continue into a document that is embedded as text. */
export type Path = readonly (string | number)[];

const none: Fields = Object.freeze({});

/** Whether a value is a mapping. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as a mapping, empty where it is none. */
export function fields(value: unknown): Fields {
  return isFields(value) ? value : none;
}

/** A value as a list, empty where it is none. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The mappings in a list, each with its index. */
export function items(value: unknown): readonly (readonly [number, Fields])[] {
  return list(value).flatMap((item, index) => (isFields(item) ? [[index, item] as const] : []));
}

/** The texts in a list. */
export function texts(value: unknown): readonly string[] {
  return list(value).filter((item) => typeof item === "string");
}

/** A text, or undefined. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A finite number, or undefined. */
export function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** The value at a path, undefined where the path ends early. */
export function at(value: unknown, ...path: Path): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<string | number, unknown>)[key];
  }
  return current;
}

/** The entries of a mapping whose values are texts. */
export function textEntries(value: unknown): readonly (readonly [string, string])[] {
  return Object.entries(fields(value)).filter((entry): entry is [string, string] => typeof entry[1] === "string");
}

/** A mapping's labels: its entries whose values are texts. */
export function labels(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(textEntries(value));
}

/** Every text below a value, with its path. Cyclic values and very deep ones end. */
export function* allTexts(value: unknown, path: Path = [], depth = 0): Generator<readonly [Path, string]> {
  if (typeof value === "string") yield [path, value];
  if (typeof value !== "object" || value === null || depth > 60) return;
  for (const [key, item] of Object.entries(value)) {
    yield* allTexts(item, [...path, Array.isArray(value) ? Number(key) : key], depth + 1);
  }
}

/** Whether two values are the same, key order aside. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const keys = Object.keys(a);
  return (
    Array.isArray(a) === Array.isArray(b) &&
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(Reflect.get(a, key), Reflect.get(b, key)))
  );
}
