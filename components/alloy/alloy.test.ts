import { App } from "cdk8s";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Endpoint } from "../../lib/kubernetes/index.ts";
import { type Workload, workloads } from "../../lib/sizing/index.ts";
import { type ParsedBlock, type ParsedValue, parseAlloy } from "../../test/alloy-syntax.ts";
import { chartProblems, objectOf } from "../../test/charts.ts";
import {
  AlloyChart,
  type AlloyProps,
  hostMetricsPath,
  type LogSource,
  logLabels,
  logSourceFor,
  logSources,
  sizeAlloy,
} from "./index.ts";

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

const id = ({ name, label }: ParsedBlock) => (label === undefined ? name : `${name}.${label}`);
const find = (blocks: readonly ParsedBlock[], wanted: string): ParsedBlock => {
  const found = blocks.find((each) => id(each) === wanted);
  if (!found) throw new Error(`no ${wanted} among ${blocks.map(id).join(", ")}`);
  return found;
};
const attribute = (block: ParsedBlock, name: string): unknown =>
  plain(block.attributes.find(([key]) => key === name)?.[1]);

/** A parsed value as JSON, references by their path. */
function plain(value: ParsedValue | undefined): unknown {
  if (value === undefined || value.kind === "null") return undefined;
  if (value.kind === "list") return value.items.map(plain);
  if (value.kind === "map") return Object.fromEntries(value.entries.map(([key, each]) => [key, plain(each)]));
  if (value.kind === "reference") return value.path;
  if (value.kind === "call") return `${value.function}(${value.args.map(plain).join(", ")})`;
  if (value.kind === "sum") return value.parts.map(plain).join(" + ");
  return value.value;
}

