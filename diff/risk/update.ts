import { isDeepStrictEqual } from "node:util";
import type { KubernetesObject } from "../../lib/kubernetes/object.ts";

/** What an update is decided by. */
type Rendered = Pick<KubernetesObject, "kind">;

/** What happens when an object is applied over an earlier version of itself. */
export type Update =
  | { readonly kind: "unchanged" | "updated" }
  /** Another pod template: its pods are replaced, one after the other. */
  | { readonly kind: "restarts" }
  /**
   * Fields that the API server lets nobody change differ: it refuses the object until the old one is deleted.
   * `docs/changing-a-stack.md` says how that is done without an interruption.
   */
  | { readonly kind: "immutable"; readonly fields: readonly string[] };

/** Fields of a StatefulSet's spec that may change (kubernetes, pkg/apis/apps/validation, ValidateStatefulSetUpdate). */
const statefulSetMutable = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
];

/**
 * Paths whose value cannot change once the object is there, by kind, as Kubernetes validates updates
 * (pkg/apis/*\/validation). A kind that is not here has none among the fields that this library renders.
 */
const immutablePaths: Readonly<Record<string, readonly string[]>> = {
  Deployment: ["spec.selector"],
  DaemonSet: ["spec.selector"],
  Job: ["spec.selector", "spec.template", "spec.completions", "spec.completionMode"],
  RoleBinding: ["roleRef"],
  ClusterRoleBinding: ["roleRef"],
  Secret: ["type"],
  StorageClass: ["provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"],
  PriorityClass: ["value", "preemptionPolicy"],
  CustomResourceDefinition: ["spec.group", "spec.scope", "spec.names.kind", "spec.names.plural"],
};

const workloads = ["Deployment", "StatefulSet", "DaemonSet"];

const at = (object: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object);

/** What the API server does with `to`, applied where `from` stands by the same owner. */
export function updateOf(from: Rendered, to: Rendered): Update {
  const fields = immutableFields(from, to);
  if (fields.length > 0) return { kind: "immutable", fields };
  if (isDeepStrictEqual(from, to)) return { kind: "unchanged" };
  const restarts = workloads.includes(to.kind) && differs(from, to, "spec.template");
  return { kind: restarts ? "restarts" : "updated" };
}

const differs = (from: unknown, to: unknown, path: string) => !isDeepStrictEqual(at(from, path), at(to, path));

function immutableFields(from: Rendered, to: Rendered): string[] {
  if (to.kind === "StatefulSet") {
    const keys = [from, to].flatMap((object) => Object.keys((at(object, "spec") ?? {}) as object));
    const fixed = [...new Set(keys)].filter((key) => !statefulSetMutable.includes(key)).sort();
    return fixed.map((key) => `spec.${key}`).filter((path) => differs(from, to, path));
  }
  // A Service keeps the address it was given, also "None", unless another is asked for.
  if (to.kind === "Service")
    return at(to, "spec.clusterIP") && differs(from, to, "spec.clusterIP") ? ["spec.clusterIP"] : [];
  if (["ConfigMap", "Secret"].includes(to.kind) && at(from, "immutable") === true)
    return ["immutable", "data", "stringData", "binaryData"].filter((path) => differs(from, to, path));
  return (immutablePaths[to.kind] ?? []).filter((path) => differs(from, to, path));
}
