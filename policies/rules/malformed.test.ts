import { expect, test } from "vitest";
import { checkObjects } from "../engine/check.ts";
import { documentsOf } from "../engine/documents.ts";
import { applyEdits } from "../engine/fix.ts";
import { KubernetesObject } from "../engine/object.ts";
import type { Path } from "../engine/values.ts";
import { world, worldFacts } from "../fixtures/world.ts";
import { rules } from "./index.ts";

/** Values of a shape that nothing expects. */
const junk: readonly unknown[] = [null, 7, "\u0000{{ junk }}", [], {}, [null, [null]], { "": null }, Number.NaN, true];

/** Every place in a value. */
function* places(value: unknown, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value))
    yield* places(item, [...path, Array.isArray(value) ? Number(key) : key]);
}

/** Every place in an object and in the documents that it holds. */
function allPlaces(object: KubernetesObject): readonly Path[] {
  const inner = documentsOf(object)
    .filter(({ text }) => text !== "")
    .flatMap(({ path, value }) => [...places(value)].map((place) => [...path, ...place]));
  return [...places(object.raw), ...inner];
}

const crashes = (objects: readonly KubernetesObject[]) =>
  checkObjects(objects, { rules, facts: worldFacts, previous: world(), today: "2026-11-30" }).findings.filter(
    ({ outcome }) => outcome === "crashed",
  );

test("no rule fails on a malformed value, wherever it is", () => {
  const objects = world();
  const byObject = objects.map(allPlaces);
  const rounds = Math.max(...byObject.map(({ length }) => length));
  let tried = 0;
  // Each round breaks one place of every object; over all rounds every place has had its turn.
  for (let round = 0; round < rounds; round++) {
    const broken = objects.map((object, index) => {
      const path = byObject[index]?.[round];
      if (!path) return object;
      tried++;
      const value = junk[(round + index) % junk.length];
      return new KubernetesObject(applyEdits(object, [{ path, value }], object));
    });
    expect(crashes(broken).map(({ rule, message }) => `${rule}: ${message}`)).toEqual([]);
  }
  expect(tried).toBeGreaterThan(1_500);
});

test("no rule fails on objects that are nothing but a kind, or made of junk", () => {
  const kinds = [...new Set(world().map(({ kind }) => kind)), "Kubernetes", ""];
  for (const value of junk) {
    const objects = kinds.map(
      (kind) =>
        new KubernetesObject({
          apiVersion: "v1",
          kind,
          metadata: { name: "x", labels: value },
          spec: value,
          data: value,
          rules: value,
          subjects: value,
          stringData: value,
        }),
    );
    expect(crashes(objects).map(({ rule, message }) => `${rule}: ${message}`)).toEqual([]);
  }
  const nothing = kinds.map((kind) => new KubernetesObject({ apiVersion: "v1", kind, metadata: null }));
  expect(crashes(nothing)).toEqual([]);
});
