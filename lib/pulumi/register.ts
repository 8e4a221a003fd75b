import type * as pulumi from "@pulumi/pulumi";
import { ApiObject, type Chart } from "cdk8s";
import { registerObject } from "./resources.ts";
import { type RenderedObject, revealedHashes, revealObject } from "./reveal.ts";
import type { TokenTable } from "./tokens.ts";

/** What has been registered so far: later objects wait for the ones they need. */
export class Registered {
  readonly #resources = new Map<ApiObject, pulumi.CustomResource>();
  /** Namespaces by name and CRDs by `group/kind`: everything in them, or of them, comes after. */
  readonly #prerequisites = new Map<string, pulumi.CustomResource>();
  readonly #names = new Set<string>();

  /** Registers every object of a chart as a child of the component. */
  addChart(chart: Chart, tokens: TokenTable, name: string, opts: pulumi.CustomResourceOptions): void {
    const objects = inOrder(chart);
    const rendered = new Map(objects.map((object) => [object, object.toJson() as RenderedObject]));
    const hashes = revealedHashes([...rendered.values()], tokens);
    for (const [object, json] of rendered) {
      const dependsOn = [...asArray(opts.dependsOn), ...this.#needs(object, json)];
      const resource = registerObject(
        this.#nameOf(name, json),
        revealObject(json, tokens, (annotation) => hashes.get(annotation)),
        { ...opts, dependsOn: dependsOn as pulumi.Resource[] },
      );
      this.#resources.set(object, resource);
      if (json.kind === "Namespace") this.#prerequisites.set(`Namespace/${json.metadata.name}`, resource);
      if (json.kind === "CustomResourceDefinition") this.#prerequisites.set(definedKind(json), resource);
    }
  }

  #needs(object: ApiObject, json: RenderedObject): pulumi.Resource[] {
    const declared = object.node.dependencies.flatMap((root) =>
      root.node.findAll().flatMap((node) => (node instanceof ApiObject ? [this.#resources.get(node)] : [])),
    );
    const implied = [
      this.#prerequisites.get(`Namespace/${json.metadata.namespace}`),
      this.#prerequisites.get(`${json.apiVersion.split("/")[0]}/${json.kind}`),
    ];
    return [...declared, ...implied].filter((resource) => resource !== undefined);
  }

  /** Component + kind + object name; numbered where a component has the same twice, in two namespaces. */
  #nameOf(component: string, { kind, metadata }: RenderedObject): string {
    const base = `${component}-${kind}-${metadata.name}`.toLowerCase();
    let name = base;
    for (let count = 2; this.#names.has(name); count++) name = `${base}-${count}`;
    this.#names.add(name);
    return name;
  }
}

/** Namespaces and CRDs first, then as declared, each object after those it depends on. */
function inOrder(chart: Chart): ApiObject[] {
  const objects = chart.apiObjects;
  const first = (object: ApiObject) =>
    object.kind === "Namespace" || object.kind === "CustomResourceDefinition" ? 0 : 1;
  const sorted: ApiObject[] = [];
  const visit = (object: ApiObject) => {
    if (sorted.includes(object)) return;
    for (const root of object.node.dependencies) {
      for (const node of root.node.findAll()) if (node instanceof ApiObject && objects.includes(node)) visit(node);
    }
    sorted.push(object);
  };
  for (const object of [...objects].sort((a, b) => first(a) - first(b))) visit(object);
  return sorted;
}

function definedKind(crd: RenderedObject): string {
  const { group, names } = crd.spec as { group: string; names: { kind: string } };
  return `${group}/${names.kind}`;
}

function asArray(dependsOn: pulumi.CustomResourceOptions["dependsOn"]): pulumi.Resource[] {
  return (dependsOn === undefined ? [] : Array.isArray(dependsOn) ? dependsOn : [dependsOn]) as pulumi.Resource[];
}
