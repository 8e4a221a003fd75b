import type { IAffinity } from "kubernetes-models/v1/Affinity";
import type { INodeSelectorTerm } from "kubernetes-models/v1/NodeSelectorTerm";
import type { IToleration } from "kubernetes-models/v1/Toleration";
import type { Labels } from "../labels.ts";
import type { WorkloadOptions } from "./types.ts";

/** Where pods run, as pod templates and the resources of operators have it. */
export interface Placement {
  readonly nodeSelector: Record<string, string>;
  readonly affinity?: IAffinity;
  readonly tolerations?: IToleration[];
  readonly priorityClassName?: string;
}

/** What a workload itself needs of its placement. */
export interface OwnPlacement {
  readonly nodeSelector?: Labels;
  readonly affinity?: IAffinity;
  readonly tolerations?: readonly IToleration[];
}

/** The placement of pods: what the workload needs, and what its options add. */
export function placementOf(options: WorkloadOptions, own: OwnPlacement = {}): Placement {
  const affinity = bothAffinities(own.affinity, options.affinity);
  const tolerations = [...(own.tolerations ?? []), ...(options.tolerations ?? [])];
  return {
    nodeSelector: { "kubernetes.io/os": "linux", ...own.nodeSelector, ...options.nodeSelector },
    ...(affinity && { affinity }),
    ...(tolerations.length > 0 && { tolerations }),
    ...(options.priorityClassName && { priorityClassName: options.priorityClassName }),
  };
}

/**
 * Both affinities at once. Terms of a node selector are alternatives, so each of one side is joined with each of the other;
 * everything else is a list that must hold, or a preference, as a whole.
 */
function bothAffinities(own: IAffinity | undefined, added: IAffinity | undefined): IAffinity | undefined {
  if (!own || !added) return own ?? added;
  const required = "requiredDuringSchedulingIgnoredDuringExecution";
  const preferred = "preferredDuringSchedulingIgnoredDuringExecution";
  const lists = <K extends "podAffinity" | "podAntiAffinity">(key: K) => {
    const [first, second] = [own[key], added[key]];
    if (!first && !second) return {};
    const joined = [required, preferred].flatMap((list) => {
      const items = [...(first?.[list as typeof required] ?? []), ...(second?.[list as typeof required] ?? [])];
      return items.length > 0 ? [[list, items] as const] : [];
    });
    return { [key]: Object.fromEntries(joined) };
  };
  const [ownNodes, addedNodes] = [own.nodeAffinity, added.nodeAffinity];
  const terms = bothTerms(ownNodes?.[required]?.nodeSelectorTerms, addedNodes?.[required]?.nodeSelectorTerms);
  const preferences = [...(ownNodes?.[preferred] ?? []), ...(addedNodes?.[preferred] ?? [])];
  const nodeAffinity = {
    ...(terms.length > 0 && { [required]: { nodeSelectorTerms: terms } }),
    ...(preferences.length > 0 && { [preferred]: preferences }),
  };
  return {
    ...(Object.keys(nodeAffinity).length > 0 && { nodeAffinity }),
    ...lists("podAffinity"),
    ...lists("podAntiAffinity"),
  };
}

function bothTerms(
  own: readonly INodeSelectorTerm[] = [],
  added: readonly INodeSelectorTerm[] = [],
): INodeSelectorTerm[] {
  if (own.length === 0 || added.length === 0) return [...own, ...added];
  const join = <T>(first: readonly T[] = [], second: readonly T[] = []) => [...first, ...second];
  return own.flatMap((first) =>
    added.map((second) => {
      const matchExpressions = join(first.matchExpressions, second.matchExpressions);
      const matchFields = join(first.matchFields, second.matchFields);
      return {
        ...(matchExpressions.length > 0 && { matchExpressions }),
        ...(matchFields.length > 0 && { matchFields }),
      };
    }),
  );
}
