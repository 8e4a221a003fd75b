import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { claimSizes, claimTemplatePaths, type KubernetesObject, withClaimSizes } from "../lib/kubernetes/index.ts";
import { readInventory } from "./output-folder.ts";

/** A workload whose manifest keeps other claim sizes than its workload needs. */
export interface KeptClaims {
  /** `StatefulSet mimir` */
  readonly workload: string;
  /** By claim template. */
  readonly kept: Readonly<Record<string, string>>;
  readonly needed: Readonly<Record<string, string>>;
}

const identity = ({ kind, metadata }: KubernetesObject): string => `${kind} ${metadata.namespace} ${metadata.name}`;

/**
 * The claim sizes in the manifests that an earlier run wrote to a folder: what is in Git is what was deployed.
 * @returns sizes by object; nothing for a folder that is new
 */
function recordedClaims(folder: string): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const recorded = new Map<string, Readonly<Record<string, string>>>();
  for (const path of readInventory(folder)) {
    const file = join(folder, path);
    if (!/(^|\/)(statefulset|prometheus|alertmanager)-[^/]*\.yaml$/.test(path) || !existsSync(file)) continue;
    try {
      const object = parse(readFileSync(file, "utf8")) as KubernetesObject;
      recorded.set(identity(object), claimSizes(object));
    } catch {
      // Not a manifest any more: there is nothing to keep, and the file is written anew.
    }
  }
  return recorded;
}

/**
 * Lets claim templates keep the sizes that an earlier run wrote to a folder, because a template cannot change once it is
 * deployed.
 * @param onKept called for each workload whose needed sizes differ
 */
export function keepClaims(
  folder: string,
  onKept: (kept: KeptClaims) => void,
): <T extends KubernetesObject>(object: T) => T {
  const recorded = recordedClaims(folder);
  return (object) => {
    if (claimTemplatePaths(object).length === 0) return object;
    const kept = recorded.get(identity(object));
    const needed = claimSizes(object);
    if (!kept || Object.keys(needed).every((name) => kept[name] === undefined || kept[name] === needed[name]))
      return object;
    onKept({ workload: `${object.kind} ${object.metadata.name}`, kept, needed });
    return withClaimSizes(object, kept);
  };
}

/** What a user must know about claims that kept their size. */
export function keptClaimsText(stack: string, kept: readonly KeptClaims[]): string {
  const lines = kept.map(({ workload, kept: sizes, needed }) => {
    const [name = ""] = Object.keys(needed);
    return `  ${workload}: ${sizes[name]}, and needs ${needed[name]}`;
  });
  return [
    "claim templates keep the size that was written before, because they cannot change once deployed:",
    ...lines,
    `  npx skopos grow --stack ${stack}   expands the claims, without a restart`,
    "  --resize-claims                takes the new sizes, if nothing was deployed yet",
  ].join("\n");
}
