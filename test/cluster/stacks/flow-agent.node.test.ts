// The flow agent's image, run by the real containerd as the DaemonSet of a stack, with the API server that it decorates from.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { entrypoint, imageFiles, labels } from "../../../bpf-agent/image/files.ts";
import { imageReference } from "../../../lib/kubernetes/index.ts";
import { until } from "../../support/wait.ts";
import { apply } from "../apply.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { componentImages, mirrors } from "../component-images.ts";
import { allPodsReady, describePod, logOf, type Pod } from "../pods.ts";
import { quantity } from "../quantity.ts";
import { prerequisites, variant } from "./variants.ts";

const off = ["otelAgent", "prometheus", "nodeExporter", "grafana", "mimir", "loki", "alloy"];

/** Agents, gateway and trace store of the dev stack, as a private cluster would have them. */
const stack = variant("dev", {
  "images.registries": mirrors,
  "cluster.nodeCidrs": ["10.99.0.0/24"],
  "cluster.apiServerCidrs": ["10.99.0.0/24"],
  "components.flowAgent": { enabled: true, config: { flows: { pollInterval: "500ms", recordInterval: "2s" } } },
  ...Object.fromEntries(off.map((name) => [`components.${name}`, "off"])),
});
const home = stack.resolved.props.namespaces.stack;
const agents = stack.resolved.props.namespaces.agents;

const scratch = mkdtempSync(join(tmpdir(), "skopos-flow-agent-image-"));
let cluster: Cluster;

beforeAll(async () => {
  const files = imageFiles(scratch);
  cluster = await startCluster({ nodes: { real: 2 } });
  for (const { spec } of await componentImages([...stack.images].filter((name) => name !== "flow-agent")))
    await cluster.load(spec);
  const reference = imageReference("flow-agent", { registries: mirrors });
  await cluster.load({ reference, files, entrypoint, labels: labels(), user: "0:0" });
  await apply(cluster.api, [...prerequisites(stack), ...stack.objects]);
});
afterAll(async () => {
  await cluster?.dispose();
  rmSync(scratch, { recursive: true });
});

const agentPods = () => cluster.api.list<Pod>("v1", "Pod", agents);

it("is ready on every node, under the runtime's seccomp profile, with three capabilities, and was not restarted", async () => {
  await allPodsReady(cluster.api, home, 2, 300_000);
  const pods = await allPodsReady(cluster.api, agents, 2, 120_000);
  expect(pods.map(({ spec }) => spec.nodeName).sort()).toEqual(["node-1", "node-2"]);
  for (const { status } of pods) expect(status.containerStatuses?.map(({ restartCount }) => restartCount)).toEqual([0]);
  // BPF 39, PERFMON 38, NET_ADMIN 12, and nothing else: https://man7.org/linux/man-pages/man7/capabilities.7.html.
  const expected = ((1n << 39n) | (1n << 38n) | (1n << 12n)).toString(16).padStart(16, "0");
  for (const { machine } of cluster.nodes) {
    const found = await machine.run(
      "bash",
      "-c",
      "grep -h 'Cap[EB]\\|Seccomp:' $(dirname $(grep -l skopos/bpf-agent /proc/[0-9]*/cmdline | head -1))/status",
    );
    expect(found).toContain(`CapEff:\t${expected}`);
    expect(found).toContain(`CapBnd:\t${expected}`);
    // Mode 2 is a filter: man 5 proc_pid_status.
    expect(found).toContain("Seccomp:\t2");
  }
});

interface Tag {
  readonly key: string;
  readonly value: unknown;
}

interface JaegerSpan {
  readonly operationName: string;
  readonly processID: string;
  readonly tags: readonly Tag[];
}

interface JaegerTrace {
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly tags: readonly Tag[] }>>;
}

const tagOf = ({ tags }: JaegerSpan, key: string) => tags.find((tag) => tag.key === key)?.value;

