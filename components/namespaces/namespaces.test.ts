import { App } from "cdk8s";
import { expect, test } from "vitest";
import { NamespacesChart } from "./index.ts";

test("each namespace enforces its Pod Security level", () => {
  const chart = new NamespacesChart(new App(), "n", { namespace: "observability", agentsNamespace: "agents" });
  const levels = chart
    .toJson()
    .map(({ metadata }) => [metadata.name, metadata.labels["pod-security.kubernetes.io/enforce"]]);
  expect(levels).toEqual([
    ["observability", "restricted"],
    ["agents", "privileged"],
  ]);
});

test("a single namespace for both is privileged, since host-level agents are not admitted otherwise", () => {
  const chart = new NamespacesChart(new App(), "n", { namespace: "all", agentsNamespace: "all" });
  const labels = { "pod-security.kubernetes.io/enforce": "privileged" };
  expect(chart.toJson()).toEqual([expect.objectContaining({ metadata: expect.objectContaining({ name: "all" }) })]);
  expect(chart.toJson()[0].metadata.labels).toMatchObject(labels);
});
