// Two stacks in one cluster, each with a real operator: neither uses the monitors, rules and dashboards of the other, both use
// those of teams.
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import type { KubernetesObject } from "../../lib/kubernetes/object.ts";
import { resolve } from "../../stacks/resolve.ts";
import { objectsOf, renderStack } from "../../stacks/stack.ts";
import { apply } from "../cluster/apply.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { type RunningProgram, start } from "../data-plane/process.ts";
import { least } from "../support/rejected-stacks.ts";
import { until } from "../support/wait.ts";

const stacks = ["blue", "green"].map((stack) => {
  const config = { ...least, namespaces: { stack, agents: `${stack}-agents` } };
  return { stack, objects: objectsOf(renderStack(resolve(config, { stack }))).map(({ object }) => object) };
});

/** What the operators read and write; workloads would only take time. */
const kinds =
  /^(Namespace|CustomResourceDefinition|Prometheus|PrometheusRule|ServiceMonitor|PodMonitor|ServiceAccount|(Cluster)?Role(Binding)?)$/;

const release = { release: "kube-prometheus-stack" };
const ofTeam = (kind: string, name: string, spec: object, labels: Record<string, string> = release) =>
  ({
    apiVersion: "monitoring.coreos.com/v1",
    kind,
    metadata: { name, namespace: "shop", labels },
    spec,
  }) as unknown as KubernetesObject;
const ruled = (record: string) => ({ groups: [{ name: record, rules: [{ record, expr: "sum(up)" }] }] });
const scraped = { selector: {}, endpoints: [{ port: "http" }] };

const isForGrafana = ({ kind, metadata: { labels = {} } }: KubernetesObject) =>
  kind === "ConfigMap" && ("grafana_dashboard" in labels || "grafana_datasource" in labels);
const dashboardOfTeam = (name: string, labels: Record<string, string>): KubernetesObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "shop", labels },
});

let cluster: Cluster;
const operators: RunningProgram[] = [];

beforeAll(async () => {
  cluster = await startCluster({ nodes: {} });
  const shop = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } } as KubernetesObject;
  for (const { objects } of stacks) await apply(cluster.api, [shop, ...objects.filter(({ kind }) => kinds.test(kind))]);
  for (const { objects } of stacks) await apply(cluster.api, objects.filter(isForGrafana));
  await apply(cluster.api, [
    dashboardOfTeam("dashboard", { grafana_dashboard: "1" }),
    dashboardOfTeam("data-source", { grafana_datasource: "1" }),
    dashboardOfTeam("unlabelled", {}),
    ofTeam("PrometheusRule", "orders", ruled("team:orders")),
    ofTeam("PrometheusRule", "unlabelled", ruled("team:unlabelled"), {}),
    ofTeam("ServiceMonitor", "orders", scraped),
    ofTeam("ServiceMonitor", "unlabelled", scraped, {}),
  ]);
  for (const { stack, objects } of stacks) {
    const deployment = objects.find((each) => each.kind === "Deployment" && each.metadata.name.endsWith("-operator"));
    const { spec } = deployment as unknown as {
      spec: { template: { spec: { serviceAccountName: string; containers: { args: string[] }[] } } };
    };
    const { serviceAccountName, containers } = spec.template.spec;
    const args = (containers[0]?.args ?? []).filter((each) => !/^--(web\.listen-address|kubelet-)/.test(each));
    const as = `--as=system:serviceaccount:${stack}:${serviceAccountName}`;
    const env = { KUBECONFIG: cluster.kubeconfig, HOME: cluster.directory };
    operators.push(start("prometheus-operator", [...args, "--web.listen-address=127.0.0.1:0", as], env));
  }
});

afterAll(async () => {
  await Promise.all(operators.map((operator) => operator.stop()));
  await cluster?.dispose();
});

interface WithData extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** Namespaces and names of the monitors that a stack's Prometheus scrapes by. */
async function monitorsOf(stack: string): Promise<readonly string[]> {
  const secrets = await cluster.api.list<WithData>("v1", "Secret", stack);
  const generated = secrets.find(({ metadata }) => metadata.name === "prometheus-kube-prometheus");
  const text = gunzipSync(Buffer.from(generated?.data?.["prometheus.yaml.gz"] ?? "", "base64")).toString();
  const jobs = ((parse(text)?.scrape_configs ?? []) as { job_name: string }[]).map(({ job_name }) => job_name);
  return [...new Set(jobs.map((job) => job.split("/").slice(1, 3).join("/")))].sort();
}

/** Files of the rules that a stack's Prometheus evaluates: `namespace-name-uid.yaml`. */
async function ruleFilesOf(stack: string): Promise<readonly string[]> {
  const maps = await cluster.api.list<WithData>("v1", "ConfigMap", stack);
  return maps
    .filter(({ metadata }) => metadata.name.includes("-rulefiles-"))
    .flatMap(({ data = {} }) => Object.keys(data))
    .map((file) => file.replace(/-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.yaml$/, ""))
    .sort();
}

const explain = () => operators.map((operator) => operator.output().slice(-2000)).join("\n");

test.each(stacks)("$stack uses its own monitors and rules and those of teams", async ({ stack, objects }) => {
  const own = (kind: RegExp) => objects.filter((each) => kind.test(each.kind)).map(({ metadata }) => metadata);
  const monitors = own(/Monitor$/).map(({ namespace, name }) => `${namespace}/${name}`);
  const rules = own(/^PrometheusRule$/).map(({ namespace, name }) => `${namespace}-${name}`);
  expect(Math.min(monitors.length, rules.length)).toBeGreaterThan(3);
  await until("monitors", async () => (await monitorsOf(stack)).length > monitors.length, { explain });
  await until("rules", async () => (await ruleFilesOf(stack)).length > rules.length, { explain });
  expect(await monitorsOf(stack)).toEqual([...monitors, "shop/orders"].sort());
  expect(await ruleFilesOf(stack)).toEqual([...rules, "shop-orders"].sort());
});

test.each(stacks)(
  "the API server gives Grafana's sidecars in $stack its own ConfigMaps and those of teams",
  async ({ objects }) => {
    const workload = objects.find(
      ({ kind, metadata }) => /^(Deployment|StatefulSet)$/.test(kind) && metadata.name === "grafana",
    );
    const { spec } = workload as unknown as {
      spec: { template: { spec: { initContainers: { env: { name: string; value: string }[] }[] } } };
    };
    const found: string[] = [];
    for (const { env } of spec.template.spec.initContainers) {
      // As the sidecar does: LABEL_VALUE is not set.
      const selector = env.find(({ name }) => name === "LABEL")?.value ?? "";
      const query = `?labelSelector=${encodeURIComponent(selector)}`;
      const maps = await cluster.api.list("v1", "ConfigMap", undefined, query);
      found.push(...maps.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
    }
    const own = objects.filter(isForGrafana).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    expect(own.length).toBeGreaterThan(3);
    expect(found.sort()).toEqual([...own, "shop/dashboard", "shop/data-source"].sort());
  },
);
