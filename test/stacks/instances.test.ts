import { App } from "cdk8s";
import { expect, test } from "vitest";
import { GrafanaChart } from "../../components/grafana/index.ts";
import { OtelAgentChart } from "../../components/otel-agent/index.ts";
import type { KubernetesObject } from "../../lib/kubernetes/index.ts";
import { readStackFile } from "../../stacks/load.ts";
import { resolve } from "../../stacks/resolve.ts";
import { objectsOf, renderStack } from "../../stacks/stack.ts";

/** What all stacks of a cluster share on purpose: the resource definitions, and what protects them. */
const shared = /^(CustomResourceDefinition|ValidatingAdmissionPolicy)/;

const keyOf = ({ kind, metadata }: KubernetesObject) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;

const common = (a: readonly KubernetesObject[], b: readonly KubernetesObject[]) => {
  const keys = new Set(a.map(keyOf));
  return b.map(keyOf).filter((key) => keys.has(key) && !shared.test(key));
};

const objects = (stack: string, prefix: string) => {
  const { raw } = readStackFile("stacks", stack);
  const namespaces = { stack: prefix, agents: `${prefix}-agents` };
  return objectsOf(renderStack(resolve({ ...raw, namespaces }, { stack }))).map(({ object }) => object);
};

test.each(["dev", "staging", "prod"])("two stacks like %s in one cluster share no object but definitions", (stack) => {
  expect(common(objects(stack, "blue"), objects(stack, "green"))).toEqual([]);
});

test("two Grafanas and two agents in one program share no object", () => {
  const otlp = { scheme: "grpc", host: "gateway", port: 4317 } as const;
  const rendered = (namespace: string, name?: string) => {
    const app = new App();
    const props = { namespace, ...(name && { name }) };
    const charts = [
      new GrafanaChart(app, "grafana", props),
      new OtelAgentChart(app, "agent", { ...props, gateway: { otlp } }),
    ];
    return charts.flatMap((chart) => chart.toJson() as KubernetesObject[]);
  };
  expect(common(rendered("blue"), rendered("green"))).toEqual([]);
});

test("in a namespace that others use, the policies select our own pods alone", () => {
  const { raw } = readStackFile("stacks", "dev");
  const { charts } = renderStack(
    resolve({ ...raw, namespaces: { stack: "shared", agents: "shared", create: false } }, { stack: "dev" }),
  );
  const all = charts.flatMap((chart) => chart.toJson() as KubernetesObject[]);
  const policies = all.filter(({ kind }) => kind === "NetworkPolicy");
  expect(policies.length).toBeGreaterThan(5);
  for (const { metadata, spec } of policies) {
    const { podSelector } = spec as { podSelector: { matchLabels?: Record<string, string> } };
    const labels = Object.keys(podSelector.matchLabels ?? {});
    expect(
      labels.some((label) => /^(app\.kubernetes\.io|skopos\.dev)\//.test(label)),
      metadata.name,
    ).toBe(true);
  }
});
