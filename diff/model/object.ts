/** A Kubernetes object as a manifest states it, of any kind. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [key: string]: unknown;
  };
  readonly [key: string]: unknown;
}

/** What identifies an object: its API group (without the version), kind, namespace and name. */
export interface ObjectId {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** The identity of an object. The API version is not part of it: `v1beta1` and `v1` are one object. */
export function idOf({ apiVersion, kind, metadata }: Manifest): ObjectId {
  const slash = apiVersion.indexOf("/");
  return {
    group: slash < 0 ? "" : apiVersion.slice(0, slash),
    kind,
    namespace: metadata.namespace ?? "",
    name: metadata.name,
  };
}

/** The identity as a map key. */
export const keyOf = ({ group, kind, namespace, name }: ObjectId): string => `${group}/${kind}/${namespace}/${name}`;

/** The identity as people write it: `StatefulSet observability/mimir`. */
export function nameOf({ kind, namespace, name }: ObjectId): string {
  return `${kind} ${namespace === "" ? name : `${namespace}/${name}`}`;
}

/** Orders identities by namespace, kind and name, independent of locale. */
export function compareIds(a: ObjectId, b: ObjectId): number {
  return compareText(keyText(a), keyText(b));
}

const keyText = ({ group, kind, namespace, name }: ObjectId) => [namespace, kind, name, group].join("\u0000");

/** Orders texts by code unit, independent of locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A mapping of any shape. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether a value is a mapping. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path of keys, undefined where the path ends early. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) return undefined;
    current = Reflect.get(current, key);
  }
  return current;
}

/** A value as a mapping, empty where it is none. */
export const fields = (value: unknown): Fields => (isFields(value) ? value : {});

/** A value as a list, empty where it is none. */
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The mappings in a list. */
export const items = (value: unknown): readonly Fields[] => list(value).filter(isFields);

/** A text, or undefined. */
export const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** Whether two JSON values are the same; the order of keys does not count. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(Reflect.get(a, key), Reflect.get(b, key)))
  );
}
