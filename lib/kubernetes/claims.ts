import type { KubernetesObject } from "./object.ts";

// A claim template cannot change: the API server rejects a StatefulSet with another one, and the Prometheus operator deletes
// its StatefulSet with all pods. So a template keeps the size with which it was created. Claims themselves can be expanded.

/** A claim template, as far as its size goes. */
interface ClaimTemplate {
  readonly metadata?: { readonly name?: string };
  readonly spec?: { readonly resources?: { readonly requests?: { readonly storage?: string } } };
}

/** Where an object has claim templates: a StatefulSet, or a resource of which an operator makes StatefulSets. */
const templatePaths: Readonly<Record<string, readonly [section: string, field: string]>> = {
  StatefulSet: ["spec", "volumeClaimTemplates"],
  Prometheus: ["spec", "storage"],
  Alertmanager: ["spec", "storage"],
};

/** Paths of an object's claim templates as Pulumi's `ignoreChanges` takes them; none for kinds without any. */
export function claimTemplatePaths({ kind }: Pick<KubernetesObject, "kind">): readonly string[] {
  const path = templatePaths[kind];
  return path ? [path.join(".")] : [];
}

function templatesOf(object: Pick<KubernetesObject, "kind">): readonly ClaimTemplate[] {
  const [section, field] = templatePaths[object.kind] ?? [];
  const held = (object as unknown as Record<string, Record<string, unknown> | undefined>)[section ?? ""]?.[field ?? ""];
  if (Array.isArray(held)) return held as ClaimTemplate[];
  const { volumeClaimTemplate } = (held ?? {}) as { volumeClaimTemplate?: ClaimTemplate };
  return volumeClaimTemplate ? [volumeClaimTemplate] : [];
}

/** The requested size of each claim template by the template's name, as a quantity: `{data: "4Gi"}`. */
export function claimSizes(object: Pick<KubernetesObject, "kind">): Readonly<Record<string, string>> {
  return Object.fromEntries(
    templatesOf(object).flatMap(({ metadata, spec }) => {
      const storage = spec?.resources?.requests?.storage;
      return storage === undefined ? [] : [[metadata?.name ?? "", String(storage)]];
    }),
  );
}

/** A copy of an object whose claim templates have these sizes; templates that are not named keep their own. */
export function withClaimSizes<T extends Pick<KubernetesObject, "kind">>(
  object: T,
  sizes: Readonly<Record<string, string>>,
): T {
  const copy = structuredClone(object);
  for (const { metadata, spec } of templatesOf(copy)) {
    const size = sizes[metadata?.name ?? ""];
    const requests = spec?.resources?.requests as { storage?: string } | undefined;
    if (size !== undefined && requests) requests.storage = size;
  }
  return copy;
}
