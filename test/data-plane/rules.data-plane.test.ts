import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../lib/kubernetes/object.ts";
import type { RuleGroup } from "../../lib/monitoring/rules.ts";
import { objectsOf } from "../../stacks/stack.ts";
import { variants } from "../stacks/variants.ts";
import { requireProgram } from "./process.ts";

interface RenderedAlert {
  readonly alert?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const runbooks = join(import.meta.dirname, "../../docs/runbooks");

describe.each(variants)("$name", ({ render }) => {
  const groups = objectsOf(render())
    .map(({ object }) => object as KubernetesObject)
    .filter(({ kind }) => kind === "PrometheusRule")
    .flatMap(({ spec }) => spec.groups as (Omit<RuleGroup, "rules"> & { rules: RenderedAlert[] })[]);
  const alerts = groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined);

  test("promtool accepts every rule of every component", () => {
    const { status, stdout, stderr } = spawnSync(requireProgram("promtool"), ["check", "rules", "--lint-fatal"], {
      input: JSON.stringify({ groups }),
      encoding: "utf8",
    });
    expect(status, stdout + stderr).toBe(0);
  });

  test("no two groups have the same name, and no two alerts the same name and severity", () => {
    const twice = (names: readonly (string | undefined)[]) => names.filter((name, at) => names.indexOf(name) !== at);
    expect(twice(groups.map(({ name }) => name))).toEqual([]);
    expect(twice(alerts.map(({ alert, labels }) => `${alert}/${labels?.severity}`))).toEqual([]);
  });

  test("every alert has a runbook", () => {
    const missing = alerts.filter(({ alert }) => !existsSync(join(runbooks, `${alert}.md`)));
    expect(missing.map(({ alert }) => alert)).toEqual([]);
  });
});
