import { claimSizes, type KubernetesObject } from "../../lib/kubernetes/index.ts";
import { quantity } from "../../policies/engine/quantities.ts";

/** A PersistentVolumeClaim, as far as growing looks at it. */
export interface Claim extends KubernetesObject {
  readonly spec: {
    readonly storageClassName?: string;
    readonly resources: { readonly requests: { readonly storage: string } };
  };
  readonly status?: {
    readonly phase?: string;
    readonly capacity?: { readonly storage?: string };
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** What a cluster has. */
export interface LiveState {
  readonly statefulSets: readonly KubernetesObject[];
  readonly claims: readonly Claim[];
  /** StorageClasses by name, and whether they expand volumes. */
  readonly expandable: ReadonlyMap<string, boolean>;
}

/** What is to be done about one claim. */
export type ClaimStep = { readonly namespace: string; readonly claim: string; readonly to: string } & (
  | { readonly action: "expand"; readonly from: string }
  /** Created ahead of its pod, because the StatefulSet would create it with the size of its template. */
  | { readonly action: "create"; readonly object: KubernetesObject }
  /** Requested already, and not done yet. */
  | { readonly action: "expanding"; readonly from: string; readonly reason: string }
  | { readonly action: "blocked"; readonly from: string; readonly reason: string }
);

/** A StatefulSet of the stack, as it is in the cluster, and the size that its claims should have. */
interface Wanted {
  readonly live: KubernetesObject;
  readonly replicas: number;
  readonly sizeOf: (template: string) => string | undefined;
}

/**
 * Compares the claims that a stack needs with those in the cluster. Claims that are larger than needed stay as they are:
 * Kubernetes cannot make them smaller.
 * @param objects what the stack renders, with the claim sizes that its workload needs
 */
export function growthOf(objects: readonly KubernetesObject[], live: LiveState): readonly ClaimStep[] {
  const claims = new Map(live.claims.map((claim) => [`${claim.metadata.namespace}/${claim.metadata.name}`, claim]));
  return objects.flatMap((object) => wantedOf(object, live.statefulSets)).flatMap((wanted) => stepsOf(wanted, claims));

  function stepsOf(
    { live: set, replicas, sizeOf }: Wanted,
    existing: ReadonlyMap<string, Claim>,
  ): readonly ClaimStep[] {
    const { name: setName, namespace = "" } = set.metadata;
    return (set.spec.volumeClaimTemplates ?? []).flatMap((template: Claim) => {
      const to = sizeOf(template.metadata.name);
      if (to === undefined) return [];
      const prefix = `${template.metadata.name}-${setName}-`;
      const ordinals = new Set(Array.from({ length: replicas }, (_, ordinal) => ordinal));
      for (const { metadata } of existing.values()) {
        const ordinal = metadata.name.startsWith(prefix) ? metadata.name.slice(prefix.length) : "";
        if (metadata.namespace === namespace && /^\d+$/.test(ordinal)) ordinals.add(Number(ordinal));
      }
      return [...ordinals]
        .sort((a, b) => a - b)
        .flatMap((ordinal) => {
          const claim = `${prefix}${ordinal}`;
          const found = existing.get(`${namespace}/${claim}`);
          if (found) return expansion(found, to, live.expandable);
          if (!isLess(template.spec.resources.requests.storage, to)) return [];
          return [{ action: "create" as const, namespace, claim, to, object: newClaim(set, template, claim, to) }];
        });
    });
  }
}

const isLess = (a: string, b: string): boolean => (quantity(a) ?? 0) < (quantity(b) ?? 0);

function expansion(claim: Claim, to: string, expandable: LiveState["expandable"]): readonly ClaimStep[] {
  const { name, namespace = "" } = claim.metadata;
  const place = { namespace, claim: name, to };
  const from = claim.spec.resources.requests.storage;
  if (!isLess(from, to)) {
    const actual = claim.status?.capacity?.storage;
    if (actual === undefined || !isLess(actual, to)) return [];
    const conditions = claim.status?.conditions?.filter(({ status }) => status === "True") ?? [];
    return [{ ...place, action: "expanding", from: actual, reason: conditions.map(({ type }) => type).join(", ") }];
  }
  const blocked = (reason: string): readonly ClaimStep[] => [{ ...place, action: "blocked", from, reason }];
  if (claim.status?.phase !== "Bound") return blocked("it has no volume yet: run this again when its pod is running");
  const storageClass = claim.spec.storageClassName;
  if (!storageClass) return blocked("it has no StorageClass, so its volume cannot be expanded");
  if (!expandable.get(storageClass)) return blocked(`StorageClass ${storageClass} does not allow volume expansion`);
  return [{ ...place, action: "expand", from }];
}

/** A claim as the StatefulSet controller creates it (kubernetes, pkg/controller/statefulset, getPersistentVolumeClaims), but larger. */
function newClaim(set: KubernetesObject, template: Claim, name: string, storage: string): KubernetesObject {
  const { labels, annotations } = template.metadata;
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name,
      namespace: set.metadata.namespace as string,
      labels: { ...labels, ...set.spec.selector.matchLabels },
      ...(annotations && { annotations }),
    },
    spec: { ...template.spec, resources: { ...template.spec.resources, requests: { storage } } },
  };
}

/** The StatefulSets in the cluster that an object stands for: itself, or those that the Prometheus operator makes of it. */
function wantedOf(object: KubernetesObject, statefulSets: readonly KubernetesObject[]): readonly Wanted[] {
  const sizes = claimSizes(object);
  if (Object.keys(sizes).length === 0) return [];
  const { name, namespace } = object.metadata;
  const operated = object.kind !== "StatefulSet";
  const pattern = operated
    ? new RegExp(`^${object.kind.toLowerCase()}-${name}(-shard-\\d+)?$`)
    : new RegExp(`^${name}$`);
  return statefulSets
    .filter(({ metadata }) => metadata.namespace === namespace && pattern.test(metadata.name))
    .map((live) => ({
      live,
      replicas: object.spec?.replicas ?? 1,
      sizeOf: (template) => sizes[operated ? "" : template],
    }));
}
