import { App } from "cdk8s";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ParsedBlock, parseAlloy } from "../../lib/alloy/index.ts";
import type { Endpoint } from "../../lib/kubernetes/index.ts";
import { type Workload, workloads } from "../../lib/sizing/index.ts";
import { attribute, find, id, plain, references } from "../../test/support/alloy-blocks.ts";
import { chartProblems, monitoringProblems, objectOf } from "../../test/support/charts.ts";
import { AlloyChart, type AlloyProps, hostMetricsPath, sizeAlloy } from "./index.ts";

const push: Endpoint = {
  scheme: "http",
  host: "loki.obs.svc.cluster.local",
  port: 3100,
  path: "/loki/api/v1/push",
  headers: { "X-Scope-OrgID": "prod", "X-Team": "shop" },
};
const otlp: Endpoint = { scheme: "grpc", host: "otel-gateway-collector.obs.svc.cluster.local", port: 4317 };
const otlpByTraceId: Endpoint = { ...otlp, host: "otel-gateway-collector-headless.obs.svc.cluster.local" };
const everything = { logs: push, gateway: { otlp, otlpByTraceId }, hostMetrics: true } as const;

const render = (props: Partial<AlloyProps> = {}) =>
  new AlloyChart(new App(), "alloy", { namespace: "agents", ...props });

const configOf = (chart: AlloyChart): readonly ParsedBlock[] => {
  const { data } = objectOf(chart, "ConfigMap", "alloy") as unknown as { data: Record<string, string> };
  return parseAlloy(data["config.alloy"] ?? "");
};

/** What a kind of component exports, from its reference page. */
const exported: Readonly<Record<string, string>> = {
  "discovery.kubernetes": "targets",
  "discovery.relabel": "output",
  "local.file_match": "targets",
  "loki.process": "receiver",
  "loki.write": "receiver",
};

const variants = (["small", "medium"] as const).flatMap((scale) =>
  [{}, { logs: push }, { gateway: { otlp } }, { hostMetrics: true }, everything].map((props) => ({
    name: `${scale}: ${Object.keys(props).join(", ") || "nothing"}`,
    props: { ...props, workload: workloads[scale] },
  })),
);

describe.each(variants)("$name", ({ props }) => {
  test("renders valid objects, monitors that select its pods, and alerts with runbooks", () => {
    expect(chartProblems(render(props))).toEqual([]);
    expect(monitoringProblems(render(props))).toEqual([]);
  });

  test("refers only to exports of existing components, and uses every component", () => {
    const blocks = configOf(render(props));
    const known = blocks.filter(({ label }) => label !== undefined).map(id);
    expect(new Set(known).size).toBe(known.length);
    const used = new Set<string>();
    for (const path of blocks.flatMap(references)) {
      const [owner, output] = [path.slice(0, path.lastIndexOf(".")), path.slice(path.lastIndexOf(".") + 1)];
      expect(known, path).toContain(owner);
      const kind = owner.slice(0, owner.lastIndexOf("."));
      expect(output, path).toBe(exported[kind] ?? "input");
      used.add(owner);
    }
    const ends = /^(loki\.source|otelcol\.receiver|prometheus\.exporter)\./;
    expect(known.filter((name) => !used.has(name) && !ends.test(name))).toEqual([]);
  });
});

describe("the pod", () => {
  const pod = (props: Partial<AlloyProps>) => objectOf(render(props), "DaemonSet", "alloy").spec.template.spec;

  test("is restricted unless it needs the node", () => {
    const { securityContext, containers, volumes, hostNetwork } = pod({ logs: push, gateway: { otlp } });
    expect(securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 473 });
    expect(containers[0].securityContext.runAsUser).toBeUndefined();
    expect(volumes.some((volume: object) => "hostPath" in volume)).toBe(false);
    expect(hostNetwork).toBeUndefined();
  });

  test("reads log files as root without capabilities, and keeps its positions on the node", () => {
    const { containers, volumes, hostNetwork } = pod({ logs: push, logSource: "files" });
    expect(containers[0].securityContext).toMatchObject({ runAsUser: 0, capabilities: { drop: ["ALL"] } });
    expect(volumes).toContainEqual({ name: "pod-logs", hostPath: { path: "/var/log/pods", type: "" } });
    expect(volumes).toContainEqual({
      name: "storage",
      hostPath: { path: "/var/lib/skopos-alloy", type: "DirectoryOrCreate" },
    });
    const mounts = containers[0].volumeMounts as { name: string; readOnly?: boolean }[];
    expect(mounts.filter(({ readOnly }) => !readOnly).map(({ name }) => name)).toEqual(["storage"]);
    expect(hostNetwork).toBeUndefined();
  });

  test("does not send usage reports", () => {
    expect(pod({}).containers[0].args).toContain("--disable-reporting");
  });
});

