import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { claimSizes, withClaimSizes } from "../../../lib/kubernetes/claims.ts";
import type { KubernetesObject } from "../../../lib/kubernetes/object.ts";
import { programPath } from "../../binaries/find.ts";
import { until } from "../../support/wait.ts";
import { apply, nameOf } from "../apply.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import type { Pod } from "../pods.ts";
import { storageClass } from "../provisioner.ts";
import { transition } from "../transition.ts";
import { type Changes, prerequisites, rawStack, variant } from "./variants.ts";

// A workload that grows, on a real API server: no object is refused, `skopos grow` expands the claims with the real
// kubectl, and no pod restarts for it.
const base: Changes = { "cluster.storageClass": storageClass };
const grown: Changes = { ...base, "workload.activeSeries": "400k" };

let cluster: Cluster;
const before = variant("dev", base);
const home = before.resolved.props.namespaces.stack;
const project = mkdtempSync(join(tmpdir(), "skopos-grow-"));

interface Claim extends KubernetesObject {
  readonly status?: { readonly phase?: string };
}

const claims = () => cluster.api.list<Claim>("v1", "PersistentVolumeClaim", home);
const sizes = async () =>
  Object.fromEntries(
    (await claims()).map(({ metadata, spec }) => [metadata.name, spec.resources.requests.storage as string]),
  );
const sets = before.objects.filter(({ kind }) => kind === "StatefulSet");

beforeAll(async () => {
  cluster = await startCluster({ nodes: { simulated: 2 } });
  await apply(cluster.api, [...prerequisites(before), ...before.objects]);
  await until(
    "bound claims",
    async () => {
      const found = await claims();
      return found.length >= sets.length && found.every(({ status }) => status?.phase === "Bound");
    },
    { every: 300, within: 120_000 },
  );
});
afterAll(async () => {
  rmSync(project, { recursive: true });
  await cluster?.dispose();
});

/** Runs `skopos grow` on a stack as a user does. */
function grow(changes: Changes, ...args: readonly string[]) {
  const config = Object.fromEntries(
    Object.entries(rawStack("dev", changes)).map(([key, value]) => [`skopos:${key}`, value]),
  );
  writeFileSync(join(project, "Pulumi.dev.yaml"), stringify({ config }));
  const kubectl = dirname(programPath("kubectl") ?? "");
  return new Promise<{
    code: number;
    claims: { action: string; claim: string; error?: string; reason?: string }[];
    stderr: string;
  }>((done) => {
    execFile(
      process.execPath,
      [resolve("bin/skopos.mjs"), "grow", "--json", ...args],
      {
        cwd: project,
        env: { ...process.env, KUBECONFIG: cluster.kubeconfig, PATH: `${kubectl}${delimiter}${process.env.PATH}` },
      },
      (error, stdout, stderr) =>
        done({ code: Number(error?.code ?? 0), claims: JSON.parse(stdout).claims ?? [], stderr }),
    );
  });
}

const kept = ({ objects }: typeof before): KubernetesObject[] => {
  const old = new Map(before.objects.map((object) => [nameOf(object), claimSizes(object)]));
  return objects.map((object) => withClaimSizes(object, old.get(nameOf(object)) ?? {}));
};

describe("a workload that grows", () => {
  it.each(
    ["activeSeries", "logsPerDay", "spansPerSecond", "queriesPerSecond", "nodes", "pods"].flatMap((key) =>
      [2, 0.5].map((factor) => [key, factor] as const),
    ),
  )("with %s x %d is accepted by the API server, object by object", async (key, factor) => {
    const { workload } = before.resolved;
    const values: Record<string, unknown> = { ...workload, logsPerDay: `${workload.logBytesPerDay * factor}B` };
    const value = key === "logsPerDay" ? values[key] : Math.max(1, Math.round((values[key] as number) * factor));
    const next = kept(variant("dev", { ...base, [`workload.${key}`]: value })).filter(
      ({ kind }) => kind !== "CustomResourceDefinition",
    );
    const outcomes = await transition(cluster.api, [], next);
    expect([...outcomes].filter(([, { kind }]) => kind === "immutable" || kind === "rejected")).toEqual([]);
  });

  it("is refused with larger claim templates: what keeping them is for", async () => {
    const outcomes = await transition(
      cluster.api,
      [],
      variant("dev", grown).objects.filter(({ kind }) => kind === "StatefulSet"),
    );
    expect(outcomes.get(`StatefulSet ${home}/mimir`)?.kind).toBe("immutable");
  });
});

