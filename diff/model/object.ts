import { type Fields, isFields, list } from "../../policies/engine/values.ts";

export { at, type Fields, fields, isFields, list, same, text } from "../../policies/engine/values.ts";

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

/** The mappings in a list. */
export const items = (value: unknown): readonly Fields[] => list(value).filter(isFields);
