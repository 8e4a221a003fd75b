import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { Footprint, ImageName } from "../../../lib/kubernetes/index.ts";
import type { KubernetesObject } from "../../../lib/kubernetes/object.ts";
import { readStackFile, stackNames } from "../../../stacks/load.ts";
import { type ResolvedStack, resolve } from "../../../stacks/resolve.ts";
import { objectsOf, renderStack } from "../../../stacks/stack.ts";
import { operatorCrds } from "../../binaries/crds.ts";

const root = join(import.meta.dirname, "../../..");
const folder = join(root, "stacks");

/** A stack as its file has it, with some of its settings changed. */
export interface Variant {
  readonly name: string;
  readonly resolved: ResolvedStack;
  /** Images its pods run. */
  readonly images: ReadonlySet<ImageName>;
  /** What its workloads ask for: the rows of the plan. */
  readonly footprints: readonly Footprint[];
  /** Every object, in the order of the components. */
  readonly objects: readonly KubernetesObject[];
}

/** Settings by their path in the stack's file: `{"components.loki.enabled": false}`. */
export type Changes = Readonly<Record<string, unknown>>;

/** A stack's settings as its file has them, changed: keys have lost their `skopos:`. */
export function rawStack(stack: string, changes: Changes = {}): Record<string, unknown> {
  const changed = structuredClone(readStackFile(folder, stack).raw) as Record<string, unknown>;
  for (const [path, value] of Object.entries(changes)) setPath(changed, path.split("."), value);
  return changed;
}

/** Renders a stack of the repository with changed settings. Throws ConfigurationError where they make no sense. */
export function variant(stack: string, changes: Changes = {}): Variant {
  const resolved = resolve(rawStack(stack, changes), { stack, hasEnvironment: true });
  const rendered = renderStack(resolved);
  const settings = Object.entries(changes).map(([path, value]) => `${path}=${JSON.stringify(value)}`);
  return {
    name: [stack, ...settings].join(" "),
    resolved,
    images: new Set(rendered.charts.flatMap(({ usedImages }) => [...usedImages])),
    footprints: rendered.charts.flatMap(({ footprints }) => footprints),
    objects: objectsOf(rendered).map(({ object }) => object as KubernetesObject),
  };
}

function setPath(target: Record<string, unknown>, [key = "", ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const inner = target[key];
  target[key] = typeof inner === "object" && inner !== null ? inner : {};
  setPath(target[key] as Record<string, unknown>, rest, value);
}

/** Who may run the collectors. */
const collectorModes = ["native", "operator"] as const;

/** Every stack of the repository with either way to run the collectors. */
export const stackVariants = (): Variant[] =>
  stackNames(folder).flatMap((stack) => collectorModes.map((collectors) => variant(stack, { collectors })));

/** The OpenTelemetry operator's CRDs: a stack in operator mode expects that operator in the cluster. */
const otelOperatorCrds = (): KubernetesObject[] =>
  parseAllDocuments(readFileSync(join(root, "test/data/opentelemetry-operator-crds.yaml"), "utf8"))
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((document) => document !== null);

let known: KubernetesObject[] | undefined;

/** The CRDs of both operators: what a cluster has that other teams use too. */
export function definitions(): readonly KubernetesObject[] {
  known ??= [...otelOperatorCrds(), ...(operatorCrds() as unknown as KubernetesObject[])];
  return known;
}

/** What must be in a cluster before a stack comes: CRDs that others bring. The stack's own are left to it. */
export function prerequisites({ objects }: Variant): KubernetesObject[] {
  const own = new Set(
    objects.filter(({ kind }) => kind === "CustomResourceDefinition").map(({ metadata }) => metadata.name),
  );
  return definitions().filter(({ metadata }) => !own.has(metadata.name));
}
