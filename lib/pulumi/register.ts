import type * as pulumi from "@pulumi/pulumi";
import { ApiObject, type Chart } from "cdk8s";
import { registerObject } from "./resources.ts";
import { type RenderedObject, revealedHashes, revealObject } from "./reveal.ts";
import type { TokenTable } from "./tokens.ts";

/** Annotation of objects that outlive the stack: CRDs, with which every resource of their kind would go. */
const keepAnnotation = "skopos.dev/keep";

/** What every other object may need. */
const isPrerequisite = (kind: string): boolean => kind === "Namespace" || kind === "CustomResourceDefinition";

/** A chart, the name that its resources start with, and the options they are given. */
export interface ChartToRegister {
  readonly chart: Chart;
  readonly name: string;
  readonly opts: pulumi.CustomResourceOptions;
}

/** What has been registered so far: later objects wait for the ones they need. */
export class Registered {
  readonly #resources = new Map<ApiObject, pulumi.CustomResource>();
  /** Namespaces by name and CRDs by `group/kind`: everything in them, or of them, comes after. */
  readonly #prerequisites = new Map<string, pulumi.CustomResource>();
  readonly #names = new Set<string>();

  /**
   * Registers every object of several charts, each as a child of its own component. Namespaces and CRDs of all charts
   * come first: a ServiceMonitor of one chart needs the definition that another brings.
   */
  addCharts(charts: readonly ChartToRegister[], tokens: TokenTable): void {
    const prepared = charts.map((each) => {
      const rendered = new Map(inOrder(each.chart).map((object) => [object, object.toJson() as RenderedObject]));
      return { ...each, rendered, hashes: revealedHashes([...rendered.values()], tokens) };
    });
    for (const first of [true, false]) {
      for (const { name, opts, rendered, hashes } of prepared) {
        for (const [object, json] of rendered) {
          if (isPrerequisite(json.kind) !== first) continue;
          const revealed = revealObject(json, tokens, (annotation) => hashes.get(annotation));
          this.#register(
            object,
            json,
            registerObject(this.#nameOf(name, json), revealed, this.#options(object, json, opts)),
          );
        }
      }
    }
  }

  #options(object: ApiObject, json: RenderedObject, opts: pulumi.CustomResourceOptions): pulumi.CustomResourceOptions {
    const keep = json.metadata.annotations?.[keepAnnotation] === "true";
    const dependsOn = [...asArray(opts.dependsOn), ...this.#needs(object, json)];
    return { ...opts, dependsOn, ...(keep && { retainOnDelete: true }) };
  }

  #register(object: ApiObject, json: RenderedObject, resource: pulumi.CustomResource): void {
    this.#resources.set(object, resource);
    if (json.kind === "Namespace") this.#prerequisites.set(`Namespace/${json.metadata.name}`, resource);
    if (json.kind === "CustomResourceDefinition") this.#prerequisites.set(definedKind(json), resource);
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

/** A chart's objects as declared, each after those it depends on. */
function inOrder(chart: Chart): ApiObject[] {
  const own = new Set(chart.apiObjects);
  const sorted = new Set<ApiObject>();
  const visit = (object: ApiObject) => {
    if (sorted.has(object)) return;
    for (const root of object.node.dependencies) {
      for (const node of root.node.findAll()) if (node instanceof ApiObject && own.has(node)) visit(node);
    }
    sorted.add(object);
  };
  for (const object of own) visit(object);
  return [...sorted];
}

function definedKind(crd: RenderedObject): string {
  const { group, names } = crd.spec as { group: string; names: { kind: string } };
  return `${group}/${names.kind}`;
}

function asArray(dependsOn: pulumi.CustomResourceOptions["dependsOn"]): pulumi.Resource[] {
  return (dependsOn === undefined ? [] : Array.isArray(dependsOn) ? dependsOn : [dependsOn]) as pulumi.Resource[];
}
