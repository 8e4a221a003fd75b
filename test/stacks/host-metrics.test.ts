import { expect, test } from "vitest";
import { hostMetricsPath } from "../../components/alloy/index.ts";
import { hostMetricsJob } from "../../lib/monitoring/host-metrics.ts";
import { readStackFile } from "../../stacks/load.ts";
import { resolve } from "../../stacks/resolve.ts";
import { objectsOf, renderStack } from "../../stacks/stack.ts";

/** Host metrics -> Alloy -> Prometheus, in the shipped stack that has no node-exporter. */
const stack = renderStack(resolve(readStackFile("stacks", "staging").raw, { stack: "staging" }));
const objects = objectsOf(stack).map(
  ({ object }) => object as unknown as { kind: string; metadata: { name: string }; spec: never },
);
const named = (kind: string, name: string) =>
  objects.find((object) => object.kind === kind && object.metadata.name === name);

test("staging's host metrics come from Alloy alone, under node-exporter's job", () => {
  expect(objects.filter(({ kind }) => kind === "DaemonSet").map(({ metadata }) => metadata.name)).not.toContain(
    "kube-prometheus-node-exporter",
  );
  const { endpoints } = (named("ServiceMonitor", "alloy-host") as unknown as { spec: { endpoints: object[] } }).spec;
  expect(endpoints).toMatchObject([
    { path: hostMetricsPath, relabelings: [{ targetLabel: "job", replacement: hostMetricsJob }, {}, {}] },
  ]);
});

test("staging's Prometheus may reach Alloy, which has the addresses of the nodes", () => {
  const policies = objects.filter(({ kind }) => kind === "NetworkPolicy");
  const cidrs = stack.config.cluster.nodeCidrs ?? [];
  expect(cidrs.length).toBeGreaterThan(0);
  type Egress = { to?: { ipBlock?: { cidr: string } }[]; ports?: { port: number }[] }[];
  const allowed = policies.filter(({ spec }) =>
    ((spec as { egress?: Egress }).egress ?? []).some(
      ({ to = [], ports = [] }) =>
        ports.some(({ port }) => port === 12_345) &&
        cidrs.every((cidr) => to.some(({ ipBlock }) => ipBlock?.cidr === cidr)),
    ),
  );
  expect(allowed.map(({ metadata }) => metadata.name)).toContainEqual(expect.stringContaining("prometheus"));
});

test("staging keeps its alerts about nodes", () => {
  const groups = stack.charts.flatMap((chart) => chart.ruleGroups);
  const nodes = groups.find(({ name }) => name === "nodes");
  expect(nodes?.rules.length).toBeGreaterThan(5);
  expect(nodes?.rules.every(({ expr }) => !expr.includes("kube-prometheus-node-exporter"))).toBe(true);
});
