import type { z } from "zod";
import type { ParsedBlock, ParsedValue } from "../../lib/alloy/index.ts";
import type { EmbeddedDocument } from "./documents.ts";
import { documentRule } from "./kinds-of-rules.ts";
import type { Context, Problem, Rule, RuleFacts, Undecided } from "./rule.ts";

/** Every block of an Alloy configuration, the inner ones too, with the component each belongs to. */
export function* allBlocks(
  blocks: readonly ParsedBlock[],
  owner?: ParsedBlock,
): Generator<{ readonly block: ParsedBlock; readonly owner: ParsedBlock }> {
  for (const block of blocks) {
    yield { block, owner: owner ?? block };
    yield* allBlocks(block.blocks, owner ?? block);
  }
}

/** `name.label`, by which others refer to a component. */
export const idOf = ({ name, label }: ParsedBlock): string => (label === undefined ? name : `${name}.${label}`);

/** An attribute of a block. */
export const attribute = (block: ParsedBlock, name: string): ParsedValue | undefined =>
  block.attributes.find(([key]) => key === name)?.[1];

/** Every text in a value. */
export function textsIn(value: ParsedValue | undefined): readonly string[] {
  switch (value?.kind) {
    case "string":
      return [value.value];
    case "list":
      return value.items.flatMap(textsIn);
    case "map":
      return value.entries.flatMap(([, each]) => textsIn(each));
    case "sum":
      return value.parts.flatMap(textsIn);
    case "call":
      return value.args.flatMap(textsIn);
    default:
      return [];
  }
}

/** Every reference to another component in a value. */
export function referencesIn(value: ParsedValue): readonly string[] {
  switch (value.kind) {
    case "reference":
      return [value.path];
    case "list":
      return value.items.flatMap(referencesIn);
    case "map":
      return value.entries.flatMap(([, each]) => referencesIn(each));
    case "sum":
      return value.parts.flatMap(referencesIn);
    case "call":
      return value.args.flatMap(referencesIn);
    default:
      return [];
  }
}

/** A rule over each Alloy configuration. */
export function alloyRule<P extends z.ZodObject>(
  facts: RuleFacts<P>,
  check: (document: EmbeddedDocument, context: Context<z.output<P>>) => Iterable<Problem | Undecided>,
): Rule {
  return documentRule<P>({ ...facts, formats: ["alloy"] }, check);
}
