// The most common change: a workload that grows or shrinks. No object may have to be replaced for it.
import { describe, expect, test } from "vitest";
import { updateOf } from "../../diff/risk/update.ts";
import { claimSizes, type KubernetesObject, withClaimSizes } from "../../lib/kubernetes/index.ts";
import { readStackFile } from "../../stacks/load.ts";
import { planStack } from "../../stacks/plan.ts";
import { resolve } from "../../stacks/resolve.ts";
import { objectsOf, type RenderedStack, renderStack } from "../../stacks/stack.ts";
import { stackNames } from "./variants.ts";
import { changesOf } from "./workload-changes.ts";

const nameOf = ({ kind, metadata }: KubernetesObject) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;

function stackAt(stack: string, workload: object): RenderedStack {
  const { raw } = readStackFile("stacks", stack);
  return renderStack(resolve({ ...raw, workload: { ...(raw.workload as object), ...workload } }, { stack }));
}

const objectsAt = (stack: string, workload: object): readonly KubernetesObject[] =>
  objectsOf(stackAt(stack, workload)).map(({ object }) => object);

describe.each(stackNames)("%s", (stack) => {
  const before = new Map(objectsAt(stack, {}).map((object) => [nameOf(object), object]));

  test.each(changesOf(stack))("%s replaces nothing, because claim templates keep their size", (_, workload) => {
    const after = objectsAt(stack, workload).map((object) =>
      withClaimSizes(object, claimSizes(before.get(nameOf(object)) ?? object)),
    );
    const immutable = after.filter((object) => {
      const old = before.get(nameOf(object));
      return old && updateOf(old, object).kind === "immutable";
    });
    expect(immutable.map(nameOf)).toEqual([]);
    // The Prometheus operator deletes a StatefulSet whose storage changes.
    for (const object of after.filter(({ kind }) => kind === "Prometheus" || kind === "Alertmanager"))
      expect(object.spec.storage).toEqual(before.get(nameOf(object))?.spec.storage);
    const workloads = (names: Iterable<string>) =>
      [...names].filter((name) => /^(StatefulSet|Prometheus) /.test(name)).sort();
    const isSame = workloads(after.map(nameOf)).join() === workloads(before.keys()).join();
    // Where the mode of a store changes, the plan of the stack before has announced it.
    if (!isSame)
      expect(planStack(stackAt(stack, {})).notes.join("\n")).toMatch(/changes from \w+ to \w+, which replaces/);
  });
});

test("without that, doubling the series of dev would replace the StatefulSet of Mimir", () => {
  const before = new Map(objectsAt("dev", {}).map((object) => [nameOf(object), object]));
  const updates = objectsAt("dev", { activeSeries: "40k" }).map((object) => [
    nameOf(object),
    updateOf(before.get(nameOf(object)) ?? object, object),
  ]);
  expect(Object.fromEntries(updates)["StatefulSet observability/mimir"]).toMatchObject({ kind: "immutable" });
});

describe("a change of mode", () => {
  const notes = (activeSeries: string, mode?: string) => {
    const { raw } = readStackFile("stacks", "staging");
    const components = mode ? { mimir: { mode } } : {};
    const stack = resolve({ ...raw, components, workload: { activeSeries } }, { stack: "staging" });
    return planStack(renderStack(stack)).notes.filter((note) => note.includes("Mimir changes from"));
  };

  test("is announced on both sides of the threshold, and not far from it", () => {
    expect(notes("800k")).toEqual([
      expect.stringMatching(/^above 1 M active series, Mimir changes from monolithic to microservices/),
    ]);
    expect(notes("1.1M")).toEqual([
      expect.stringMatching(/^below 1 M active series, Mimir changes from microservices to monolithic/),
    ]);
    expect(notes("200k")).toEqual([]);
  });

  test("is not announced where the stack states the mode", () => expect(notes("800k", "monolithic")).toEqual([]));
});
