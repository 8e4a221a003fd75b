import { paint } from "../terminal.ts";
import type { RegisteredResource } from "./embedded.ts";

/** A resource and its children. */
interface Node {
  readonly resource: RegisteredResource;
  readonly children: Node[];
}

/**
 * The component that a resource belongs to. An object's name starts with its component's: the longest match wins. A
 * component's starts with that of the whole stack, the shortest (`observability-mimir-rules` is not in
 * `observability-mimir`).
 */
function parentOf(resource: RegisteredResource, nodes: readonly Node[]): Node | undefined {
  const holders = nodes
    .filter(({ resource: other }) => other.component && resource.name.startsWith(`${other.name}-`))
    .sort((a, b) => b.resource.name.length - a.resource.name.length);
  return resource.component ? holders.at(-1) : holders[0];
}

function build(resources: readonly RegisteredResource[]): readonly Node[] {
  const nodes = resources.map((resource): Node => ({ resource, children: [] }));
  return nodes.filter((node) => {
    const parent = parentOf(node.resource, nodes);
    parent?.children.push(node);
    return parent === undefined;
  });
}

/** The last segment of a type: `kubernetes:apps/v1:StatefulSet` is a StatefulSet. */
const kindOf = ({ type }: RegisteredResource): string => type.split(":").at(-1) ?? type;

function objectName({ name, inputs }: RegisteredResource): string {
  const metadata = inputs.metadata as { name?: string } | undefined;
  return metadata?.name ?? name;
}

/** The resource tree as `pulumi preview` would show it, with one line per kind of object. */
export function resourceTree(resources: readonly RegisteredResource[]): string {
  const lines: string[] = [];
  const write = (node: Node, indent: string) => {
    lines.push(
      `${indent}${paint("bold", kindOf(node.resource))} ${node.resource.component ? node.resource.name : objectName(node.resource)}`,
    );
    const components = node.children.filter(({ resource }) => resource.component);
    const objects = node.children.filter(({ resource }) => !resource.component);
    for (const component of components) write(component, `${indent}  `);
    for (const [kind, names] of grouped(objects)) lines.push(`${indent}  ${paint("dim", kind)} ${names.join(", ")}`);
  };
  for (const node of build(resources)) write(node, "");
  return lines.join("\n");
}

function grouped(objects: readonly Node[]): readonly (readonly [string, readonly string[]])[] {
  const kinds = new Map<string, string[]>();
  for (const { resource } of objects) {
    const names = kinds.get(kindOf(resource)) ?? [];
    kinds.set(kindOf(resource), [...names, objectName(resource)]);
  }
  // Objects are registered concurrently, in an order that differs between runs.
  return [...kinds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, names]) => [kind, names.sort()]);
}