/** The agents' spans that the trace store has, of one node or all. */
async function storedSpans(node?: string): Promise<JaegerSpan[]> {
  const store = await traceStore();
  const { port, close } = await cluster.forward(`${store.status.podIP}:16686`);
  try {
    const query = "service=skopos-flow-agent&limit=1000&lookback=1h";
    const { data } = (await (await fetch(`http://127.0.0.1:${port}/api/traces?${query}`)).json()) as {
      data: JaegerTrace[];
    };
    return data.flatMap(({ spans, processes }) =>
      spans.filter(({ processID }) => {
        const host = processes[processID]?.tags.find(({ key }) => key === "host.name")?.value;
        return node === undefined || host === node;
      }),
    );
  } finally {
    close();
  }
}

async function traceStore(): Promise<Pod> {
  const pods = await cluster.api.list<Pod>("v1", "Pod", home);
  return pods.find(({ metadata }) => metadata.name.startsWith("jaeger-"))!;
}

it("exports flows between pods, with the pods' names, to the trace store", async () => {
  const store = (await traceStore()).metadata.name;
  // What the gateway sends to the store, by names that only the Kubernetes API knows.
  const found = await until(
    "flows from the gateway to the trace store",
    async () =>
      (await storedSpans()).find(
        (span) =>
          tagOf(span, "source.k8s.pod.name") === "otel-gateway-collector-0" &&
          tagOf(span, "destination.k8s.pod.name") === store,
      ),
    {
      every: 2_000,
      within: 120_000,
      explain: async () => {
        const seen = (await storedSpans())
          .slice(0, 5)
          .map((span) => JSON.stringify(span.tags.map(({ key, value }) => [key, value])));
        const logs = await Promise.all(
          (await agentPods()).map(({ metadata }) => logOf(cluster.api, agents, metadata.name)),
        );
        return [...seen, ...logs, ...(await agentPods()).map(describePod)].join("\n");
      },
    },
  );
  expect(found.operationName).toBe("flow_ipv4_tcp");
  expect(Number(tagOf(found, "flow.bytes.delta"))).toBeGreaterThan(0);
});

it("listens on the node's address, loses nothing, and fits into its memory limit with the kernel's maps", async () => {
  for (const { spec, status } of await agentPods()) {
    const { port } = await cluster.forward(`${status.podIP}:9465`);
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const sum = (name: string) =>
      [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "gm"))].reduce((all, [, n]) => all + Number(n), 0);
    expect(sum("mermin_export_spans_total")).toBeGreaterThan(0);
    for (const lost of ["mermin_export_spans_lost_total", "mermin_flow_spans_dropped_export_failure_total"])
      expect(sum(lost), lost).toBe(0);
    const limit = quantity(spec.containers[0]?.resources?.limits?.memory ?? "0");
    const summary = (
      await cluster.api.send<{
        pods: {
          podRef: { namespace: string };
          containers: { memory: { workingSetBytes: number; rssBytes: number } }[];
        }[];
      }>("GET", `/api/v1/nodes/${spec.nodeName}/proxy/stats/summary`)
    ).body;
    const [container] = summary.pods.find(({ podRef }) => podRef.namespace === agents)!.containers;
    console.info(`flow agent on ${spec.nodeName}: ${JSON.stringify(container?.memory)} of ${limit}`);
    expect(container!.memory.workingSetBytes).toBeLessThan(limit * 0.8);
  }
});

it("exports open flows when it is stopped, and says so", async () => {
  const [pod] = await agentPods();
  const path = await cluster.api.path("v1", "Pod", agents, pod!.metadata.name);
  // Followed to its end.
  const log = cluster.api.send<string>("GET", `${path}/log?follow=true`);
  await cluster.api.send("DELETE", path);
  expect((await log).body).toMatch(/stopping: exporting what is open\n$/);
  await until("last records of open flows", async () =>
    (await storedSpans(pod!.spec.nodeName)).some((span) => tagOf(span, "flow.end_reason") === "forced_end"),
  );
});
