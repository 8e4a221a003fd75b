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

/** Names, those that are there twice with a suffix. */
function distinct(names: readonly string[], suffixes: readonly (string | undefined)[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return names.map((name, index) => ((counts.get(name) ?? 0) > 1 ? `${name}-${suffixes[index]}` : name));
}

/**
 * A stack's files, sorted by path. Where two objects would share a file, the namespace becomes part of the name, and the API
 * group where kinds of two groups have one name.
 * @param adjust changes each object before it is written
 */
export function manifestsOf(
  stack: RenderedStack,
  adjust: (object: KubernetesObject) => KubernetesObject = (object) => object,
): readonly Manifest[] {
  const objects = objectsOf(stack).map(({ component, object }) => ({ component, object: adjust(object) }));
  const names = distinct(
    distinct(
      objects.map(baseName),
      objects.map(({ object }) => object.metadata?.namespace),
    ),
    objects.map(({ object }) => object.apiVersion.replace(/\/.*/, "")),
  );
  const files = new Map<string, string>();
  for (const [index, { object }] of objects.entries()) {
    const path = `${names[index]}.yaml`;
    if (files.has(path)) throw new Error(`two objects would be written to ${path}`);
    files.set(path, manifestText(object));
  }
  return [...files].map(([path, text]) => ({ path, text })).sort((a, b) => (a.path < b.path ? -1 : 1));
}
