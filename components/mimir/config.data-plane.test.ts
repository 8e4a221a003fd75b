import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, describe, expect, test } from "vitest";
import { retentionProfiles, retentions, workloads } from "../../lib/sizing/index.ts";
import { configFile, mimirContainers } from "../../test/data-plane/mimir.ts";
import { requireProgram } from "../../test/data-plane/process.ts";
import { devWorkload, s3 } from "../../test/support/mimir.ts";
import { MimirChart, type MimirProps } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-mimir-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Values that would break, or change, a config that took them unquoted. */
const secrets = { OBJECT_STORE_ACCESS_KEY: "id: [#1", OBJECT_STORE_SECRET_KEY: "- {key}: &anchor" };
const alertmanager = { scheme: "http", host: "alertmanager-operated.observability.svc", port: 9093 } as const;

const variants: Record<string, Omit<MimirProps, "namespace">> = {
  "dev, file system": { workload: devWorkload },
  "small, monolithic": { workload: workloads.small, objectStore: s3 },
  "small, microservices of one": {
    workload: workloads.small,
    objectStore: { kind: "gcs", identity: {} },
    mode: "microservices",
    availability: "single",
  },
  medium: {
    workload: workloads.medium,
    objectStore: { kind: "azure", account: "observability", identity: {} },
    alertmanager,
  },
  large: { workload: workloads.large, objectStore: s3, evaluator: "mimir", alertmanager },
  xlarge: { workload: workloads.xlarge, objectStore: s3, evaluator: "mimir", haClusterLabel: "prometheus_shard" },
};

const cases = Object.entries(variants).flatMap(([name, props]) =>
  retentions
    // Blocks on a file system are not archived.
    .filter((retention) => props.objectStore !== undefined || retentionProfiles[retention].archive === 0)
    .map((retention) => ({ name: `${name}, ${retention}`, props, retention: retentionProfiles[retention] })),
);

describe.each(cases)("$name", ({ name, props, retention }) => {
  const chart = new MimirChart(new App(), "mimir", { namespace: "observability", ...props, retention });
  const file = join(folder, `${name.replaceAll(/\W+/g, "-")}.yaml`);
  writeFileSync(file, configFile(chart, "mimir", "mimir.yaml"));

  test("the real Mimir accepts the configuration and flags of every pod", () => {
    const containers = mimirContainers(chart);
    expect(containers.length).toBeGreaterThan(0);
    for (const { args } of containers) {
      const flags = args.map((arg) => (arg.startsWith("-config.file=") ? `-config.file=${file}` : arg));
      const modules = execFileSync(requireProgram("mimir"), [...flags, "-modules"], { env: secrets, encoding: "utf8" });
      for (const target of targets(args)) expect(modules).toMatch(new RegExp(`^${target}( |$)`, "m"));
    }
  });
});

/** What `-modules` itself does not check: whether such a target exists. */
function targets(args: readonly string[]): readonly string[] {
  return (
    args
      .find((arg) => arg.startsWith("-target="))
      ?.slice("-target=".length)
      .split(",") ?? []
  );
}

test("the real Mimir rejects an unknown setting", () => {
  const file = join(folder, "broken.yaml");
  writeFileSync(file, "ingester: {ring: {copies: 3}}");
  const { status, stderr } = spawnSync(requireProgram("mimir"), [`-config.file=${file}`, "-modules"], {
    encoding: "utf8",
  });
  expect(status).not.toBe(0);
  expect(stderr).toContain("field copies not found");
});
