// Alerts changed in the stack file, read by the real promtool: in Prometheus' rules and in those of Mimir's ruler.
import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { diffObjects } from "../../diff/diff.ts";
import type { Manifest } from "../../diff/model/object.ts";
import type { KubernetesObject } from "../../lib/kubernetes/index.ts";
import { readStackFile } from "../../stacks/load.ts";
import { ConfigurationError } from "../../stacks/problem.ts";
import { resolve } from "../../stacks/resolve.ts";
import { objectsOf, renderStack } from "../../stacks/stack.ts";
import { requireProgram } from "../data-plane/process.ts";

interface Rule {
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Group {
  readonly name: string;
  readonly rules: readonly Rule[];
  readonly source_tenants?: unknown;
}

/** Staging is evaluated by Prometheus, prod at this scale by Mimir's ruler. */
const render = (rules: object, stack = "staging", changes: object = {}) =>
  renderStack(resolve({ ...readStackFile("stacks", stack).raw, ...changes, alerts: { rules } }, { stack }));

type Stack = ReturnType<typeof render>;

/** Every group as its evaluator reads it. */
function groupsOf(stack: Stack): readonly Group[] {
  return objectsOf(stack).flatMap(({ component, object }) => {
    const { kind, spec, data } = object as KubernetesObject & { data?: Record<string, string> };
    if (kind === "PrometheusRule") return spec.groups as Group[];
    if (component !== "mimir-rules" || kind !== "ConfigMap") return [];
    return Object.values(data ?? {}).flatMap((text) => (parse(text) as { groups: Group[] }).groups);
  });
}

const named = (stack: Stack, name: string) =>
  groupsOf(stack)
    .flatMap(({ rules }) => rules)
    .filter(({ alert }) => alert === name);

const problems = (rules: object): readonly string[] => {
  try {
    render(rules);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ code, path, message }) => `${code} ${path}: ${message}`);
  }
  return [];
};

describe("an alert in the stack file", () => {
  const rules = {
    MimirPushLatency: { threshold: 5, for: "30m", severity: "info", labels: { team: "storage" }, summary: "Slow." },
    LokiPanics: { enabled: false },
  };

  test("has another threshold, duration, severity, labels and summary", () => {
    const [before] = named(render({}), "MimirPushLatency");
    const [after] = named(render(rules), "MimirPushLatency");
    expect(after).toMatchObject({ for: "30m", labels: { severity: "info", team: "storage" } });
    expect(after?.expr).toBe(before?.expr.replace("> 2.5", "> 5"));
    expect(after?.annotations).toMatchObject({
      summary: "Slow.",
      description: `${before?.annotations.description} The threshold of this stack is 5.`,
      runbook_url: before?.annotations.runbook_url,
    });
  });

  test("is gone when it is disabled, and the diff says so", () => {
    expect(named(render({}), "LokiPanics")).toHaveLength(1);
    const objects = (stack: Stack) => objectsOf(stack).map(({ object }) => object as unknown as Manifest);
    const said = diffObjects(objects(render({})), objects(render(rules))).meaning.map(({ text }) => text);
    expect(said).toContainEqual(expect.stringMatching(/LokiPanics.* is removed/));
    expect(said).toContainEqual(expect.stringMatching(/MimirPushLatency .* fires at > 5 instead of > 2.5/));
    expect(named(render(rules), "LokiPanics")).toEqual([]);
  });

  test("changes nothing else", () => {
    const others = (stack: Stack) =>
      groupsOf(stack)
        .flatMap((group) => group.rules.map((rule) => ({ group: group.name, rule })))
        .filter(({ rule }) => !Object.keys(rules).includes(rule.alert ?? ""));
    expect(others(render(rules))).toEqual(others(render({})));
  });
});

test("what no alert can follow is an error, all of it at once", () => {
  expect(
    problems({
      MimirIngesterUnhelthy: { for: "10m" },
      TempoSpansDiscarded: { enabled: false },
      GrafanaDown: { threshold: 3 },
    }),
  ).toEqual([
    "SKP1313 skopos:alerts.rules.MimirIngesterUnhelthy: no alert MimirIngesterUnhelthy: did you mean MimirIngesterUnhealthy?",
    "SKP1313 skopos:alerts.rules.TempoSpansDiscarded: no alert TempoSpansDiscarded in this stack",
    "SKP1314 skopos:alerts.rules.GrafanaDown.threshold: GrafanaDown does not compare one value with one number",
  ]);
  expect(
    problems({ CoreDNSDown: { labels: { severity: "x", "a-b": "x" }, for: "soon" } }).map((each) => each.slice(0, 7)),
  ).toEqual(["SKP1002", "SKP1012", "SKP1012"]);
});

describe.each(["staging", "prod"])("every alert of %s with everything changed", (name) => {
  const scale = name === "prod" ? { workload: { activeSeries: "10M", nodes: 400, flowsPerSecondPerNode: 10 } } : {};
  const { charts } = render({}, name, scale);
  const alerts = charts.flatMap(({ knownAlerts }) => knownAlerts);
  // An odd number of seconds is no whole minute, by whose name it would be rendered.
  const durationOf = (index: number) => `${2 * index + 1}s`;
  const rules = Object.fromEntries(
    alerts.map((alert, index) => [
      `${alert.name}/${alert.severity}`,
      {
        for: durationOf(index),
        labels: { team: "storage", index: `${index}` },
        ...(alert.hasThreshold && { threshold: index + 0.5 }),
      },
    ]),
  );
  const stack = render(rules, name, scale);
  const groups = groupsOf(stack);

  test("is read by the real promtool", () => {
    expect(alerts.filter(({ hasThreshold }) => hasThreshold).length).toBeGreaterThan(60);
    // Tenants of a group are Mimir's own, and one name may be in a PrometheusRule and in a ConfigMap.
    const plain = groups.map(({ source_tenants: _, ...group }, index) => ({
      ...group,
      name: `${group.name}.${index}`,
    }));
    const output = execFileSync(requireProgram("promtool"), ["check", "rules", "--lint=none"], {
      input: JSON.stringify({ groups: plain }),
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"],
    });
    expect(output).toContain("SUCCESS");
  });

  test("has its changes wherever it is evaluated", () => {
    const found = groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert);
    expect(found.length).toBeGreaterThanOrEqual(alerts.length);
    for (const { alert, expr, for: held, labels } of found) {
      const index = Number(labels.index);
      expect(held, alert).toBe(durationOf(index));
      if (alerts[index]?.hasThreshold) expect(expr, alert).toContain(` ${index + 0.5}`);
    }
  });
});