/** Every reference in a block, at any depth. */
function references(block: ParsedBlock): string[] {
  const inside = (value: ParsedValue): string[] => {
    if (value.kind === "reference") return [value.path];
    if (value.kind === "list") return value.items.flatMap(inside);
    if (value.kind === "map") return value.entries.flatMap(([, each]) => inside(each));
    if (value.kind === "call") return value.args.flatMap(inside);
    return value.kind === "sum" ? value.parts.flatMap(inside) : [];
  };
  return [...block.attributes.flatMap(([, value]) => inside(value)), ...block.blocks.flatMap(references)];
}

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
  test("objects are valid, and each monitor finds its pods", () => {
    expect(chartProblems(render(props))).toEqual([]);
  });

  test("every component refers to others that are there, by what they export, and none is left over", () => {
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

/** What a relabeling configuration makes of a target, as Prometheus defines it. */
function relabel(rules: readonly ParsedBlock[], target: Readonly<Record<string, string>>): Record<string, string> {
  const labels: Record<string, string> = { ...target };
  for (const rule of rules) {
    const sources = attribute(rule, "source_labels") as string[];
    const joined = sources.map((name) => labels[name] ?? "").join((attribute(rule, "separator") as string) ?? ";");
    const match = new RegExp(`^(?:${attribute(rule, "regex") ?? "(.*)"})$`, "s").exec(joined);
    if (!match) continue;
    const replacement = (attribute(rule, "replacement") as string) ?? "$1";
    const value = replacement.replaceAll(/\$(\d)/g, (_, group) => match[Number(group)] ?? "");
    labels[attribute(rule, "target_label") as string] = value;
  }
  return labels;
}

describe("pod logs", () => {
  const target = {
    __meta_kubernetes_namespace: "shop",
    __meta_kubernetes_pod_name: "cart-6f7d9c5b8-x2x4z",
    __meta_kubernetes_pod_container_name: "cart",
    __meta_kubernetes_pod_node_name: "node-1",
    __meta_kubernetes_pod_uid: "0b9c",
    __meta_kubernetes_pod_controller_name: "cart-6f7d9c5b8",
  };
  const labelsOf = (source: LogSource, more: Readonly<Record<string, string>> = {}) => {
    const rules = find(configOf(render({ logs: push, logSource: source })), "discovery.relabel.pods").blocks;
    return relabel(rules, { ...target, ...more });
  };
  const visible = (labels: Record<string, string>) =>
    Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith("__")));

  test.each(logSources)("%s: have the six labels, and `app` outlives a rollout", (source) => {
    const labels = visible(labelsOf(source));
    expect(Object.keys(labels).sort()).toEqual([...logLabels].sort());
    expect(labels).toMatchObject({
      namespace: "shop",
      container: "cart",
      node: "node-1",
      app: "cart",
      job: "shop/cart",
    });
  });

  test.each(logSources)("%s: a label says what the application is, where there is one", (source) => {
    expect(labelsOf(source, { __meta_kubernetes_pod_label_app: "b" }).app).toBe("b");
    const both = { __meta_kubernetes_pod_label_app: "b", __meta_kubernetes_pod_label_app_kubernetes_io_name: "a" };
    expect(labelsOf(source, both).app).toBe("a");
    expect(labelsOf(source, { __meta_kubernetes_pod_controller_name: "" }).app).toBe("cart-6f7d9c5b8-x2x4z");
  });

  test("what either source adds is dropped: both give the same streams", () => {
    for (const source of logSources) {
      const blocks = find(configOf(render({ logs: push, logSource: source })), "loki.process.pods").blocks;
      const drop = blocks.at(-1) as ParsedBlock;
      expect([drop.name, attribute(drop, "values")]).toEqual([
        "stage.label_drop",
        ["filename", "flags", "instance", "stream"],
      ]);
      expect(blocks.map(({ name }) => name).slice(0, -1)).toEqual(source === "files" ? ["stage.cri"] : []);
    }
  });

  test("files are found by uid, those of static pods by the hash of their manifest", () => {
    expect(labelsOf("files").__path__).toBe("/var/log/pods/*0b9c/cart/*.log");
    const mirror = {
      __meta_kubernetes_pod_annotationpresent_kubernetes_io_config_hash: "true",
      __meta_kubernetes_pod_annotation_kubernetes_io_config_hash: "d41d",
    };
    expect(labelsOf("files", mirror).__path__).toBe("/var/log/pods/*d41d/cart/*.log");
    expect(labelsOf("api").__path__).toBeUndefined();
  });

  test("only this node's pods are watched, and go to Loki with tenant and cluster", () => {
    const chart = render({ logs: push, cluster: { name: "prod-eu", version: "1.36", platform: "eks" } });
    const blocks = configOf(chart);
    const [selectors] = find(blocks, "discovery.kubernetes.pods").blocks;
    expect(attribute(selectors as ParsedBlock, "field")).toBe("spec.nodeName= + sys.env(NODE_NAME)");
    const write = find(blocks, "loki.write.loki");
    expect(attribute(write, "external_labels")).toEqual({ cluster: "prod-eu" });
    const [endpoint] = write.blocks as [ParsedBlock];
    expect(attribute(endpoint, "url")).toBe("http://loki.obs.svc.cluster.local:3100/loki/api/v1/push");
    expect(attribute(endpoint, "tenant_id")).toBe("prod");
    expect(attribute(endpoint, "headers")).toEqual({ "X-Team": "shop" });
  });

  test("come through the API below the medium workload, from files from it on", () => {
    expect(logSourceFor(workloads.small)).toBe("api");
    for (const scale of ["medium", "large", "xlarge"] as const) expect(logSourceFor(workloads[scale])).toBe("files");
    expect(logSourceFor({ ...workloads.small, logBytesPerDay: workloads.medium.logBytesPerDay })).toBe("files");
  });
});

