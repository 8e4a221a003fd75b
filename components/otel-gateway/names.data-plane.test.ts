// The kubelet's metrics come from cAdvisor, and by way of the gateway: rules and queries that know only the one do not count both.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { ruleGroup } from "../../lib/kubernetes/index.ts";
import { catalogueOf } from "../../lib/monitoring/catalogues/index.ts";
import { workloads } from "../../lib/sizing/index.ts";
import { type RunningProgram, ready, start } from "../../test/data-plane/process.ts";
import { offCluster, operatedConfig } from "../../test/data-plane/prometheus.ts";
import { kubePrometheusRules } from "../../test/support/mixin-rules.ts";
import { KubePrometheusChart } from "../kube-prometheus/index.ts";
import { OtelGatewayChart } from "./index.ts";

const host = "127.0.57.1";
const folder = mkdtempSync(join(tmpdir(), "skopos-names-"));
const app = new App();
const prometheus = new KubePrometheusChart(app, "metrics", {
  namespace: "observability",
  agentsNamespace: "observability-agents",
  crds: false,
  workload: workloads.small,
});
const gateway = new OtelGatewayChart(app, "gateway", { namespace: "observability" });

const pods = [
  { namespace: "shop", pod: "cart-0" },
  { namespace: "shop", pod: "cart-1" },
  { namespace: "observability", pod: "mimir-0" },
];
const bytes = 1_000;

/** Samples of recorded metrics, one a pod, of the label set that has the given labels. */
function exposition(
  program: string,
  names: RegExp,
  of: (pod: (typeof pods)[number]) => Record<string, string>,
): string {
  return Object.entries(catalogueOf(program).metrics)
    .filter(([name]) => names.test(name))
    .flatMap(([name, { type, labels }]) => {
      const samples = pods.flatMap((pod) => {
        const given = of(pod);
        const set = labels.find((each) => Object.keys(given).every((label) => each.includes(label)));
        const shown = set?.map((label) => `${label}="${given[label] ?? "any"}"`).join();
        return shown === undefined ? [] : [`${name}{${shown}} ${name.endsWith("_info") ? 1 : bytes}`];
      });
      return samples.length > 0 ? [`# TYPE ${name} ${type}`, ...samples, ""] : [];
    })
    .join("\n");
}

/** What each scrape pool finds. */
const pools = {
  "serviceMonitor/observability/kube-prometheus-kubelet/1": exposition(
    "cadvisor",
    /^container_(memory|cpu)_/,
    ({ namespace, pod }) => ({ namespace, pod, container: "main", image: "shop:1" }),
  ),
  "serviceMonitor/observability/otel-gateway/0": exposition(
    "otel-gateway-received",
    /^container_/,
    ({ namespace, pod }) => ({ k8s_namespace_name: namespace, k8s_pod_name: pod, k8s_container_name: "main" }),
  ),
  "serviceMonitor/observability/kube-prometheus-kube-state-metrics/0": exposition(
    "kube-state-metrics",
    /^kube_pod_info$/,
    ({ namespace, pod }) => ({ namespace, pod, node: "node-1" }),
  ),
};

interface Pool {
  readonly job_name: string;
  readonly relabel_configs: readonly { action?: string; source_labels?: string[]; regex?: string }[];
}

/** What discovery would give, so that a pool keeps its target. */
const discovered = ({ relabel_configs }: Pool): Record<string, string> => ({
  __meta_kubernetes_namespace: "observability",
  __meta_kubernetes_service_name: "otel-gateway-collector-headless",
  __meta_kubernetes_service_label_k8s_app: "kubelet",
  __meta_kubernetes_pod_name: "otel-gateway-collector-0",
  ...Object.fromEntries(
    relabel_configs
      .filter(({ action, source_labels = [] }) => action === "keep" && source_labels[0]?.startsWith("__meta"))
      .flatMap(({ source_labels = [], regex = "" }) => {
        const values = regex.replaceAll(/[()]/g, "").split(";");
        return source_labels.map((label, index) => [label, values[index] ?? ""]);
      }),
  ),
});

