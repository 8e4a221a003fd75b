import { paint } from "../terminal.ts";
import type { RegisteredResource } from "./embedded.ts";

/** A resource and what stands below it. */
interface Node {
  readonly resource: RegisteredResource;
  readonly children: Node[];
}

/**
 * The component that a resource belongs to, by name: an object continues its component's name, the longest that fits;
 * a component that of the whole stack, the shortest (`observability-mimir-rules` is not part of `observability-mimir`).
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

/** Last part of a type: `kubernetes:apps/v1:StatefulSet` is a StatefulSet. */
const kindOf = ({ type }: RegisteredResource): string => type.split(":").at(-1) ?? type;

function objectName({ name, inputs }: RegisteredResource): string {
  const metadata = inputs.metadata as { name?: string } | undefined;
  return metadata?.name ?? name;
}

/** The resource tree as `pulumi preview` would show it, objects of one kind on one line. */
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
  // Objects are registered side by side, in an order that differs from run to run.
  return [...kinds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, names]) => [kind, names.sort()]);
}