describe("host metrics", () => {
  const monitors = (props: Partial<AlloyProps>) =>
    (render(props).toJson() as { kind: string; metadata: { name: string }; spec: { endpoints: object[] } }[]).filter(
      ({ kind }) => kind === "ServiceMonitor",
    );

  test("are scraped under node-exporter's job and the node's name", () => {
    const [, host] = monitors({ hostMetrics: true });
    expect(host?.spec.endpoints).toMatchObject([
      {
        path: hostMetricsPath,
        relabelings: [
          { targetLabel: "job", replacement: "node-exporter" },
          { targetLabel: "instance", sourceLabels: ["__meta_kubernetes_pod_node_name"] },
          { targetLabel: "node", sourceLabels: ["__meta_kubernetes_pod_node_name"] },
        ],
      },
    ]);
    const names = configOf(render({ hostMetrics: true })).map(({ name }) => name);
    expect(names).toContain("prometheus.exporter.unix");
    expect(names).not.toContain("prometheus.remote_write");
  });

  test("cover the host's network and file systems", () => {
    const { hostNetwork, volumes } = objectOf(render({ hostMetrics: true }), "DaemonSet", "alloy").spec.template.spec;
    expect(hostNetwork).toBe(true);
    expect(volumes).toContainEqual({ name: "root", hostPath: { path: "/", type: "" } });
  });

  test("are off by default", () => {
    expect(monitors({})).toHaveLength(1);
    expect(configOf(render()).map(({ name }) => name)).not.toContain("prometheus.exporter.unix");
  });
});

