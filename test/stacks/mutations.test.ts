import { describe, expect, test } from "vitest";
import { policyFacts } from "../../cli/policy-check.ts";
import { checkObjects } from "../../policies/engine/check.ts";
import type { Finding } from "../../policies/engine/finding.ts";
import { KubernetesObject } from "../../policies/engine/object.ts";
import type { Fields } from "../../policies/engine/values.ts";
import { changed } from "../../policies/fixtures/world.ts";
import { rules } from "../../policies/rules/index.ts";
import { loadStack, objectsOf } from "../../stacks/stack.ts";
import { mutations } from "./mutations/index.ts";

const stack = loadStack("stacks", "prod");
const facts = policyFacts(stack);
const objects = objectsOf(stack).map(({ object }) => new KubernetesObject(object as unknown as Fields));

const keyOf = ({ rule, object, container, path, message }: Finding) =>
  [rule, object?.id, container, path, message].join(" ");

/** What one rule finds. */
const found = (all: readonly KubernetesObject[], id: string): readonly Finding[] =>
  checkObjects(all, { rules: rules.filter((rule) => rule.id === id), facts, previous: objects, today: "2026-11-30" })
    .findings;

describe("mistakes in the prod stack", () => {
  test.each(mutations.map((each) => ({ name: `${each.rule}: ${each.mistake}`, each })))("$name", ({ each }) => {
    const before = new Set(found(objects, each.rule).map(keyOf));
    const after = found(changed(objects, each.changes), each.rule).filter((finding) => !before.has(keyOf(finding)));
    expect(after.map(({ outcome }) => outcome)).toContain("failed");
  });

  test("there are many of them, by many rules", () => {
    expect(mutations.length).toBeGreaterThanOrEqual(80);
    expect(new Set(mutations.map(({ rule }) => rule)).size).toBeGreaterThan(60);
  });
});
