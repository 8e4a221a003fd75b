import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeProject } from "../../consumer/project.ts";
import { GiveUp, until } from "../../support/wait.ts";
import { apply } from "../apply.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { componentImages, mirrors } from "../component-images.ts";
import { isReady, type Pod } from "../pods.ts";
import { definitions } from "../stacks/variants.ts";
import { pulumiEnvironment } from "./workspace.ts";

const project = mkdtempSync(join(tmpdir(), "skopos-consumer-"));
let cluster: Cluster;

const clusterWithImages = async () => {
  cluster = await startCluster({ nodes: { real: 1 } });
  for (const { spec } of await componentImages(["otel-collector"])) await cluster.load(spec);
  await apply(cluster.api, definitions());
};

beforeAll(() => Promise.all([makeProject(project, ["gateway.ts"]), clusterWithImages()]));
afterAll(async () => {
  rmSync(project, { recursive: true });
  await cluster?.dispose();
});

describe("a consumer's program in an empty folder", () => {
  it("imports one component from the packed tarball and brings it up on a real node", async () => {
    const root = join(cluster.directory, "pulumi");
    const child = spawn(process.execPath, ["gateway.ts", root, JSON.stringify(mirrors)], {
      cwd: project,
      env: { HOME: project, ...pulumiEnvironment(root, cluster.kubeconfig) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let complaints = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      complaints += chunk;
    });
    // "close", not "exit": then all its output has been read, too.
    const ended = once(child, "close");
    const gateways = await until(
      "two ready gateways",
      async () => {
        if (child.exitCode !== null) throw new GiveUp(complaints);
        const pods = await cluster.api.list<Pod>(
          "v1",
          "Pod",
          undefined,
          "?labelSelector=app.kubernetes.io%2Fname%3Dotel-gateway",
        );
        return pods.length === 2 && pods.every(isReady) && pods;
      },
      { every: 300, within: 240_000, explain: () => complaints },
    );
    await ended;
    // The SDK's own handlers make a program that failed exit with 0: what it printed decides.
    expect(output, complaints).not.toBe("");
    const { namespace, host } = JSON.parse(output.trim().split("\n").at(-1)!);
    expect(gateways[0]?.metadata.namespace).toBe(namespace);
    expect(host).toBe(`otel-gateway-collector.${namespace}.svc.cluster.local`);
    // The program destroys what it made.
    expect(await cluster.api.get("v1", "Namespace", "", namespace)).toBeUndefined();
  });
});
