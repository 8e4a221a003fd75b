import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../../lib/kubernetes/object.ts";
import { until } from "../../support/wait.ts";
import { apply } from "../apply.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import type { Daemon } from "../daemon.ts";
import { isReady, type Pod } from "../pods.ts";
import { storageClass } from "../provisioner.ts";
import { discover, generatedConfig, type Labels, type PrometheusConfig, startOperator } from "./operator.ts";
import { prerequisites, variant } from "./variants.ts";

const stack = variant("prod", { "cluster.storageClass": storageClass });
const home = stack.resolved.props.namespaces.stack;
const zones = stack.resolved.props.cluster.zones!;
const prometheus = stack.objects.find(({ kind }) => kind === "Prometheus")!;
const monitors = stack.objects.filter(({ kind }) => kind === "ServiceMonitor" || kind === "PodMonitor");

let cluster: Cluster;
let operator: Daemon;

beforeAll(async () => {
  cluster = await startCluster({ nodes: { simulated: 6, zones } });
  await apply(cluster.api, [...prerequisites(stack), ...stack.objects]);
  operator = await startOperator(cluster, stack.objects);
});
afterAll(() => cluster?.dispose());

/** `serviceMonitor/observability/mimir/0`: how the operator names the jobs of a monitor's endpoints. */
const jobsOf = ({ kind, metadata, spec }: KubernetesObject): string[] => {
  type Monitor = { endpoints?: object[]; podMetricsEndpoints?: object[] };
  const { endpoints, podMetricsEndpoints = [] } = spec as Monitor;
  const prefix = `${kind[0]!.toLowerCase()}${kind.slice(1)}/${metadata.namespace}/${metadata.name}`;
  return (endpoints ?? podMetricsEndpoints).map((_, index) => `${prefix}/${index}`);
};

const wanted = monitors.flatMap(jobsOf).sort();
const configOf = (object: KubernetesObject) =>
  generatedConfig(
    cluster,
    object,
    ({ scrape_configs }) => scrape_configs.length >= wanted.length,
    () => operator.log(20),
  );

const podsReady = (prefix: string, count: number) =>
  until(
    `${count} pods named ${prefix}*`,
    async () => {
      const pods = await cluster.api.list<Pod>("v1", "Pod", home);
      const own = pods.filter(({ metadata }) => metadata.name.startsWith(prefix));
      return own.length === count && own.every(isReady);
    },
    { explain: () => operator.log(20) },
  );

const address = (labels: Labels) => `${labels.__scheme__}://${labels.__address__}${labels.__metrics_path__}`;

/** Every target of one shard, by job. Many at a time: each is a process that waits, for the most part. */
async function targetsOf(config: PrometheusConfig, shard: number): Promise<Map<string, Labels[]>> {
  const targets = new Map<string, Labels[]>();
  const waiting = [...config.scrape_configs];
  const worker = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift())
      targets.set(job.job_name, await discover(cluster, config, job, shard));
  };
  await Promise.all(Array.from({ length: 24 }, worker));
  return targets;
}

describe("the operator, with its service account's rights", () => {
  it("makes the workloads of Prometheus and Alertmanager, and their pods are placed", async () => {
    for (const { kind, metadata, spec } of stack.objects.filter(({ kind }) =>
      ["Prometheus", "Alertmanager"].includes(kind),
    ))
      await podsReady(`${kind.toLowerCase()}-${metadata.name}-`, (spec as { replicas: number }).replicas);
  });

  it("takes every monitor of the stack into the configuration, each endpoint once", async () => {
    const config = await configOf(prometheus);
    expect(config.scrape_configs.map(({ job_name }) => job_name).sort()).toEqual(wanted);
  });

  it("is refused nothing that it asks for", () => {
    expect(operator.log(5_000)).not.toMatch(/forbidden|cannot (list|get|watch|create|update|patch)/i);
  });
});

describe("what Prometheus discovers with that configuration", () => {
  let whole: Map<string, Labels[]>;
  beforeAll(async () => {
    whole = await targetsOf(await configOf(prometheus), 0);
  });

  it("is each gateway pod's metrics once, by whatever monitor", async () => {
    const pods = await cluster.api.list<Pod>("v1", "Pod", home);
    const gateways = pods.filter(({ metadata }) => metadata.name.startsWith("otel-gateway-collector-"));
    expect(gateways.length).toBeGreaterThan(1);
    const all = [...whole.values()].flat().map(address);
    for (const { status } of gateways)
      expect(all.filter((each) => each === `http://${status.podIP}:8889/metrics`)).toHaveLength(1);
  });

  it("is nothing twice", () => {
    const all = [...whole.values()].flat().map(address);
    expect(all.filter((each, index) => all.indexOf(each) !== index)).toEqual([]);
  });

  it("is shared by three shards: all of it, each target in one", async () => {
    const sharded = { ...prometheus, spec: { ...(prometheus.spec as object), shards: 3 } };
    await apply(cluster.api, [sharded]);
    const config = await generatedConfig(
      cluster,
      sharded,
      ({ scrape_configs }) => JSON.stringify(scrape_configs).includes('"modulus":3'),
      () => operator.log(20),
    );
    await podsReady(`prometheus-${prometheus.metadata.name}-`, 3 * (prometheus.spec as { replicas: number }).replicas);
    const shards = [];
    for (const shard of [0, 1, 2]) shards.push(await targetsOf(config, shard));
    const all = shards.flatMap((shard) => [...shard.values()].flat()).map(address);
    expect(all.filter((each, index) => all.indexOf(each) !== index)).toEqual([]);
    // More than before by the new shards' own pods, which are scraped too.
    expect(
      [...whole.values()]
        .flat()
        .map(address)
        .filter((each) => !all.includes(each)),
    ).toEqual([]);
    for (const shard of shards) expect([...shard.values()].flat().length).toBeGreaterThan(0);
  });
});
