import fc from "fast-check";
import { expect, test } from "vitest";
import { type Diff, diffObjects } from "../diff.ts";
import { jsonPatch, type PatchOperation } from "../model/json-patch.ts";
import { idOf, keyOf, type Manifest } from "../model/object.ts";

const key = fc.constantFrom("name", "id", "a", "b/c", "d~e", "spec", "expr", "config.yaml", "token");
const leaf = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom("a: 1\nb: 2\n", '{"a":1}', "sum(rate(x[5m]))"),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(key, tie("value"), { maxKeys: 4 }),
  ),
}));
const manifest = fc
  .record({
    kind: fc.constantFrom("ConfigMap", "Secret", "StatefulSet", "Service"),
    name: fc.constantFrom("x", "y", "z"),
    body: fc.dictionary(key, value, { maxKeys: 4 }),
  })
  .map(({ kind, name, body }): Manifest => ({ ...body, apiVersion: "v1", kind, metadata: { name, namespace: "n" } }));
const objects = fc.uniqueArray(manifest, { maxLength: 5, selector: (object) => keyOf(idOf(object)) });

const maskKey = Buffer.from("properties");
const diff = (before: readonly Manifest[], after: readonly Manifest[]): Diff => diffObjects(before, after, { maskKey });

test("nothing changes between a set and itself, whatever the order of its objects", () => {
  fc.assert(
    fc.property(objects, (set) => {
      const { changes, meaning } = diff(set, [...set].reverse());
      expect(changes).toEqual([]);
      expect(meaning).toEqual([]);
    }),
  );
});

test("the diff of b and a mirrors the diff of a and b", () => {
  const opposite = {
    added: "removed",
    removed: "added",
    changed: "changed",
    renamed: "renamed",
    reordered: "reordered",
  } as const;
  const lines = ({ changes }: Diff, turn: boolean) =>
    changes
      .flatMap(({ id, from, kind, fields }) => [
        JSON.stringify([turn ? opposite[kind] : kind, turn && from ? from : id]),
        ...fields.map(({ path, kind: each, before, after }) =>
          JSON.stringify([path, turn ? opposite[each] : each, turn ? [after, before] : [before, after]]),
        ),
      ])
      .sort();
  fc.assert(
    fc.property(objects, objects, (a, b) => {
      expect(lines(diff(b, a), true)).toEqual(lines(diff(a, b), false));
    }),
  );
});

/** Applies a patch by the letter of RFC 6902: written apart from what makes them. */
function applyPatch(value: unknown, operations: readonly PatchOperation[]): unknown {
  let document = structuredClone(value);
  for (const operation of operations) {
    const segments = operation.path
      .split("/")
      .slice(1)
      .map((each) => each.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = segments.pop();
    if (last === undefined) {
      document = operation.op === "remove" ? undefined : structuredClone(operation.value);
      continue;
    }
    const parent = segments.reduce<unknown>(
      (current, segment) => (current as Record<string, unknown>)[segment],
      document,
    );
    if (Array.isArray(parent)) {
      const index = last === "-" ? parent.length : Number(last);
      if (operation.op === "remove") parent.splice(index, 1);
      else parent.splice(index, operation.op === "add" ? 0 : 1, structuredClone(operation.value));
    } else if (operation.op === "remove") delete (parent as Record<string, unknown>)[last];
    else (parent as Record<string, unknown>)[last] = structuredClone(operation.value);
  }
  return document;
}

test("the patch of two values turns one into the other", () => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      expect(applyPatch(a, jsonPatch(a, b))).toEqual(b);
    }),
    { numRuns: 500 },
  );
});

test("the changes of a diff turn the objects before into those after, secrets aside", () => {
  fc.assert(
    fc.property(objects, objects, (a, b) => {
      const { changes } = diff(a, b);
      for (const { before, after } of changes) {
        if (before && after) expect(applyPatch(before, jsonPatch(before, after))).toEqual(after);
      }
      const kept = new Set(changes.flatMap(({ id, from }) => [keyOf(id), ...(from ? [keyOf(from)] : [])]));
      const same = (set: readonly Manifest[]) =>
        set
          .filter((object) => !kept.has(keyOf(idOf(object))))
          .map((object) => keyOf(idOf(object)))
          .sort();
      expect(same(a)).toEqual(same(b));
    }),
  );
});
