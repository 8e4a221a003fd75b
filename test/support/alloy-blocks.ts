// Questions to a configuration that the reader of the Alloy syntax has read.
import type { ParsedBlock, ParsedValue } from "../../lib/alloy/index.ts";

/** `name.label`, by which others refer to a component. */
export const id = ({ name, label }: ParsedBlock) => (label === undefined ? name : `${name}.${label}`);
/** One component. @throws Error when it is not there */
export const find = (blocks: readonly ParsedBlock[], wanted: string): ParsedBlock => {
  const found = blocks.find((each) => id(each) === wanted);
  if (!found) throw new Error(`no ${wanted} among ${blocks.map(id).join(", ")}`);
  return found;
};
/** An attribute as JSON. */
export const attribute = (block: ParsedBlock, name: string): unknown =>
  plain(block.attributes.find(([key]) => key === name)?.[1]);

/** A parsed value as JSON, references by their path. */
export function plain(value: ParsedValue | undefined): unknown {
  if (value === undefined || value.kind === "null") return undefined;
  if (value.kind === "list") return value.items.map(plain);
  if (value.kind === "map") return Object.fromEntries(value.entries.map(([key, each]) => [key, plain(each)]));
  if (value.kind === "reference") return value.path;
  if (value.kind === "call") return `${value.function}(${value.args.map(plain).join(", ")})`;
  if (value.kind === "sum") return value.parts.map(plain).join(" + ");
  return value.value;
}

/** Every reference in a block, at any depth. */
export function references(block: ParsedBlock): string[] {
  const inside = (value: ParsedValue): string[] => {
    if (value.kind === "reference") return [value.path];
    if (value.kind === "list") return value.items.flatMap(inside);
    if (value.kind === "map") return value.entries.flatMap(([, each]) => inside(each));
    if (value.kind === "call") return value.args.flatMap(inside);
    return value.kind === "sum" ? value.parts.flatMap(inside) : [];
  };
  return [...block.attributes.flatMap(([, value]) => inside(value)), ...block.blocks.flatMap(references)];
}
