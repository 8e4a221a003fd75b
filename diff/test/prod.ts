import { join } from "node:path";
import { loadStack, objectsOf } from "../../stacks/stack.ts";
import { parseEmbedded } from "../model/embedded.ts";
import { isFields, type Manifest } from "../model/object.ts";

const stacks = join(import.meta.dirname, "../../stacks");
const rendered = JSON.stringify(objectsOf(loadStack(stacks, "prod")).map(({ object }) => object));

/** Our own `prod` stack as rendered, a fresh copy each time. */
export function prod(): Manifest[] {
  return JSON.parse(rendered) as Manifest[];
}

// biome-ignore lint/suspicious/noExplicitAny: scenarios change any field of any object
type Anything = any;

/** The object of a kind and name. @throws Error when the stack has none */
export function find(objects: readonly Manifest[], kind: string, name: string): Anything {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (!found) throw new Error(`prod renders no ${kind} ${name}`);
  return found;
}

/** Removes an object. @throws Error when the stack has none */
export function remove(objects: Manifest[], kind: string, name: string): void {
  objects.splice(objects.indexOf(find(objects, kind, name)), 1);
}

/** Changes a text inside a ConfigMap's file. @throws Error when the text is not there: a scenario that changes nothing */
export function edit(
  objects: readonly Manifest[],
  name: string,
  file: string,
  from: string | RegExp,
  to: string,
): void {
  const { data } = find(objects, "ConfigMap", name);
  const edited = data[file].replace(from, to);
  if (edited === data[file]) throw new Error(`${name}/${file} does not hold ${from}`);
  data[file] = edited;
}

/** The rule of a name in any PrometheusRule. @throws Error when there is none */
export function rule(objects: readonly Manifest[], alert: string): Anything {
  for (const { kind, spec } of objects as Anything[]) {
    if (kind !== "PrometheusRule") continue;
    for (const group of spec.groups) for (const each of group.rules) if (each.alert === alert) return each;
  }
  throw new Error(`prod has no alert ${alert}`);
}

/** A dashboard, and a way to put it back. */
export interface FoundDashboard {
  readonly value: Anything;
  readonly write: (spaces?: number) => void;
}

/** The first dashboard in any ConfigMap. @throws Error when there is none */
export function dashboard(objects: readonly Manifest[]): FoundDashboard {
  for (const { kind, data } of objects as Anything[]) {
    if (kind !== "ConfigMap") continue;
    for (const [file, text] of Object.entries<string>(data)) {
      const value = file.endsWith(".json") ? parseEmbedded("json", text) : undefined;
      if (!isFields(value) || !Array.isArray(value.panels)) continue;
      return { value, write: (spaces) => Object.assign(data, { [file]: JSON.stringify(value, null, spaces) }) };
    }
  }
  throw new Error("prod has no dashboard");
}
