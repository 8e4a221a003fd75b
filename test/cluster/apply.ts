import type { KubernetesObject } from "../../lib/kubernetes/object.ts";
import { until } from "../support/wait.ts";
import { type Api, ApiError } from "./api.ts";

/** How objects are applied. */
export interface ApplyOptions {
  /** Who owns the fields. @default "skopos" */
  readonly fieldManager?: string;
  /** Asks what would happen, and changes nothing. @default false */
  readonly dryRun?: boolean;
}

/** An object as the server holds it after an apply, and what the server had to say. */
export interface Applied {
  readonly object: KubernetesObject;
  readonly warnings: readonly string[];
}

/** `Deployment observability/grafana`, for messages and as a key. */
export const nameOf = ({ kind, metadata }: KubernetesObject): string =>
  metadata.namespace === undefined ? `${kind} ${metadata.name}` : `${kind} ${metadata.namespace}/${metadata.name}`;

// Later kinds refer to earlier ones; what is not listed goes last, in the order given.
const order = [
  "CustomResourceDefinition",
  "Namespace",
  "PriorityClass",
  "StorageClass",
  "ServiceAccount",
  "ClusterRole",
  "ClusterRoleBinding",
  "Role",
  "RoleBinding",
  "NetworkPolicy",
  "ConfigMap",
  "Secret",
  "Service",
];

/** Objects in the order in which they can be applied: those of one group side by side, the groups one after the other. */
function inGroups<T extends KubernetesObject>(objects: readonly T[]): T[][] {
  const rank = ({ kind }: T) => (order.includes(kind) ? order.indexOf(kind) : order.length);
  const groups = [...Map.groupBy(objects, rank)];
  return groups.sort(([a], [b]) => a - b).map(([, group]) => group);
}

/** Does something with every object, group by group, and returns what came of each, in that order. */
async function forEachGroup<T>(
  objects: readonly KubernetesObject[],
  action: (object: KubernetesObject) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  for (const group of inGroups(objects)) results.push(...(await Promise.all(group.map(action))));
  return results;
}

/** Applies one object server-side: unknown and duplicate fields are errors, fields of another owner a conflict. */
export async function applyObject(api: Api, object: KubernetesObject, options: ApplyOptions = {}): Promise<Applied> {
  const { apiVersion, kind, metadata } = object;
  const { fieldManager = "skopos", dryRun = false } = options;
  const path = await api.path(apiVersion, kind, metadata.namespace, metadata.name);
  const query = `fieldManager=${fieldManager}&fieldValidation=Strict${dryRun ? "&dryRun=All" : ""}`;
  // Apply patches are YAML, and JSON is YAML.
  const answer = await api.send<KubernetesObject>("PATCH", `${path}?${query}`, object, "application/apply-patch+yaml");
  return { object: answer.body, warnings: answer.warnings };
}

/** The server's refusals of several objects, all of them. */
export class ApplyError extends Error {
  readonly refusals: readonly { readonly object: KubernetesObject; readonly error: ApiError }[];
  constructor(refusals: ApplyError["refusals"]) {
    super(refusals.map(({ object, error }) => `${nameOf(object)}: ${error.message}`).join("\n"));
    this.refusals = refusals;
  }
}

/**
 * Applies objects in dependency order, and waits for each CustomResourceDefinition to be established before its kinds come.
 * @throws ApplyError with every refusal, after everything that could be applied was.
 */
export async function apply(
  api: Api,
  objects: readonly KubernetesObject[],
  options: ApplyOptions = {},
): Promise<Applied[]> {
  const applied: Applied[] = [];
  const refusals: { object: KubernetesObject; error: ApiError }[] = [];
  const applyAll = (some: readonly KubernetesObject[]) =>
    forEachGroup(some, async (object) => {
      try {
        applied.push(await applyObject(api, object, options));
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        refusals.push({ object, error });
      }
    });
  const definitions = objects.filter(({ kind }) => kind === "CustomResourceDefinition");
  await applyAll(definitions);
  if (!options.dryRun) for (const definition of definitions) await established(api, definition);
  await applyAll(objects.filter((object) => !definitions.includes(object)));
  if (refusals.length > 0) throw new ApplyError(refusals);
  return applied;
}

interface Definition extends KubernetesObject {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Waits until a definition is established, and its kind found in every version: the one comes a moment before the other. */
const established = (api: Api, { apiVersion, kind, metadata }: KubernetesObject) =>
  until(`CRD ${metadata.name} to be established`, async () => {
    const live = await api.get<Definition>(apiVersion, kind, "", metadata.name);
    if (!live?.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True"))
      return false;
    const { group, names, versions } = live.spec;
    for (const { name, served } of versions) if (served) await api.path(`${group}/${name}`, names.kind);
    return true;
  });

/**
 * Applies objects that are applied already, and returns the names of those that this changes: whose resource version is
 * another afterwards. A controller may write a status between the two looks, so a change counts when it shows three times.
 */
export async function changedByApplying(api: Api, objects: readonly KubernetesObject[]): Promise<string[]> {
  const changes = async (object: KubernetesObject) => {
    const { apiVersion, kind, metadata } = object;
    const live = await api.get<KubernetesObject>(apiVersion, kind, metadata.namespace ?? "", metadata.name);
    const { object: then } = await applyObject(api, object);
    return live?.metadata.resourceVersion !== then.metadata.resourceVersion;
  };
  const names = await forEachGroup(objects, async (object) =>
    (await changes(object)) && (await changes(object)) && (await changes(object)) ? [nameOf(object)] : [],
  );
  return names.flat();
}

/** Deletes objects in the reverse of their order, waits until they are gone, and returns the names of those it deleted. */
export async function remove(api: Api, objects: readonly KubernetesObject[]): Promise<string[]> {
  const removed: string[] = [];
  const gone = async (object: KubernetesObject) => {
    const { apiVersion, kind, metadata } = object;
    return (await api.get(apiVersion, kind, metadata.namespace ?? "", metadata.name)) === undefined;
  };
  for (const group of inGroups(objects).toReversed())
    await Promise.all(
      group.map(async (object) => {
        const { apiVersion, kind, metadata } = object;
        try {
          const path = await api.path(apiVersion, kind, metadata.namespace, metadata.name);
          await api.send("DELETE", `${path}?propagationPolicy=Background`);
          removed.push(nameOf(object));
        } catch (error) {
          if (!(error instanceof ApiError && error.status === 404)) throw error;
        }
      }),
    );
  await Promise.all(objects.map((object) => until(`${nameOf(object)} to be gone`, () => gone(object))));
  return removed;
}

/** Removes what is in `before` and no longer in `after`: what a tool does that keeps an inventory. */
export function prune(
  api: Api,
  before: readonly KubernetesObject[],
  after: readonly KubernetesObject[],
): Promise<string[]> {
  const kept = new Set(after.map(nameOf));
  return remove(
    api,
    before.filter((object) => !kept.has(nameOf(object))),
  );
}
