import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { programPath } from "../../binaries/find.ts";
import { nameOf } from "../apply.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { variant } from "./variants.ts";

// What docs/first-deployment.md says to do with rendered files, on a cluster that has nothing yet.
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ nodes: {} });
});
afterAll(() => cluster?.dispose());

const kubectl = (...args: readonly string[]) =>
  execFileSync(programPath("kubectl") ?? "kubectl", args, {
    encoding: "utf8",
    env: { ...process.env, KUBECONFIG: cluster.kubeconfig },
    maxBuffer: 64 * 1024 * 1024,
  });

describe.each(["dev", "prod"])("the rendered files of %s", (stack) => {
  it.each([[], ["--kustomize"]])("bring up an empty cluster, by the documented commands (%s)", async (...options) => {
    const out = join(cluster.directory, `${stack}${options.join("")}`);
    execFileSync(process.execPath, ["bin/skopos.mjs", "render", "--stack", stack, "--out", out, ...options]);
    const crds = join(out, "00-crds");
    if (options.length > 0) {
      kubectl("apply", "--server-side", "-k", crds);
      // `kubectl wait` takes no -k.
      kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all");
      kubectl("apply", "--server-side", "-k", out);
    } else {
      kubectl("apply", "--server-side", "-R", "-f", crds);
      kubectl("wait", "--for=condition=Established", "--timeout=60s", "-R", "-f", crds);
      kubectl("apply", "--server-side", "-R", "-f", out);
    }
    for (const object of variant(stack).objects) {
      const { apiVersion, kind, metadata } = object;
      const found = await cluster.api.get(apiVersion, kind, metadata.namespace ?? "", metadata.name);
      expect(found, nameOf(object)).toBeDefined();
    }
  });
});
