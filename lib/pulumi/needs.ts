import type { KubernetesObject } from "../kubernetes/object.ts";

/** Key of an object, by which others refer to it. The namespace of cluster-scoped objects is empty. */
export const keyOf = (kind: string, namespace: string | undefined, name: string): string =>
  `${kind} ${namespace ?? ""}/${name}`;

/**
 * Keys of the objects that an object depends on: its namespace, the definition of its kind, its ServiceAccount, the
 * ConfigMaps, Secrets and claims that it mounts, and the role and subjects of a binding. They are found by the field names
 * that Kubernetes uses for such references, at any depth, so that custom resources are included.
 */
export function needsOf({ apiVersion, kind, metadata, ...content }: KubernetesObject): string[] {
  const { namespace } = metadata;
  const keys = [definitionKey(apiVersion.split("/")[0] as string, kind)];
  if (namespace !== undefined) keys.push(keyOf("Namespace", undefined, namespace));
  const need = (neededKind: string, name: unknown) => {
    if (typeof name === "string") keys.push(keyOf(neededKind, namespace, name));
  };
  visit(content, (field, value) => {
    const named = (value ?? {}) as Readonly<Record<string, unknown>>;
    if (field === "serviceAccountName") need("ServiceAccount", value);
    else if (configMapFields.has(field)) need("ConfigMap", named.name);
    else if (secretFields.has(field)) need("Secret", named.name ?? named.secretName);
    else if (field === "persistentVolumeClaim") need("PersistentVolumeClaim", named.claimName);
    else if (field === "priorityClassName" && typeof value === "string")
      keys.push(keyOf("PriorityClass", undefined, value));
    else if (field === "roleRef")
      keys.push(keyOf(String(named.kind), named.kind === "ClusterRole" ? undefined : namespace, String(named.name)));
  });
  return [...keys, ...subjectsOf(content)];
}

/** Key of the CustomResourceDefinition of a kind. */
export const definitionKey = (group: string, kind: string): string => `definition ${group}/${kind}`;

/** ServiceAccounts that are subjects of a binding. */
export function subjectsOf(binding: Readonly<Record<string, unknown>>): string[] {
  if (binding.roleRef === undefined) return [];
  const subjects = (binding.subjects ?? []) as readonly { kind: string; name: string; namespace?: string }[];
  return subjects.map(({ kind, name, namespace }) => keyOf(kind, namespace, name));
}

const configMapFields = new Set(["configMap", "configMapRef", "configMapKeyRef"]);
const secretFields = new Set(["secret", "secretRef", "secretKeyRef"]);

function visit(value: unknown, see: (field: string, value: unknown) => void): void {
  if (value === null || typeof value !== "object") return;
  for (const [field, inner] of Object.entries(value)) {
    see(field, inner);
    visit(inner, see);
  }
}
