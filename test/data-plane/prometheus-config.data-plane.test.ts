import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { KubernetesObject } from "../../lib/kubernetes/object.ts";
import { objectsOf } from "../../stacks/stack.ts";
import { variants } from "../stacks/variants.ts";
import { monitorProblems } from "../support/wiring.ts";
import { requireProgram } from "./process.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-prometheus-"));
afterAll(() => rmSync(folder, { recursive: true }));

const monitors = /^(ServiceMonitor|PodMonitor|Probe|ScrapeConfig)$/;
const selected = new RegExp(`${monitors.source}|^(Prometheus|Secret|Namespace)$`);

describe.each(variants)("$name", ({ name, render }) => {
  const objects = objectsOf(render()).map(({ object }) => object as KubernetesObject);
  const config = execFileSync(requireProgram("prometheus-config"), ["-prometheus=observability/kube-prometheus"], {
    input: objects
      .filter(({ kind }) => selected.test(kind))
      .map((object) => JSON.stringify(object))
      .join("\n---\n"),
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });

  test("the configuration that the operator generates is valid for Prometheus", () => {
    const file = join(folder, `${name.replaceAll(/\W+/g, "-")}.yaml`);
    writeFileSync(file, config);
    const { status, stdout, stderr } = spawnSync(
      requireProgram("promtool"),
      ["check", "config", "--syntax-only", file],
      {
        encoding: "utf8",
      },
    );
    expect(status, stdout + stderr).toBe(0);
  });

  test("contains every monitor of the stack, with each endpoint once", () => {
    const expected = objects
      .filter(({ kind }) => monitors.test(kind))
      .flatMap(({ kind, metadata, spec }) =>
        (spec.endpoints ?? spec.podMetricsEndpoints).map(
          (_: unknown, index: number) =>
            `${kind[0]?.toLowerCase()}${kind.slice(1)}/${metadata.namespace}/${metadata.name}/${index}`,
        ),
      );
    const jobs = (parse(config).scrape_configs as { job_name: string }[]).map(({ job_name }) => job_name);
    expect(jobs.sort()).toEqual(expected.sort());
  });

  test("no monitor matches two Services", () => {
    expect(monitorProblems(objects)).toEqual([]);
  });
});