const servers: Server[] = [];
let program: RunningProgram;

beforeAll(async () => {
  const config = operatedConfig(prometheus, gateway);
  const configs = Object.entries(pools).map(([job, text], index) => {
    servers.push(
      createServer((_, response) => response.setHeader("content-type", "text/plain; version=0.0.4").end(text)).listen(
        9200 + index,
        host,
      ),
    );
    const pool = parse(config).scrape_configs.find(({ job_name }: Pool) => job_name === job) as Pool;
    const placed = parse(
      offCluster(config, {
        pod: "prometheus-0",
        shard: 0,
        job,
        targets: [`${host}:${9200 + index}`],
        discovered: discovered(pool),
      }),
    );
    const { scheme: _, tls_config: __, authorization: ___, ...plain } = placed.scrape_configs[0];
    return { ...placed, scrape_configs: [{ ...plain, scrape_interval: "1s", scrape_timeout: "1s" }] };
  });
  const ours = prometheus.ruleGroups.filter(({ name }) => /^(containers.recording|k8s.rules.container)$/.test(name));
  const theirs = Object.entries(kubePrometheusRules).map(([name, expr]) => ({ record: `theirs:${name}`, expr }));
  const groups = [...ours.map((group) => ruleGroup(prometheus, group)), { name: "theirs", rules: theirs }];
  writeFileSync(
    join(folder, "rules.json"),
    JSON.stringify({ groups: groups.map((group) => ({ ...group, interval: "1s" })) }),
  );
  const file = join(folder, "prometheus.yaml");
  const scrape_configs = configs.flatMap((each) => each.scrape_configs);
  writeFileSync(file, stringify({ ...configs[0], rule_files: ["rules.json"], remote_write: [], scrape_configs }));
  program = start("prometheus", [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, "tsdb")}`,
    `--web.listen-address=${host}:9090`,
  ]);
  await ready(program, `http://${host}:9090/-/ready`);
});
afterAll(async () => {
  await program?.stop();
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

/** Labels that tell the results of a query apart, and their values. */
async function ask(query: string, ...labels: readonly string[]): Promise<string[]> {
  const answer = await fetch(`http://${host}:9090/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await answer.json()) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  return data.result
    .map(({ metric, value }) => [...labels.map((label) => metric[label] ?? ""), value[1]].join(" "))
    .sort();
}

const poll = (query: string, ...labels: readonly string[]) =>
  expect.poll(() => ask(query, ...labels), { timeout: 60_000, interval: 200 });

test("both are stored, each by its own labels", async () => {
  await poll("count by (job) (container_memory_usage_bytes)", "job").toEqual([
    "kubelet 3",
    "otel-gateway-collector-headless 3",
  ]);
});

test("a sum by namespace books memory to those who use it, though it names no job", async () => {
  await poll('sum by (namespace) (container_memory_usage_bytes{namespace!=""})', "namespace").toEqual([
    "observability 1000",
    "shop 2000",
  ]);
  await poll('sum by (namespace) (container_memory_usage_bytes{image!=""})', "namespace").toEqual([
    "observability 1000",
    "shop 2000",
  ]);
  await poll(
    'sum by (k8s_namespace_name) (container_memory_usage_bytes{k8s_pod_name!=""})',
    "k8s_namespace_name",
  ).toEqual(["observability 1000", "shop 2000"]);
});

const containers = (value: number) => pods.map(({ namespace, pod }) => `${namespace} ${pod} main ${value}`).sort();

test.each(Object.keys(kubePrometheusRules))("kube-prometheus' %s and ours have each container once", async (name) => {
  const value = name.includes("cpu") ? 0 : bytes;
  for (const rule of [name, `theirs:${name}`])
    await poll(rule, "namespace", "pod", "container").toEqual(containers(value));
});
