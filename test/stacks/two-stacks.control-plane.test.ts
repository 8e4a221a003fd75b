// Two stacks in one cluster, each with a real operator: neither uses the monitors and rules of the other, both use those of teams.
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

let cluster: Cluster;
const operators: RunningProgram[] = [];

beforeAll(async () => {
  cluster = await startCluster({ nodes: {} });
  const shop = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } } as KubernetesObject;
  for (const { objects } of stacks) await apply(cluster.api, [shop, ...objects.filter(({ kind }) => kinds.test(kind))]);
  await apply(cluster.api, [
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