describe("the pod", () => {
  const pod = (props: Partial<AlloyProps>) => objectOf(render(props), "DaemonSet", "alloy").spec.template.spec;

  test("is restricted where it needs nothing of the node", () => {
    const { securityContext, containers, volumes, hostNetwork } = pod({ logs: push, gateway: { otlp } });
    expect(securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 473 });
    expect(containers[0].securityContext.runAsUser).toBeUndefined();
    expect(volumes.some((volume: object) => "hostPath" in volume)).toBe(false);
    expect(hostNetwork).toBeUndefined();
  });

  test("reads log files as their owner, without a capability, and keeps its place on the node", () => {
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

  test("reports nothing about itself", () => {
    expect(pod({}).containers[0].args).toContain("--disable-reporting");
  });
});

describe("hosts' metrics", () => {
  const monitors = (props: Partial<AlloyProps>) =>
    (render(props).toJson() as { kind: string; metadata: { name: string }; spec: { endpoints: object[] } }[]).filter(
      ({ kind }) => kind === "ServiceMonitor",
    );

  test("are scraped, from every Prometheus, by node-exporter's job and the node's name", () => {
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

  test("see the host's network, and its root", () => {
    const { hostNetwork, volumes } = objectOf(render({ hostMetrics: true }), "DaemonSet", "alloy").spec.template.spec;
    expect(hostNetwork).toBe(true);
    expect(volumes).toContainEqual({ name: "root", hostPath: { path: "/", type: "" } });
  });

  test("are not there unless wanted", () => {
    expect(monitors({})).toHaveLength(1);
    expect(configOf(render()).map(({ name }) => name)).not.toContain("prometheus.exporter.unix");
  });
});

describe("OTLP", () => {
  const next = (blocks: readonly ParsedBlock[], from: string) => {
    const output = find(blocks, from).blocks.find(({ name }) => name === "output") as ParsedBlock;
    return Object.fromEntries(output.attributes.map(([signal, value]) => [signal, plain(value)]));
  };

  test("spans go by trace id to the gateway's pods, metrics and logs to any of them", () => {
    const blocks = configOf(render({ gateway: { otlp, otlpByTraceId } }));
    expect(next(blocks, "otelcol.processor.batch.applications")).toEqual({
      traces: ["otelcol.exporter.loadbalancing.gateway.input"],
      metrics: ["otelcol.exporter.otlp.gateway.input"],
      logs: ["otelcol.exporter.otlp.gateway.input"],
    });
    const balancer = find(blocks, "otelcol.exporter.loadbalancing.gateway");
    expect(attribute(balancer, "routing_key")).toBe("traceID");
    const kubernetes = balancer.blocks[0]?.blocks[0] as ParsedBlock;
    expect(attribute(kubernetes, "service")).toBe("otel-gateway-collector-headless.obs");
    expect(attribute(kubernetes, "return_hostnames")).toBe(true);
  });

  test("one gateway needs no routing", () => {
    const blocks = configOf(render({ gateway: { otlp } }));
    expect(next(blocks, "otelcol.processor.batch.applications").traces).toEqual([
      "otelcol.exporter.otlp.gateway.input",
    ]);
    expect(blocks.map(({ name }) => name)).not.toContain("otelcol.exporter.loadbalancing");
  });

  test("the memory limiter comes first, the batch last", () => {
    const blocks = configOf(render({ gateway: { otlp } }));
    const way: string[] = [];
    for (let at = "otelcol.receiver.otlp.applications"; !at.startsWith("otelcol.exporter."); ) {
      at = ((next(blocks, at).traces as string[])[0] as string).replace(/\.input$/, "");
      way.push(at.split(".").slice(1, 3).join("."));
    }
    expect(way).toEqual(
      ["memory_limiter", "k8sattributes", "transform", "filter", "batch"]
        .map((name) => `processor.${name}`)
        .concat("exporter.otlp"),
    );
  });

  test("is received on the node's own Alloy, or not at all", () => {
    const chart = render({ gateway: { otlp } });
    expect(objectOf(chart, "Service", "alloy").spec.internalTrafficPolicy).toBe("Local");
    expect(chart.endpoints).toMatchObject({ otlpGrpc: { port: 4317 }, otlpHttp: { port: 4318 } });
    expect(render().endpoints).toEqual({});
  });
});

test("sizing: a MiB/s of logs is a core and 120 MiB, on the busiest node three times the mean", () => {
  const nodeMiB = (workloads.large.logBytesPerDay / 86_400 / workloads.large.nodes / 2 ** 20) * 3;
  const { alloy } = sizeAlloy({ workload: workloads.large, otlp: false });
  expect(alloy.cpuCores).toBeCloseTo(Math.ceil((nodeMiB + 0.03) * 100) / 100, 5);
  expect(alloy.replicas).toBe(workloads.large.nodes);
});

test("more workload never means less capacity", () => {
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