describe("skopos grow", () => {
  it("changes nothing with --dry-run", async () => {
    const old = await sizes();
    const { code, claims: steps } = await grow(grown, "--dry-run");
    expect(code).toBe(0);
    expect(steps).toContainEqual(expect.objectContaining({ action: "expand", claim: "data-mimir-0" }));
    expect(await sizes()).toEqual(old);
  });

  it("expands the claims that are too small, restarts no pod, and has nothing left to ask for", async () => {
    const pods = new Map(
      (await cluster.api.list<Pod>("v1", "Pod", home)).map(({ metadata }) => [metadata.name, metadata.uid]),
    );
    const { code, claims: steps } = await grow(grown);
    expect([code, steps.filter(({ error }) => error)]).toEqual([0, []]);
    const needed = claimSizes(
      variant("dev", grown).objects.find((object) => nameOf(object) === `StatefulSet ${home}/mimir`)!,
    );
    expect((await sizes())["data-mimir-0"]).toBe(needed.data);
    await apply(cluster.api, kept(variant("dev", base)));
    for (const { metadata } of await cluster.api.list<Pod>("v1", "Pod", home))
      expect(pods.get(metadata.name), metadata.name).toBe(metadata.uid);
    // The volumes are being expanded now, by a driver that a simulated cluster has not.
    expect(new Set((await grow(grown)).claims.map(({ action }) => action))).toEqual(new Set(["expanding"]));
  });

  it("never makes a claim smaller", async () => {
    const old = await sizes();
    expect((await grow({ ...base, "workload.activeSeries": "5k" })).code).toBe(0);
    expect(await sizes()).toEqual(old);
  });

  it("carries on after an interruption: claims that were lost or left small are done by the next run", async () => {
    const larger = { ...base, "workload.activeSeries": "700k", "workload.spansPerSecond": 400 };
    const path = await cluster.api.path("v1", "PersistentVolumeClaim", home, "data-mimir-0");
    const wanted = claimSizes(
      variant("dev", larger).objects.find((object) => nameOf(object) === `StatefulSet ${home}/mimir`)!,
    );
    // The first of several claims was expanded, and then the command was killed.
    await cluster.api.send(
      "PATCH",
      path,
      { spec: { resources: { requests: { storage: wanted.data } } } },
      "application/merge-patch+json",
    );
    const { code, claims: steps } = await grow(larger);
    expect(code).toBe(0);
    expect(steps.map(({ action, claim }) => `${action} ${claim}`)).toContain("expand data-jaeger-0");
    expect(steps.map(({ action, claim }) => `${action} ${claim}`)).not.toContain("expand data-mimir-0");
  });

  it("reports a StorageClass that does not expand, with exit code 1, and leaves the claim alone", async () => {
    const path = await cluster.api.path("storage.k8s.io/v1", "StorageClass", undefined, storageClass);
    await cluster.api.send("PATCH", path, { allowVolumeExpansion: false }, "application/merge-patch+json");
    const old = await sizes();
    const { code, claims: steps, stderr } = await grow({ ...base, "workload.activeSeries": "900k" });
    expect(code).toBe(1);
    expect(steps).toContainEqual(
      expect.objectContaining({
        action: "blocked",
        claim: "data-mimir-0",
        reason: expect.stringContaining("does not allow"),
      }),
    );
    expect(stderr).toContain("docs/changing-a-stack.md");
    expect(await sizes()).toEqual(old);
  });

  it("says so in one line when there is no cluster", async () => {
    const { code, stderr } = await grow(base, "--context", "nowhere");
    expect(code).toBe(2);
    expect(stderr).toBe("");
  });
});
