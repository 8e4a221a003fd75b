import { isDeepStrictEqual } from "node:util";
import type { KubernetesObject } from "../../lib/kubernetes/object.ts";
import { type Api, ApiError } from "./api.ts";
import { applyObject, nameOf } from "./apply.ts";

/** What the API server would do with one object. */
export type Outcome =
  | { readonly kind: "created" | "unchanged" | "updated" | "removed" }
  /** Updated, with another pod template: its pods are replaced. */
  | { readonly kind: "restarts" }
  /** The object would have to be replaced: a field that cannot change does. */
  | { readonly kind: "immutable"; readonly reason: string }
  | { readonly kind: "rejected"; readonly reason: string };

const immutable = /immutable|field is immutable|Forbidden: updates to|may not change|cannot be changed/i;

/**
 * What applying `to` would do where `from` stands, object by object, by server-side dry run. `from` must have been applied.
 * @returns the outcome of every object of either side by its name.
 */
export async function transition(
  api: Api,
  from: readonly KubernetesObject[],
  to: readonly KubernetesObject[],
): Promise<Map<string, Outcome>> {
  const outcomes = new Map(
    await Promise.all(to.map(async (object) => [nameOf(object), await outcomeOf(api, object)] as const)),
  );
  const kept = new Set(to.map(nameOf));
  for (const object of from) if (!kept.has(nameOf(object))) outcomes.set(nameOf(object), { kind: "removed" });
  return outcomes;
}

async function outcomeOf(api: Api, object: KubernetesObject): Promise<Outcome> {
  const { apiVersion, kind, metadata } = object;
  const live = await api.get(apiVersion, kind, metadata.namespace ?? "", metadata.name);
  try {
    const { object: then } = await applyObject(api, object, { dryRun: true });
    if (live === undefined) return { kind: "created" };
    if (isDeepStrictEqual(content(live), content(then))) return { kind: "unchanged" };
    return { kind: isDeepStrictEqual(podTemplate(live), podTemplate(then)) ? "updated" : "restarts" };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { kind: immutable.test(error.message) ? "immutable" : "rejected", reason: error.message };
  }
}

/** Everything but what the server and its controllers keep count with: they may write between two looks. */
const content = ({ metadata, status: _, ...rest }: KubernetesObject) => {
  const { resourceVersion, generation, managedFields, annotations = {}, ...kept } = metadata;
  const { "deployment.kubernetes.io/revision": revision, ...ours } = annotations;
  return { ...rest, metadata: { ...kept, annotations: ours } };
};

const podTemplate = ({ spec }: KubernetesObject) => (spec as { template?: unknown } | undefined)?.template;