describe("OTLP", () => {
  const next = (blocks: readonly ParsedBlock[], from: string) => {
    const output = find(blocks, from).blocks.find(({ name }) => name === "output") as ParsedBlock;
    return Object.fromEntries(output.attributes.map(([signal, value]) => [signal, plain(value)]));
  };

  test("routes spans by trace ID and metrics by resource to gateway pods, and logs to any of them", () => {
    const blocks = configOf(render({ gateway: { otlp, otlpByTraceId } }));
    expect(next(blocks, "otelcol.processor.batch.applications")).toEqual({
      traces: ["otelcol.exporter.loadbalancing.gateway.input"],
      metrics: ["otelcol.exporter.loadbalancing.metrics.input"],
      logs: ["otelcol.exporter.otlp.gateway.input"],
    });
    for (const [label, key] of [
      ["gateway", "traceID"],
      ["metrics", "resource"],
    ] as const) {
      const balancer = find(blocks, `otelcol.exporter.loadbalancing.${label}`);
      expect(attribute(balancer, "routing_key")).toBe(key);
      const resolver = balancer.blocks.find(({ name }) => name === "resolver");
      const kubernetes = resolver?.blocks[0] as ParsedBlock;
      expect(attribute(kubernetes, "service")).toBe("otel-gateway-collector-headless.obs");
      expect(attribute(kubernetes, "return_hostnames")).toBe(true);
    }
  });

  test("reroutes what a gateway did not take: queue and retries are the load balancer's", () => {
    const chart = render({ gateway: { otlp, otlpByTraceId } });
    for (const label of ["gateway", "metrics"]) {
      const balancer = find(configOf(chart), `otelcol.exporter.loadbalancing.${label}`);
      const blocks = (of: ParsedBlock) => Object.fromEntries(of.blocks.map((block) => [block.name, block]));
      const { sending_queue: queue, retry_on_failure: retry, protocol } = blocks(balancer);
      expect(attribute(queue as ParsedBlock, "queue_size")).toBe(chart.sizing.queueItems);
      expect(attribute(retry as ParsedBlock, "enabled")).toBe(true);
      const inner = blocks(protocol?.blocks[0] as ParsedBlock);
      expect(attribute(inner.queue as ParsedBlock, "enabled")).toBe(false);
      expect(attribute(inner.retry as ParsedBlock, "enabled")).toBe(false);
    }
  });

  test("allows experimental features where metrics are balanced: Alloy drops them otherwise", () => {
    const args = (gateway: AlloyProps["gateway"]) =>
      objectOf(render(gateway && { gateway }), "DaemonSet", "alloy").spec.template.spec.containers[0].args;
    expect(args({ otlp, otlpByTraceId })).toContain("--stability.level=experimental");
    expect(args({ otlp })).not.toContain("--stability.level=experimental");
  });

  test("sends spans to the gateway of their service too, where the gateways compute span metrics", () => {
    const otlpByService = { ...otlpByTraceId, port: 4319 };
    const chart = render({ gateway: { otlp, otlpByTraceId, otlpByService } });
    const blocks = configOf(chart);
    expect(next(blocks, "otelcol.processor.batch.applications").traces).toEqual([
      "otelcol.exporter.loadbalancing.gateway.input",
      "otelcol.exporter.loadbalancing.services.input",
    ]);
    expect(attribute(find(blocks, "otelcol.exporter.loadbalancing.services"), "routing_key")).toBe("service");
    expect(chart.edges.flatMap(({ ports }) => ports)).toContain(4319);
  });

  test("does not route by trace ID with a single gateway", () => {
    const blocks = configOf(render({ gateway: { otlp } }));
    expect(next(blocks, "otelcol.processor.batch.applications").traces).toEqual([
      "otelcol.exporter.otlp.gateway.input",
    ]);
    expect(blocks.map(({ name }) => name)).not.toContain("otelcol.exporter.loadbalancing");
  });

  test("is received on the application's own node", () => {
    const chart = render({ gateway: { otlp } });
    expect(objectOf(chart, "Service", "alloy").spec.internalTrafficPolicy).toBe("Local");
    expect(chart.endpoints).toMatchObject({ otlpGrpc: { port: 4317 }, otlpHttp: { port: 4318 } });
    expect(render().endpoints).toEqual({});
  });
});

test("sizing: 1 MiB/s of logs takes a core and 120 MiB, and the busiest node has three times the mean", () => {
  const nodeMiB = (workloads.large.logBytesPerDay / 86_400 / workloads.large.nodes / 2 ** 20) * 3;
  const { alloy } = sizeAlloy({ workload: workloads.large, exporters: 0 });
  expect(alloy.cpuCores).toBeCloseTo(Math.ceil((nodeMiB + 0.03) * 100) / 100, 5);
  expect(alloy.replicas).toBe(workloads.large.nodes);
});

test("sizing: one pod that logs 1 MiB/s beside all others fits below the soft memory limit", () => {
  for (const workload of Object.values(workloads)) {
    const { alloy } = sizeAlloy({ workload, exporters: 0 });
    // Idle, and 120 MiB for the burst.
    expect(alloy.memoryBytes * 0.8).toBeGreaterThanOrEqual((128 + 120) * 2 ** 20);
  }
});

test("more load never means less capacity", () => {
  const factor = fc.double({ min: 1, max: 50, noNaN: true });
  fc.assert(
    fc.property(factor, factor, factor, fc.boolean(), (logs, spans, pods, hostMetrics) => {
      const grown: Workload = {
        ...workloads.small,
        logBytesPerDay: workloads.small.logBytesPerDay * logs,
        spansPerSecond: workloads.small.spansPerSecond * spans,
        pods: Math.ceil(workloads.small.pods * pods),
      };
      const [before, after] = [
        sizeAlloy({ workload: workloads.small, hostMetrics }),
        sizeAlloy({ workload: grown, hostMetrics }),
      ];
      expect(after.alloy.cpuCores).toBeGreaterThanOrEqual(before.alloy.cpuCores);
      expect(after.alloy.memoryBytes).toBeGreaterThanOrEqual(before.alloy.memoryBytes);
      expect(after.queueItems).toBeGreaterThanOrEqual(before.queueItems);
    }),
  );
});
