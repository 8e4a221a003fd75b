import { z } from "zod";
import { jsonPointer, wildcard } from "../../lib/formats/index.ts";
import type { Patch } from "../../lib/kubernetes/index.ts";
import { withoutUndefined } from "../facts.ts";
import { text } from "../formats.ts";

const pointer = text(jsonPointer);

const operation = z
  .discriminatedUnion("op", [
    ...(["add", "replace", "test"] as const).map((op) =>
      z.strictObject({
        op: z.literal(op).describe("The operation."),
        path: pointer.describe("JSON pointer: /spec/replicas."),
        value: z.unknown().describe("The value."),
      }),
    ),
    z.strictObject({ op: z.literal("remove").describe("The operation."), path: pointer.describe("JSON pointer.") }),
    ...(["move", "copy"] as const).map((op) =>
      z.strictObject({
        op: z.literal(op).describe("The operation."),
        from: pointer.describe("JSON pointer of the source."),
        path: pointer.describe("JSON pointer of the destination."),
      }),
    ),
  ] as unknown as [z.ZodObject<{ op: z.ZodLiteral<"remove">; path: z.ZodString }>])
  .describe("An operation of RFC 6902.");

const patch = z
  .strictObject({
    target: z
      .strictObject({
        kind: text(wildcard).describe('Kind: StatefulSet, or "*" for any.'),
        name: text(wildcard).describe("Name: mimir, or mimir-* for every name that starts with it."),
        namespace: text(wildcard).optional().describe("Namespace. By default any."),
      })
      .describe("The objects to change. A patch that matches none is an error."),
    merge: z
      .record(z.string(), z.unknown())
      .optional()
      .describe("Strategic merge patch: {spec: {type: LoadBalancer}}; null removes a key. By default none."),
    json: z
      .array(operation)
      .min(1)
      .optional()
      .describe("JSON patch: [{op: replace, path: /spec/replicas, value: 5}]; after merge. By default none."),
  })
  .refine(({ merge, json }) => merge ?? json, {
    params: { oneOf: ["merge", "json"] },
    // Beside the mistakes in other parts of the patch.
    when: ({ value }) => value !== null && typeof value === "object",
  })
  .describe("A change of the objects that its target matches.");

/** Changes of rendered objects. */
export const patchesSchema = z
  .array(patch)
  .default([])
  .describe("Changes of rendered objects, in order, for whatever has no setting: strategic merge or JSON patches.");

/** The patches of a configuration, as charts take them. */
export function patchesOf(patches: z.output<typeof patchesSchema>): readonly Patch[] {
  return patches.map((each) => withoutUndefined({ ...each, target: withoutUndefined(each.target) }) as Patch);
}
