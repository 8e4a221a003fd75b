import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { CollectorConfig } from "../../lib/otel/index.ts";
import { objectsOf, type RenderedStack } from "../../stacks/stack.ts";
import { variants } from "../stacks/variants.ts";
import { offCluster } from "./off-cluster.ts";
import { ready, requireProgram, start } from "./process.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-collector-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The collector configurations of a stack, by component, from whatever carries them in this mode. */
function configsOf(stack: RenderedStack): Record<string, CollectorConfig> {
  const found = objectsOf(stack).flatMap(({ component, object }) => {
    const { data, spec } = object as { data?: Record<string, string>; spec?: { config?: CollectorConfig } };
    if (object.kind === "ConfigMap" && data?.["collector.yaml"]) return [[component, parse(data["collector.yaml"])]];
    return object.kind === "OpenTelemetryCollector" ? [[component, spec?.config]] : [];
  });
  return Object.fromEntries(found);
}

function write(name: string, config: CollectorConfig, host: string): string {
  const file = join(folder, `${name.replaceAll(/\W+/g, "-")}.yaml`);
  writeFileSync(file, stringify(offCluster(config, { host })));
  return file;
}

/** Configurations that differ, so that each is tried once. */
const distinct = [
  ...new Map(
    variants.flatMap(({ name, render }) =>
      Object.entries(configsOf(render())).map(([component, config]) => [
        JSON.stringify(config),
        { name: `${component} of ${name}`, config },
      ]),
    ),
  ).values(),
];

describe.each(distinct)("$name", ({ name, config }) => {
  test("is valid for the real collector", () => {
    const file = write(name, config, "127.0.1.1");
    const output = execFileSync(requireProgram("otelcol"), ["validate", `--config=${file}`], {
      env: { K8S_NODE_NAME: "127.0.1.1", K8S_NODE_IP: "127.0.1.1" },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect(output).toBe("");
  });

  test("starts, reports healthy, and logs no deprecation warnings", async () => {
    const file = write(name, config, "127.0.1.1");
    await using collector = start("otelcol", [`--config=${file}`], {
      K8S_NODE_NAME: "127.0.1.1",
      K8S_NODE_IP: "127.0.1.1",
    });
    await ready(collector, "http://127.0.1.1:13133/");
    expect(collector.output()).not.toMatch(/deprecat|alias/i);
  });
});

test("the real collector rejects an unknown policy at startup", async () => {
  const [sampling] = distinct.filter(({ config }) => config.processors.tail_sampling);
  const broken = structuredClone(sampling?.config) as unknown as {
    processors: { tail_sampling: { policies: object[] } };
  };
  broken.processors.tail_sampling.policies.push({ name: "x", type: "no_such_policy" });
  const file = write("broken", broken as unknown as CollectorConfig, "127.0.1.1");
  const collector = start("otelcol", [`--config=${file}`]);
  expect(await collector.exited).not.toBe(0);
});
