import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { claimSizes } from "../../../lib/kubernetes/claims.ts";
import type { KubernetesObject } from "../../../lib/kubernetes/object.ts";
import { runStack } from "../../../stacks/program.ts";
import { apply } from "../apply.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { componentImages, describeImages, mirrors } from "../component-images.ts";
import { added, inventory } from "../inventory.ts";
import { allPodsReady, type Pod } from "../pods.ts";
import { type Changes, prerequisites, rawStack, variant } from "../stacks/variants.ts";
import { configure, newStack } from "./workspace.ts";

const password = "correct horse battery staple";
const changes: Changes = {
  "images.registries": mirrors,
  "cluster.nodeCidrs": ["10.99.0.0/24"],
  "cluster.apiServerCidrs": ["10.99.0.0/24"],
};
const dev = variant("dev", changes);
const home = dev.resolved.props.namespaces.stack;

/** How long Pulumi waits for a resource; by default ten minutes. A Prometheus that is deleted after its Mimir takes one. */
let patience = "180s";

let cluster: Cluster;
let stack: Stack;
let before: Set<string>;

beforeAll(async () => {
  cluster = await startCluster({ nodes: { real: 1 } });
  const images = await componentImages(dev.images);
  console.info(describeImages(images));
  for (const { spec } of images) await cluster.load(spec);
  await apply(cluster.api, prerequisites(dev));
  before = await inventory(cluster.api);
  stack = await newStack({
    directory: join(cluster.directory, "pulumi"),
    kubeconfig: cluster.kubeconfig,
    stack: "dev",
    program: async () => {
      const customTimeouts = { create: patience, update: patience, delete: patience };
      pulumi.runtime.registerStackTransformation(({ props, opts }) => ({
        props,
        opts: pulumi.mergeOptions(opts, { customTimeouts }),
      }));
      return { ...runStack() };
    },
  });
  await configure(stack, rawStack("dev", changes));
  await stack.setConfig("skopos:grafanaAdminPassword", { value: password, secret: true });
});
afterAll(() => cluster?.dispose());

const pods = () => cluster.api.list<Pod>("v1", "Pod", home);
const gatewayConfig = () =>
  cluster.api
    .list<KubernetesObject & { readonly data: Readonly<Record<string, string>> }>("v1", "ConfigMap", home)
    .then((maps) => maps.find(({ metadata }) => metadata.name.startsWith("otel-gateway"))!);

/** Takes every field of an object from whoever owns it beside Pulumi: what a person does after a change by hand. */
const giveBack = async (path: string) => {
  const { body } = await cluster.api.send<KubernetesObject>("GET", path);
  const managers = body.metadata.managedFields as { manager: string }[];
  const managedFields = managers.filter(({ manager }) => manager.startsWith("pulumi-kubernetes"));
  await cluster.api.send("PATCH", path, { metadata: { managedFields } }, "application/merge-patch+json");
};

