import { yamlText } from "../lib/formats/yaml.ts";
import type { KubernetesObject } from "../lib/kubernetes/index.ts";
import { type OwnedObject, objectsOf, type RenderedStack } from "../stacks/stack.ts";
import { folderOf } from "./layout.ts";

/** A file of `skopos render`. */
export interface Manifest {
  /** `20-stack/<component>/<kind>-<name>.yaml` */
  readonly path: string;
  readonly text: string;
}

const baseName = ({ component, object }: OwnedObject): string =>
  `${placeOf(component, object)}/${object.kind.toLowerCase()}-${object.metadata?.name}`;

/** Definitions and namespaces need no folder per component. */
function placeOf(component: string, object: KubernetesObject): string {
  const folder = folderOf(object);
  return folder === "00-crds" || folder === "10-namespaces" ? folder : `${folder}/${component}`;
}

/**
 * An object's file: sorted keys, no folded lines, no anchors. CRDs are written as JSON, which is valid YAML: they are
 * megabytes that nobody reads, and printing them as YAML would take most of the time of a render.
 */
function manifestText(object: KubernetesObject): string {
  if (object.kind === "CustomResourceDefinition") return `${JSON.stringify(object, null, 1)}\n`;
  return yamlText(object, { sortMapEntries: true, aliasDuplicateObjects: false });
}

/**
 * A stack's files, sorted by path. Where two objects would share a file, the namespace becomes part of the name.
 * @param adjust changes each object before it is written
 */
export function manifestsOf(
  stack: RenderedStack,
  adjust: (object: KubernetesObject) => KubernetesObject = (object) => object,
): readonly Manifest[] {
  const objects = objectsOf(stack).map(({ component, object }) => ({ component, object: adjust(object) }));
  const shared = new Map<string, number>();
  for (const object of objects) shared.set(baseName(object), (shared.get(baseName(object)) ?? 0) + 1);
  const files = new Map<string, string>();
  for (const owned of objects) {
    const base = baseName(owned);
    const suffix = (shared.get(base) ?? 0) > 1 ? `-${owned.object.metadata?.namespace}` : "";
    const path = `${base}${suffix}.yaml`;
    if (files.has(path)) throw new Error(`two objects would be written to ${path}`);
    files.set(path, manifestText(owned.object));
  }
  return [...files].map(([path, text]) => ({ path, text })).sort((a, b) => (a.path < b.path ? -1 : 1));
}
