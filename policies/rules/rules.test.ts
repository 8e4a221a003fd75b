import { describe, expect, test } from "vitest";
import { checkObjects } from "../engine/check.ts";
import type { Finding } from "../engine/finding.ts";
import { applyEdits } from "../engine/fix.ts";
import { KubernetesObject } from "../engine/object.ts";
import { fixtures } from "../fixtures/all.ts";
import type { Fixture } from "../fixtures/fixture.ts";
import { changed, withUnknown, world, worldFacts } from "../fixtures/world.ts";
import { rules } from "./index.ts";

/** What one rule, or all, finds in objects. */
function findings(objects: readonly KubernetesObject[], id?: string): readonly Finding[] {
  const chosen = id === undefined ? rules : rules.filter((rule) => rule.id === id);
  return checkObjects(objects, { rules: chosen, facts: worldFacts, previous: world(), today: "2026-11-30" }).findings;
}

const keyOf = ({ object, container, path, message }: Finding) => [object?.id, container, path, message].join(" ");

/** Objects with a finding's fix applied and its placeholders filled in. */
function mended(
  objects: readonly KubernetesObject[],
  { edits, object: offender }: Finding,
  fill: Fixture["fill"] = {},
): readonly KubernetesObject[] {
  const filled = (value: unknown): unknown =>
    value === undefined
      ? undefined
      : JSON.parse(
          Object.entries(fill).reduce(
            (text, [from, to]) => text.replaceAll(JSON.stringify(from).slice(1, -1), JSON.stringify(to).slice(1, -1)),
            JSON.stringify(value),
          ),
        );
  const known = edits.map((edit) => ("create" in edit ? edit : { ...edit, value: filled(edit.value) }));
  const removedWhole = (each: KubernetesObject) =>
    known.some(
      (edit) =>
        "path" in edit && edit.path.length === 0 && edit.value === undefined && (edit.object ?? offender) === each,
    );
  return [
    ...objects
      .filter((each) => !removedWhole(each))
      .map((each) => (offender ? new KubernetesObject(applyEdits(each, known, offender)) : each)),
    ...known.flatMap((edit) => ("create" in edit ? [new KubernetesObject(edit.create)] : [])),
  ];
}

test("nothing is found in a set of objects without mistakes", () => {
  expect(findings(world()).map(keyOf)).toEqual([]);
});

test("every rule has a fixture that breaks it", () => {
  const covered = new Set(fixtures.map(({ rule }) => rule));
  expect(rules.map(({ id }) => id).filter((id) => !covered.has(id))).toEqual([]);
  expect([...covered].filter((id) => !rules.some((rule) => rule.id === id))).toEqual([]);
});

test("ids are unique and name their category", () => {
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  expect(rules.filter(({ id, category }) => !id.startsWith(`${category}/`))).toEqual([]);
});

describe.each(rules.map(({ id }) => id))("%s", (id) => {
  const own = fixtures.filter(({ rule }) => rule === id);

  test("finds each mistake, says where, and the fix removes it", () => {
    for (const fixture of own) {
      const objects = changed(world(), fixture.changes);
      const found = findings(objects, id);
      expect(
        found.map(({ outcome }) => outcome),
        JSON.stringify(fixture.changes),
      ).toContain("failed");
      for (const finding of found) {
        expect(finding.object, finding.message).toBeDefined();
        expect(finding.fix, finding.message).not.toBe("");
        const left = findings(mended(objects, finding, fixture.fill), id);
        expect(left.map(keyOf), finding.fix).not.toContain(keyOf(finding));
        // A fix must not put the same mistake in another place.
        expect(left.length, finding.fix).toBeLessThan(found.length + 1);
      }
    }
  });

  test("is undecided, never passed, where a value is not known", () => {
    for (const { changes, unknown } of own) {
      const place = unknown ?? changes.find((each) => "path" in each);
      if (!place || place.object === "") continue;
      const outcomes = findings(withUnknown(world(), place.object, place.path), id).map(({ outcome }) => outcome);
      expect(outcomes, JSON.stringify(place)).toContain("undecided");
      expect(outcomes).not.toContain("crashed");
    }
  });
});
