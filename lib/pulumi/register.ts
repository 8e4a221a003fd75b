import type * as pulumi from "@pulumi/pulumi";
import { ApiObject, type Chart } from "cdk8s";
import { claimTemplatePaths } from "../kubernetes/claims.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { definitionKey, keyOf, needsOf, subjectsOf } from "./needs.ts";
import { registerObject } from "./resources.ts";
import { revealedHashes, revealObject } from "./reveal.ts";
import { TokenTable } from "./tokens.ts";

/** Annotation of objects that are kept when the stack is destroyed: deleting a CRD deletes all resources of its kind. */
const keepAnnotation = "skopos.dev/keep";

/** A chart, the name prefix of its resources, and their options. */
export interface ChartToRegister {
  readonly chart: Chart;
  readonly name: string;
  readonly opts: pulumi.CustomResourceOptions;
}

/** An object that is to be registered. */
interface Entry {
  readonly object: ApiObject;
  readonly json: KubernetesObject;
  readonly name: string;
  readonly opts: pulumi.CustomResourceOptions;
  readonly hashes: ReadonlyMap<string, pulumi.Output<string>>;
}

/**
 * Registers all objects of several charts as children of their components, after the objects that they depend on, in any
 * chart: declared dependencies of cdk8s, namespace, definition of the kind, mounted objects, and the ServiceAccount with its
 * permissions. Pods are therefore created after these objects, and deleted before them. Claim templates
 * keep the size with which they were created: with another one, the provider would replace the object and its pods.
 */
export function registerCharts(charts: readonly ChartToRegister[], tokens: TokenTable): void {
  const entries = entriesOf(charts, tokens);
  const neededBy = needs(entries);
  const resources = new Map<Entry, pulumi.CustomResource>();
  const visited = new Set<Entry>();
  const register = (entry: Entry) => {
    if (visited.has(entry)) return;
    visited.add(entry);
    const needed = neededBy(entry);
    for (const each of needed) register(each);
    const { json, name, opts, hashes } = entry;
    const dependencies = needed.map((each) => resources.get(each)).filter((resource) => resource !== undefined);
    const revealed = revealObject(json, tokens, (annotation) => hashes.get(annotation));
    const fixed = claimTemplatePaths(json);
    const keep = json.metadata.annotations?.[keepAnnotation] === "true";
    resources.set(
      entry,
      registerObject(name, revealed, {
        ...opts,
        dependsOn: [...asArray(opts.dependsOn), ...dependencies],
        ...(keep && { retainOnDelete: true }),
        ...(fixed.length > 0 && { ignoreChanges: [...(opts.ignoreChanges ?? []), ...fixed] }),
      }),
    );
  };
  for (const entry of entries) register(entry);
}

/**
 * All objects with their resource names: component, kind and object name, with a number if a component has the same object
 * in two namespaces. Outputs in object names are left out, because resource names must be known in advance.
 */
function entriesOf(charts: readonly ChartToRegister[], tokens: TokenTable): Entry[] {
  const names = new Set<string>();
  const nameOf = (component: string, { kind, metadata }: KubernetesObject) => {
    const known = TokenTable.find(metadata.name).reduce((left, token) => left.replace(token, ""), metadata.name);
    const base = `${component}-${kind}-${known}`.toLowerCase().replaceAll("--", "-");
    let name = base;
    for (let count = 2; names.has(name); count++) name = `${base}-${count}`;
    names.add(name);
    return name;
  };
  return charts.flatMap(({ chart, name, opts }) => {
    const rendered = chart.apiObjects.map((object) => ({ object, json: object.toJson() as KubernetesObject }));
    const hashes = revealedHashes(
      rendered.map(({ json }) => json),
      tokens,
    );
    return rendered.map(({ object, json }) => ({ object, json, name: nameOf(name, json), opts, hashes }));
  });
}

/** Returns the entries that an entry depends on, without duplicates. */
function needs(entries: readonly Entry[]): (entry: Entry) => readonly Entry[] {
  const byObject = new Map(entries.map((entry) => [entry.object, entry]));
  const byKey = new Map<string, Entry>();
  /** Bindings by ServiceAccount. */
  const bindings = new Map<string, Entry[]>();
  for (const entry of entries) {
    const { kind, metadata } = entry.json;
    byKey.set(keyOf(kind, metadata.namespace, metadata.name), entry);
    if (kind === "CustomResourceDefinition") byKey.set(definedKind(entry.json), entry);
    for (const account of subjectsOf(entry.json)) bindings.set(account, [...(bindings.get(account) ?? []), entry]);
  }
  return (entry) => {
    const declared = entry.object.node.dependencies.flatMap((root) =>
      root.node.findAll().flatMap((node) => (node instanceof ApiObject ? [byObject.get(node)] : [])),
    );
    const isBinding = subjectsOf(entry.json).length > 0;
    const implied = needsOf(entry.json).flatMap((key) => [
      byKey.get(key),
      ...(isBinding ? [] : (bindings.get(key) ?? [])),
    ]);
    return [...new Set([...declared, ...implied])].filter((each) => each !== undefined && each !== entry) as Entry[];
  };
}

function definedKind(crd: KubernetesObject): string {
  const { group, names } = crd.spec as { group: string; names: { kind: string } };
  return definitionKey(group, names.kind);
}

function asArray(dependsOn: pulumi.CustomResourceOptions["dependsOn"]): pulumi.Resource[] {
  return (dependsOn === undefined ? [] : Array.isArray(dependsOn) ? dependsOn : [dependsOn]) as pulumi.Resource[];
}
