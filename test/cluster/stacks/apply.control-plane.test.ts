import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../../lib/kubernetes/object.ts";
import { apply, changedByApplying, nameOf, prune, remove } from "../apply.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { added, inventory } from "../inventory.ts";
import { prerequisites, stackVariants, variant } from "./variants.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ nodes: {} });
});
afterAll(() => cluster?.dispose());

/** Objects that are kept when a stack is removed: data, and CRDs, of which others may have objects. */
const isKept = (name: string) =>
  name.startsWith("PersistentVolumeClaim ") || name.startsWith("CustomResourceDefinition ");

const removable = (objects: readonly KubernetesObject[]) => objects.filter((object) => !isKept(nameOf(object)));

describe.each(stackVariants())("$name", (stack) => {
  let before: Set<string>;

  it("is accepted whole, every field known, without a warning", async () => {
    await apply(cluster.api, prerequisites(stack));
    before = await inventory(cluster.api);
    const applied = await apply(cluster.api, stack.objects);
    expect(applied).toHaveLength(stack.objects.length);
    expect(applied.flatMap(({ object, warnings }) => warnings.map((text) => `${nameOf(object)}: ${text}`))).toEqual([]);
  });

  it("is not changed by being applied again", async () => {
    expect(await changedByApplying(cluster.api, stack.objects)).toEqual([]);
  });

  it("leaves nothing when it is removed, but what is kept on purpose", async () => {
    await remove(cluster.api, removable(stack.objects));
    const left = added(before, await inventory(cluster.api));
    expect(left.filter((name) => !isKept(name))).toEqual([]);
  });
});

describe("a component that is switched off", () => {
  it("takes its objects with it, and no other's", async () => {
    const whole = variant("prod");
    const without = variant("prod", { "components.otelAgent": false });
    await apply(cluster.api, prerequisites(whole));
    await apply(cluster.api, whole.objects);
    await apply(cluster.api, without.objects);
    const pruned = await prune(cluster.api, whole.objects, without.objects);
    expect(pruned).toContain("DaemonSet observability/otel-agent-collector");
    // A policy whose last edge went with the agent goes too.
    expect(pruned.filter((name) => !name.startsWith("NetworkPolicy ") && !name.includes("otel-agent"))).toEqual([]);
  });
});
