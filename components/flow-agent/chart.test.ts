import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
import agentPackage from "../../bpf-agent/package.json" with { type: "json" };
import { parseConfig } from "../../bpf-agent/src/config/load.ts";
import { permissions } from "../../bpf-agent/src/kubernetes/permissions.ts";
import { images } from "../../lib/kubernetes/index.ts";
import { GiB, MiB, scales, workloads } from "../../lib/sizing/index.ts";
import { chartProblems, monitoringProblems, objectOf } from "../../test/support/charts.ts";
import { newAuthority } from "../../test/support/x509.ts";
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
  test("has three capabilities and the host's network, and reads the node's cgroups", () => {
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
    expect(volumes).toEqual([
      { name: "config", configMap: { name: "flow-agent" } },
      { name: "cgroup", hostPath: { path: "/sys/fs/cgroup", type: "Directory" } },
    ]);
    expect(containers[0].volumeMounts).toContainEqual({
      name: "cgroup",
      mountPath: "/sys/fs/cgroup",
      readOnly: true,
    });
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

describe("decoration", () => {
  const withNodes = (nodes: number, kubernetes?: NonNullable<FlowAgentProps["config"]>["kubernetes"]) =>
    render({
      cluster: { name: "prod-1", version: "1.36", platform: "kubernetes" },
      workload: { ...workloads.medium, nodes },
      ...(kubernetes && { config: { kubernetes } }),
    });
  const rulesOf = (chart: FlowAgentChart) => {
    const { rules } = objectOf(chart, "ClusterRole", "observability-agents-flow-agent") as unknown as { rules: object };
    return rules;
  };

  test("names the cluster and the node, and watches all pods in clusters of up to 500 nodes", () => {
    expect(configOf(withNodes(500)).kubernetes).toMatchObject({ enabled: true, cluster: "prod-1", scope: "cluster" });
    expect(configOf(withNodes(501)).kubernetes).toMatchObject({ enabled: true, cluster: "prod-1", scope: "node" });
    expect(configOf(withNodes(3_000, { scope: "cluster" })).kubernetes.scope).toBe("cluster");
    expect(podOf(withNodes(3)).containers[0].env).toContainEqual({
      name: "K8S_NODE_NAME",
      valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } },
    });
  });

  test("may do what its scope needs", () => {
    for (const scope of ["cluster", "node", "auto"] as const)
      expect(rulesOf(withNodes(3, { scope }))).toEqual(permissions(scope));
    expect(rulesOf(withNodes(501))).toEqual(permissions("node"));
    expect(rulesOf(withNodes(501))).not.toEqual(permissions("cluster"));
  });

  test("takes no permission, mount or memory when it is off", () => {
    const off = withNodes(500, { enabled: false });
    expect(configOf(off).kubernetes.enabled).toBe(false);
    expect((off.toJson() as { kind: string }[]).map(({ kind }) => kind)).not.toContain("ClusterRole");
    expect(podOf(off).volumes).toEqual([{ name: "config", configMap: { name: "flow-agent" } }]);
    const saved = withNodes(500).sizing.agent.memoryBytes - off.sizing.agent.memoryBytes;
    expect(saved).toBeGreaterThan(27 * MiB);
  });

  test("has room for the copy of the cluster", () => {
    const memoryOf = (pods: number, scope: "cluster" | "node") =>
      sizeFlowAgent({ workload: { ...workloads.medium, pods }, config: { kubernetes: { scope } } }).agent.memoryBytes;
    // Measured by bpf-agent/bench/decoration.ts.
    expect(memoryOf(9_000, "cluster") - memoryOf(0, "cluster")).toBeGreaterThan(8.5e6);
    expect(memoryOf(90_000, "cluster") - memoryOf(0, "cluster")).toBeGreaterThan(62e6);
    expect(memoryOf(90_000, "node") - memoryOf(0, "node")).toBeLessThan(62e6 / 2);
  });
});

test("Node.js trusts every private authority of the stack, and those that it was built with", async () => {
  const chart = render({ certificateAuthorities: [{ configMap: "corporate" }, { secret: "lab", key: "lab.pem" }] });
  const { containers, volumes } = podOf(chart);
  const { mountPath } = containers[0].volumeMounts.find(({ name }: { name: string }) => /authorities/.test(name));
  const { projected } = volumes.find(({ name }: { name: string }) => /authorities/.test(name));
  const paths = projected.sources.flatMap(({ configMap, secret }: Record<string, { items: { path: string }[] }>) =>
    (configMap ?? secret)!.items.map(({ path }) => path),
  );
  const names = ["corporate-ca", "lab-ca"];
  const folder = mkdtempSync(join(tmpdir(), "authorities-"));
  try {
    const pairs = await Promise.all(names.map((name) => newAuthority(name)));
    // As the kubelet writes a projected volume: links into a folder.
    mkdirSync(join(folder, "..data"));
    for (const [index, path] of (paths as string[]).entries()) {
      writeFileSync(join(folder, "..data", path), pairs[index]!.certificate);
      symlinkSync(join("..data", path), join(folder, path));
    }
    const env = Object.fromEntries(
      (containers[0].env as { name: string; value?: string }[])
        .filter(({ value }) => value !== undefined)
        .map(({ name, value }) => [name, value === mountPath ? folder : value]),
    );
    const script = `const { X509Certificate } = require("crypto");
      const subjects = require("tls").getCACertificates("default").map((each) => new X509Certificate(each).subject);
      console.log(JSON.stringify(subjects));`;
    const subjects = JSON.parse(execFileSync(process.execPath, ["-e", script], { env, encoding: "utf8" })) as string[];
    for (const name of names) expect(subjects.filter((each) => each.includes(name))).toHaveLength(1);
    expect(subjects.length).toBeGreaterThan(100);
  } finally {
    rmSync(folder, { recursive: true });
  }
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
