import { App } from "cdk8s";
import { expect, test } from "vitest";
import { defaultCluster } from "../../lib/kubernetes/index.ts";
import { workloads } from "../../lib/sizing/index.ts";
import { AlloyChart, type AlloyProps } from "./index.ts";

test.each<[string, Partial<AlloyProps>]>([
  ["SKP1209 cluster.platform", { cluster: { ...defaultCluster, platform: "eks-fargate" } }],
  ["SKP1011 workload.nodes", { workload: { ...workloads.small, nodes: 0 } }],
])("rejects %s", (finding, props) => {
  expect(() => new AlloyChart(new App(), "alloy", { namespace: "agents", ...props })).toThrow(finding);
});
