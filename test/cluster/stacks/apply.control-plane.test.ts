import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../../lib/kubernetes/object.ts";
import { ciliumNetworkPolicyCrd } from "../../binaries/cilium.ts";
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

describe("a stack on Cilium", () => {
  const stack = variant("prod", { "cluster.networkEngine": "cilium" });
  const policies = stack.objects.filter(({ kind }) => kind === "CiliumNetworkPolicy");

  it("has its policies accepted by Cilium's own definition, every field known, and unchanged when applied again", async () => {
    expect(policies.length).toBeGreaterThan(20);
    const namespaces = stack.objects.filter(({ kind }) => kind === "Namespace");
    await apply(cluster.api, [ciliumNetworkPolicyCrd() as unknown as KubernetesObject, ...namespaces]);
    const applied = await apply(cluster.api, policies);
    expect(applied.flatMap(({ object, warnings }) => warnings.map((text) => `${nameOf(object)}: ${text}`))).toEqual([]);
    expect(await changedByApplying(cluster.api, policies)).toEqual([]);
  });

  it.each([
    ["a port that is a number", { toPorts: [{ ports: [{ port: 4317, protocol: "TCP" }] }] }],
    ["an unknown entity", { toEntities: ["nodes"] }],
    ["an address that is none", { toCIDR: ["10.0.0.0"] }],
    ["an unknown field", { toEntity: ["host"] }],
  ])("is held to it: %s is rejected", async (_, rule) => {
    const [policy] = policies as [KubernetesObject & { spec: object }];
    const wrong = {
      ...policy,
      metadata: { ...policy.metadata, name: "wrong" },
      spec: { ...policy.spec, egress: [rule] },
    };
    await expect(apply(cluster.api, [wrong])).rejects.toThrow(/egress|toEntity/);
  });
});
