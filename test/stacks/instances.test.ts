import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
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

/** The label selector that a sidecar sends to the API server, by its source: `LABEL=LABEL_VALUE`, or `LABEL` as it is. */
const selectorOf = ({ env }: { env: readonly { name: string; value: string }[] }) => {
  const [label, value] = ["LABEL", "LABEL_VALUE"].map((name) => env.find((each) => each.name === name)?.value);
  return value ? `${label}=${value}` : (label as string);
};

/** Whether labels match a selector of one requirement: `a`, `a=b` or `a in (b, c)`. */
const matches = (selector: string, labels: Readonly<Record<string, string>>) => {
  const [, key = "", equals, among] = /^([\w./-]+)(?:=([\w.-]+)| in \(([\w., -]+)\))?$/.exec(selector) ?? [];
  const values = equals ? [equals] : among?.split(", ");
  return key in labels && (values?.includes(labels[key] as string) ?? true);
};

describe("of two stacks in one cluster, each Grafana loads", () => {
  const team = (namespace: string, label: string, value: string): KubernetesObject => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `${namespace}-${label}`, namespace, labels: { [label]: value } },
  });
  const shared = [team("shop", "grafana_dashboard", "1"), team("shop", "grafana_datasource", "1")];
  const forBlue = team("payments", "grafana_dashboard", "skopos-blue");
  const blue = objects("dev", "blue");
  const green = objects("dev", "green");
  const labelled = (all: readonly KubernetesObject[]) =>
    all.filter(({ metadata: { labels = {} } }) => "grafana_dashboard" in labels || "grafana_datasource" in labels);
  const loaded = (stack: readonly KubernetesObject[]) => {
    const { spec } = stack.find(
      ({ kind, metadata }) => /^(Deployment|StatefulSet)$/.test(kind) && metadata.name === "grafana",
    ) as {
      spec: { template: { spec: { initContainers: { env: { name: string; value: string }[] }[] } } };
    } & KubernetesObject;
    const selectors = spec.template.spec.initContainers.map(selectorOf);
    expect(selectors).toHaveLength(2);
    return [...blue, ...green, ...shared, forBlue]
      .filter(
        ({ kind, metadata }) =>
          kind === "ConfigMap" && selectors.some((each: string) => matches(each, metadata.labels ?? {})),
      )
      .map(keyOf);
  };

  test("its own dashboards and data sources, those of teams for all, and those of teams for it", () => {
    expect(labelled(blue).length).toBeGreaterThan(5);
    expect(loaded(blue)).toEqual([...labelled(blue), ...shared, forBlue].map(keyOf));
    expect(loaded(green)).toEqual([...labelled(green), ...shared].map(keyOf));
  });

  test("what a stack with an external Grafana renders, in no stack's name", () => {
    const { raw } = readStackFile("stacks", "dev");
    const config = { ...raw, components: { grafana: { external: { url: "https://grafana.example.com" } } } };
    const rendered = objectsOf(renderStack(resolve(config, { stack: "dev" }))).map(({ object }) => object);
    const values = labelled(rendered).map(
      ({ metadata: { labels } }) => labels?.grafana_dashboard ?? labels?.grafana_datasource,
    );
    expect(new Set(values)).toEqual(new Set(["1"]));
  });
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
