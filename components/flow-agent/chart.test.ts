import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
import agentPackage from "../../bpf-agent/package.json" with { type: "json" };
import { parseConfig } from "../../bpf-agent/src/config/load.ts";
import { images } from "../../lib/kubernetes/index.ts";
import { GiB, MiB, scales, workloads } from "../../lib/sizing/index.ts";
import { chartProblems, monitoringProblems, objectOf } from "../../test/support/charts.ts";
import { FlowAgentChart, type FlowAgentProps, sizeFlowAgent } from "./index.ts";

const render = (props: Partial<FlowAgentProps> = {}) =>
  new FlowAgentChart(new App(), "flow-agent", {
    namespace: "observability-agents",
    flows: { scheme: "grpc", host: "otel-gateway-collector.observability.svc.cluster.local", port: 4320 },
    ...props,
  });

const podOf = (chart: FlowAgentChart) => objectOf(chart, "DaemonSet", "flow-agent").spec.template.spec;

/** The configuration as the agent itself reads it. */
const configOf = (chart: FlowAgentChart) => {
  const { data } = objectOf(chart, "ConfigMap", "flow-agent") as unknown as { data: Record<string, string> };
  return parseConfig(data["agent.yaml"] ?? "", "agent.yaml");
};

test.each(scales)("%s: valid objects, a monitor that selects the pods, and alerts with runbooks", (scale) => {
  const chart = render({ workload: workloads[scale] });
  expect(chartProblems(chart)).toEqual([]);
  expect(monitoringProblems(chart)).toEqual([]);
});

describe("the configuration", () => {
  test("is read by the agent, with the settings of the stack", () => {
    const chart = render({
      config: {
        filter: { ports: { deny: ["tcp/22"] } },
        flows: { recordInterval: "30s" },
        resource: { "deployment.environment.name": "prod" },
      },
    });
    expect(configOf(chart)).toMatchObject({
      filter: { ports: { deny: ["tcp/22"] } },
      flows: { max: 131_072, recordInterval: "30s", pollInterval: "2s" },
      export: {
        endpoints: [
          {
            protocol: "grpc",
            url: "http://otel-gateway-collector.observability.svc.cluster.local:4320",
            compression: "zstd",
          },
        ],
      },
      resource: { "k8s.cluster.name": "kubernetes", "deployment.environment.name": "prod" },
    });
  });

  test("leaves time for the agent's grace period, which it takes twice at most", () => {
    const chart = render();
    const seconds = Number.parseInt(configOf(chart).server.gracePeriod, 10);
    expect(podOf(chart).terminationGracePeriodSeconds).toBeGreaterThan(2 * seconds);
  });
});

describe("the pod", () => {
  test("has three capabilities and the host's network, and nothing else of the node", () => {
    const { containers, volumes, hostNetwork, hostPID, securityContext } = podOf(render());
    expect(containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"], add: ["BPF", "NET_ADMIN", "PERFMON"] },
      runAsUser: 0,
      runAsNonRoot: false,
    });
    expect(securityContext.seccompProfile).toEqual({ type: "RuntimeDefault" });
    expect(hostNetwork).toBe(true);
    expect(hostPID).toBeUndefined();
    expect(volumes).toEqual([{ name: "config", configMap: { name: "flow-agent" } }]);
  });

  test("runs on every node, whatever its taints, but those whose kernel is known to be too old", () => {
    const { tolerations, affinity } = podOf(render());
    expect(tolerations).toEqual([{ operator: "Exists" }]);
    const { nodeSelectorTerms } = affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    /** Whether the scheduler lets an agent on a node: one term, all its requirements. */
    const runsOn = (labels: Readonly<Record<string, string>>) =>
      nodeSelectorTerms.some((term: { matchExpressions: { key: string; operator: string; values?: string[] }[] }) =>
        term.matchExpressions.every(({ key, operator, values = [] }) => {
          const value = labels[key];
          if (operator === "DoesNotExist") return value === undefined;
          if (value === undefined) return false;
          return operator === "Gt" ? Number(value) > Number(values[0]) : values.includes(value);
        }),
      );
    const kernel = (major: number, minor: number) => ({
      "kubernetes.io/arch": "arm64",
      "feature.node.kubernetes.io/kernel-version.major": String(major),
      "feature.node.kubernetes.io/kernel-version.minor": String(minor),
    });
    expect(runsOn({ "kubernetes.io/arch": "amd64" })).toBe(true);
    expect(runsOn({ "kubernetes.io/arch": "s390x" })).toBe(false);
    for (const [major, minor] of [
      [5, 14],
      [5, 15],
      [6, 1],
      [7, 0],
    ] as const)
      expect(runsOn(kernel(major, minor)), `${major}.${minor}`).toBe(true);
    for (const [major, minor] of [
      [5, 13],
      [5, 4],
      [4, 18],
    ] as const)
      expect(runsOn(kernel(major, minor)), `${major}.${minor}`).toBe(false);
  });

  test("runs the version of the agent that is in this repository", () => {
    expect(images["flow-agent"].tag).toBe(agentPackage.version);
  });
});

describe("sizes", () => {
  test("a map for more flows takes memory of the container, the agent's own store included", () => {
    const memoryOf = (max: number) =>
      sizeFlowAgent({ workload: workloads.medium, config: { flows: { max } } }).agent.memoryBytes;
    const perFlow = (memoryOf(1 << 22) - memoryOf(1 << 17)) / ((1 << 22) - (1 << 17));
    expect(perFlow).toBeGreaterThan(255 + 72 - 1);
    expect(perFlow).toBeLessThan(255 + 72 + 1);
  });

  test("a busier node gets a larger map, up to the most that the agent accepts", () => {
    const of = (flowsPerSecondPerNode: number) =>
      sizeFlowAgent({ workload: { ...workloads.medium, flowsPerSecondPerNode } });
    expect(of(0).flows).toBe(131_072);
    expect(of(5_000).flows).toBeGreaterThan(5_000 * 3 * 62);
    expect(of(100_000).flows).toBe(2 ** 24);
    for (const flowsPerSecondPerNode of [0, 50, 5_000, 100_000])
      expect(() => render({ workload: { ...workloads.medium, flowsPerSecondPerNode } })).not.toThrow();
  });

  test("agents are replaced in small groups, also on 3,000 nodes", () => {
    const replaced = (nodes: number) => sizeFlowAgent({ workload: { ...workloads.small, nodes } }).maxUnavailable;
    expect([1, 20, 21, 100, 500, 3_000].map(replaced)).toEqual([1, 1, 2, 5, 25, 50]);
    const { updateStrategy } = objectOf(render({ workload: workloads.xlarge }), "DaemonSet", "flow-agent").spec;
    expect(updateStrategy.rollingUpdate.maxUnavailable).toBe(50);
  });

  test("an agent of a cluster of 3,000 nodes fits beside what else runs on a node", () => {
    const { memoryBytes } = sizeFlowAgent({ workload: workloads.xlarge }).agent;
    expect(memoryBytes).toBeLessThan(GiB / 2);
    expect(memoryBytes).toBeGreaterThan(200 * MiB);
  });
});
