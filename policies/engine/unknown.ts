/**
 * Stands for a value that is not known yet, as an Output of a resource that a preview has not created. Reading it ends the
 * rule with "undecided".
 */
export const unknown: unique symbol = Symbol("unknown value");

/** A rule read a value that is not known yet. */
export class UnknownValueError extends Error {
  readonly path: readonly string[];

  constructor(path: readonly string[]) {
    super(`${path.join(".") || "the object"} is not known yet`);
    this.name = "UnknownValueError";
    this.path = path;
  }
}

/** Whether anything below a value is unknown. */
export function hasUnknown(value: unknown, depth = 0): boolean {
  if (value === unknown) return true;
  if (typeof value !== "object" || value === null || depth > 100) return false;
  return Object.values(value).some((item) => hasUnknown(item, depth + 1));
}

/** A view of a value that throws {@link UnknownValueError} when something unknown in it is read. */
export function watched<T>(value: T, path: readonly string[] = []): T {
  if ((value as unknown) === unknown) throw new UnknownValueError(path);
  if (typeof value !== "object" || value === null) return value;
  return new Proxy(value, {
    get: (target, key) => {
      const found = Reflect.get(target, key);
      return typeof key === "symbol" || typeof found === "function" ? found : watched(found, [...path, key]);
    },
    // Object.hasOwn and Object.entries look here before they read; the value behind stays hidden until then.
    getOwnPropertyDescriptor: (target, key) => Reflect.getOwnPropertyDescriptor(target, key),
  }) as T;
}
