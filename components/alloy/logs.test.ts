import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
import { type ParsedBlock, parseAlloy } from "../../lib/alloy/index.ts";
import { workloads } from "../../lib/sizing/index.ts";
import { attribute, find } from "../../test/support/alloy-blocks.ts";
import { objectOf } from "../../test/support/charts.ts";
import { AlloyChart, type AlloyProps, type LogSource, logLabels, logSourceFor, logSources } from "./index.ts";

const push = {
  scheme: "http",
  host: "loki.obs.svc.cluster.local",
  port: 3100,
  path: "/loki/api/v1/push",
  headers: { "X-Scope-OrgID": "prod", "X-Team": "shop" },
} as const;

function configOf(props: Partial<AlloyProps>): readonly ParsedBlock[] {
  const chart = new AlloyChart(new App(), "alloy", { namespace: "agents", ...props });
  const { data } = objectOf(chart, "ConfigMap", "alloy") as unknown as { data: Record<string, string> };
  return parseAlloy(data["config.alloy"] ?? "");
}

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
    const rules = find(configOf({ logs: push, logSource: source }), "discovery.relabel.pods").blocks;
    return relabel(rules, { ...target, ...more });
  };
  const visible = (labels: Record<string, string>) =>
    Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith("__")));

  test.each(logSources)("%s: have six labels, and `app` does not change in a rollout", (source) => {
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

  test.each(logSources)("%s: take `app` from the pod's labels if there is one", (source) => {
    expect(labelsOf(source, { __meta_kubernetes_pod_label_app: "b" }).app).toBe("b");
    const both = { __meta_kubernetes_pod_label_app: "b", __meta_kubernetes_pod_label_app_kubernetes_io_name: "a" };
    expect(labelsOf(source, both).app).toBe("a");
    expect(labelsOf(source, { __meta_kubernetes_pod_controller_name: "" }).app).toBe("cart-6f7d9c5b8-x2x4z");
  });

  test("stages of a user are the last ones, word for word", () => {
    const stages = "// Probes.\nstage.drop {\n  expression = `GET \\S+/healthz`\n}\nstage.decolorize { }";
    const tenantNamespaces = { payments: ["shop"] };
    const [process, journal] = ["loki.process.pods", "loki.source.journal.node"].map((name) =>
      find(configOf({ logs: push, tenantNamespaces, logOptions: { stages, severity: true, journal: true } }), name),
    ) as [ParsedBlock, ParsedBlock];
    const names = process.blocks.map(({ name }) => name);
    expect(names.slice(-4)).toEqual(["stage.match", "stage.label_drop", "stage.drop", "stage.decolorize"]);
    expect(attribute(process.blocks.at(-2) as ParsedBlock, "expression")).toBe("GET \\S+/healthz");
    expect(journal.blocks).toEqual([]);
  });

  test("both sources yield the same streams", () => {
    for (const source of logSources) {
      const blocks = find(configOf({ logs: push, logSource: source }), "loki.process.pods").blocks;
      const drop = blocks.at(-1) as ParsedBlock;
      expect([drop.name, attribute(drop, "values")]).toEqual([
        "stage.label_drop",
        ["filename", "flags", "instance", "stream"],
      ]);
      expect(blocks.map(({ name }) => name).slice(0, -1)).toEqual(source === "files" ? ["stage.cri"] : []);
    }
  });

  test("files are found by the pod's UID, those of static pods by the hash of their manifest", () => {
    expect(labelsOf("files").__path__).toBe("/var/log/pods/*0b9c/cart/*.log");
    const mirror = {
      __meta_kubernetes_pod_annotationpresent_kubernetes_io_config_hash: "true",
      __meta_kubernetes_pod_annotation_kubernetes_io_config_hash: "d41d",
    };
    expect(labelsOf("files", mirror).__path__).toBe("/var/log/pods/*d41d/cart/*.log");
    expect(labelsOf("api").__path__).toBeUndefined();
  });

  test("watches only pods of its node, and sends logs to Loki with tenant and cluster", () => {
    const blocks = configOf({ logs: push, cluster: { name: "prod-eu", version: "1.36", platform: "eks" } });
    const [selectors] = find(blocks, "discovery.kubernetes.pods").blocks;
    expect(attribute(selectors as ParsedBlock, "field")).toBe("spec.nodeName= + sys.env(K8S_NODE_NAME)");
    const write = find(blocks, "loki.write.loki");
    expect(attribute(write, "external_labels")).toEqual({ cluster: "prod-eu" });
    const [endpoint] = write.blocks as [ParsedBlock];
    expect(attribute(endpoint, "url")).toBe("http://loki.obs.svc.cluster.local:3100/loki/api/v1/push");
    expect(attribute(endpoint, "tenant_id")).toBe("prod");
    expect(attribute(endpoint, "headers")).toEqual({ "X-Team": "shop" });
  });

  test("are sent until Loki accepts them: reading waits instead of dropping lines", () => {
    const [endpoint] = find(configOf({ logs: push }), "loki.write.loki").blocks as [ParsedBlock];
    expect(attribute(endpoint, "max_backoff_retries")).toBe(0);
  });

  test("are not read from pods whose annotation says so", () => {
    const [first] = find(configOf({ logs: push }), "discovery.relabel.pods").blocks as [ParsedBlock];
    expect(attribute(first, "action")).toBe("drop");
    expect(attribute(first, "source_labels")).toEqual(["__meta_kubernetes_pod_annotation_skopos_dev_logs"]);
    expect(attribute(first, "regex")).toBe("false");
  });

  test("are joined, redacted and given a severity on request, in this order", () => {
    const logOptions = {
      multilineFirstLine: "^\\d{4}-",
      redact: ["token=(\\S+)", "(?i)bearer (\\S+)"],
      severity: true,
    };
    const { blocks } = find(configOf({ logs: push, logSource: "files", logOptions }), "loki.process.pods");
    expect(blocks.map(({ name }) => name)).toEqual([
      "stage.cri",
      "stage.multiline",
      "stage.replace",
      "stage.replace",
      "stage.regex",
      "stage.structured_metadata",
      "stage.label_drop",
    ]);
    expect(attribute(blocks[1] as ParsedBlock, "firstline")).toBe("^\\d{4}-");
    expect(attribute(blocks[2] as ParsedBlock, "expression")).toBe("token=(\\S+)");
    const severity = new RegExp(
      (attribute(blocks[4] as ParsedBlock, "expression") as string).replace("(?i)", "").replace("?P<", "?<"),
      "i",
    );
    expect(severity.exec("2026-11-30 WARN cart is slow")?.groups?.level).toBe("WARN");
    expect(severity.exec("no information")).toBeNull();
  });

  test("include the node's journal on request, read-only", () => {
    const chart = new AlloyChart(new App(), "alloy", { namespace: "a", logs: push, logOptions: { journal: true } });
    const { volumes, containers } = objectOf(chart, "DaemonSet", "alloy").spec.template.spec;
    expect(volumes).toContainEqual({ name: "journal", hostPath: { path: "/var/log/journal", type: "" } });
    expect(containers[0].volumeMounts).toContainEqual({
      name: "journal",
      mountPath: "/var/log/journal",
      readOnly: true,
    });
    const source = find(configOf({ logs: push, logOptions: { journal: true } }), "loki.source.journal.node");
    expect(attribute(source, "forward_to")).toEqual(["loki.write.loki.receiver"]);
  });

  test("are read through the API below the medium workload, and from files above", () => {
    expect(logSourceFor(workloads.small)).toBe("api");
    for (const scale of ["medium", "large", "xlarge"] as const) expect(logSourceFor(workloads[scale])).toBe("files");
    expect(logSourceFor({ ...workloads.small, logBytesPerDay: workloads.medium.logBytesPerDay })).toBe("files");
  });
});
