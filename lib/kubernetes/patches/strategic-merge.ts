type Fields = Readonly<Record<string, unknown>>;

/**
 * Keys by which Kubernetes merges the items of a list, by the list's name and that of the field that holds it. Lists that are
 * not here (`tolerations`, `args`, `accessModes`) are replaced as a whole.
 * @see https://github.com/kubernetes/api/blob/v0.36.0/core/v1/types.go `patchMergeKey`
 */
const mergeKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ["name"],
  initContainers: ["name"],
  ephemeralContainers: ["name"],
  env: ["name"],
  volumes: ["name"],
  volumeMounts: ["mountPath"],
  volumeDevices: ["devicePath"],
  imagePullSecrets: ["name"],
  hostAliases: ["ip"],
  topologySpreadConstraints: ["topologyKey"],
  secrets: ["name"],
  ownerReferences: ["uid"],
};

/** `ports` is two lists: a Service's by port, a container's by containerPort. */
function mergeKeyOf(list: string, items: readonly unknown[]): string | undefined {
  if (list !== "ports") return mergeKeys[list]?.[0];
  return items.some((item) => isMap(item) && "containerPort" in item) ? "containerPort" : "port";
}

const isMap = (value: unknown): value is Fields => value !== null && typeof value === "object" && !Array.isArray(value);

/**
 * Applies a strategic merge patch. `$patch: delete` in an item of a list with a merge key removes the item, `$patch: replace`
 * in a map replaces the map.
 * @param byKey whether lists are merged by key: not in custom resources, whose lists are replaced as kubectl does it
 */
export function strategicMerge(target: unknown, patch: unknown, byKey: boolean, field = ""): unknown {
  if (Array.isArray(patch)) {
    const key = byKey ? mergeKeyOf(field, patch) : undefined;
    return key && Array.isArray(target) ? mergeLists(target, patch, key) : patch;
  }
  if (!isMap(patch)) return patch;
  const { $patch: directive, ...changes } = patch;
  if (directive === "replace") return changes;
  const merged: Record<string, unknown> = isMap(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete merged[name];
    else merged[name] = strategicMerge(merged[name], value, byKey, name);
  }
  return merged;
}

function mergeLists(target: readonly unknown[], patch: readonly unknown[], key: string): unknown[] {
  const result = [...target];
  for (const item of patch) {
    if (!isMap(item)) {
      result.push(item);
      continue;
    }
    const index = result.findIndex((each) => isMap(each) && each[key] === item[key]);
    if (item.$patch === "delete") {
      if (index >= 0) result.splice(index, 1);
    } else if (index >= 0) result[index] = strategicMerge(result[index], item, true);
    else result.push(strategicMerge({}, item, true));
  }
  return result;
}