describe("the dev stack, by Pulumi", () => {
  it("comes up, and every object the model has is there", async () => {
    const { summary } = await stack.up();
    expect(summary.result).toBe("succeeded");
    expect((await allPodsReady(cluster.api, home, 1)).length).toBeGreaterThan(0);
    for (const { apiVersion, kind, metadata } of dev.objects)
      expect(
        await cluster.api.get(apiVersion, kind, metadata.namespace ?? "", metadata.name),
        `${kind} ${metadata.name}`,
      ).toBeDefined();
  });

  it("has nothing to change the second time", async () => {
    const { changeSummary } = await stack.preview({ expectNoChanges: true });
    expect(Object.keys(changeSummary)).toEqual(["same"]);
  });

  it("has secrets in its state only encrypted", () => {
    const state = readFileSync(join(cluster.directory, "pulumi/state/.pulumi/stacks/skopos/dev.json"), "utf8");
    expect(state).not.toContain(password);
    expect(state).not.toContain(Buffer.from(password).toString("base64"));
    expect(state).toContain("ciphertext");
  });

  it("finds no drift when nobody touched anything", async () => {
    const { summary } = await stack.refresh();
    expect(Object.keys(summary.resourceChanges ?? {})).toEqual(["same"]);
  });

  it("finds what somebody changed by hand, and does not overwrite it without being told to", async () => {
    const original = await gatewayConfig();
    const [key = ""] = Object.keys(original.data);
    const path = await cluster.api.path("v1", "ConfigMap", home, original.metadata.name);
    const byHand = (text: string | undefined) =>
      cluster.api.send("PATCH", path, { data: { [key]: text } }, "application/merge-patch+json");
    await byHand("by: hand");
    const found = await stack.refresh();
    expect(found.summary.resourceChanges).toMatchObject({ update: 1 });
    expect(found.stdout).toContain(original.metadata.name);
    // The field has two owners now: server-side apply says so instead of taking it back without a word.
    await expect(stack.preview()).rejects.toThrow(/Apply failed with 1 conflict/);
    await byHand(original.data[key]);
    await giveBack(path);
    const { summary } = await stack.up({ refresh: true });
    expect(Object.keys(summary.resourceChanges ?? {})).toEqual(["same"]);
  });

  it("updates a changed ConfigMap in place, and replaces only the pods that read it", async () => {
    const config = await gatewayConfig();
    const old = new Map((await pods()).map(({ metadata }) => [metadata.name, metadata.uid]));
    await configure(stack, rawStack("dev", { ...changes, "components.otelGateway.resourceLabels": ["service.name"] }));
    const { summary } = await stack.up();
    expect(Object.keys(summary.resourceChanges ?? {}).sort()).toEqual(["same", "update"]);
    expect((await gatewayConfig()).metadata.uid).toBe(config.metadata.uid);
    const changed = (await pods()).filter(({ metadata }) => old.get(metadata.name) !== metadata.uid);
    expect(changed.map(({ metadata }) => metadata.name)).toEqual(["otel-gateway-collector-0"]);
  });

  it("carries twice the series, with the claim template that Mimir was created with", async () => {
    const claims = async () => {
      const set = await cluster.api.get<KubernetesObject>("apps/v1", "StatefulSet", home, "mimir");
      return { uid: set?.metadata.uid, ...claimSizes(set!) };
    };
    const created = await claims();
    await configure(stack, rawStack("dev", { ...changes, "workload.activeSeries": "40k" }));
    const { changeSummary } = await stack.preview();
    expect(Object.keys(changeSummary).sort()).toEqual(["same", "update"]);
    expect((await stack.up()).summary.result).toBe("succeeded");
    expect(await claims()).toEqual(created);
    await stack.preview({ expectNoChanges: true });
  });

  it("goes to another profile and back", async () => {
    await configure(stack, rawStack("dev", { ...changes, retention: "standard", "workload.spansPerSecond": 400 }));
    expect((await stack.up()).summary.result).toBe("succeeded");
    await configure(stack, rawStack("dev", changes));
    expect((await stack.up()).summary.result).toBe("succeeded");
    await allPodsReady(cluster.api, home, 1);
  });

  it("heals from an update that failed", async () => {
    const nowhere = { ...mirrors, "registry.k8s.io": "nowhere.test/k8s" };
    await configure(stack, rawStack("dev", { ...changes, "images.registries": nowhere }));
    const usual = patience;
    patience = "15s";
    await expect(stack.up()).rejects.toThrow(/ErrImagePull|ImagePullBackOff/);
    patience = usual;
    await configure(stack, rawStack("dev", changes));
    expect((await stack.up()).summary.result).toBe("succeeded");
    await allPodsReady(cluster.api, home, 1);
    await stack.preview({ expectNoChanges: true });
  });

  it("leaves the cluster as it was when it is destroyed, but for data", async () => {
    expect((await stack.destroy()).summary.result).toBe("succeeded");
    const left = added(before, await inventory(cluster.api));
    expect(
      left.filter((name) => !/^(PersistentVolumeClaim|PersistentVolume|CustomResourceDefinition) /.test(name)),
    ).toEqual([]);
  });
});
