import type { KubernetesObject } from "../lib/kubernetes/index.ts";

/** The folders of a rendered stack, in the order in which they are applied. Each needs those before it. */
export const folders = ["00-crds", "10-namespaces", "20-stack", "30-zone-b", "40-zone-c"] as const;
export type Folder = (typeof folders)[number];

/**
 * The folder of an object: definitions before the resources of their kinds, namespaces before what is in them, and the second
 * and third zone of a zone-aware store after the one before. Two zones that restart at once leave a single copy of the data.
 */
export function folderOf({ kind, metadata }: KubernetesObject): Folder {
  if (kind === "CustomResourceDefinition") return "00-crds";
  if (kind === "Namespace") return "10-namespaces";
  const zone = metadata.labels?.["skopos.dev/zone"];
  return zone === "zone-b" ? "30-zone-b" : zone === "zone-c" ? "40-zone-c" : "20-stack";
}
