import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { updateOf } from "../../../diff/risk/update.ts";
import { defaultAdminSecret } from "../../../stacks/components/grafana.ts";
import { unrecorded } from "../../catalogues/harvest.ts";
import { exposeTargets } from "../../catalogues/index.ts";
import { until } from "../../support/wait.ts";
import { apply, changedByApplying, nameOf } from "../apply.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { componentImages, describeImages, mirrors } from "../component-images.ts";
import { allPodsReady, describePod, drain, isReady, lasting, type Pod, uncordon } from "../pods.ts";
import { quantity } from "../quantity.ts";
import { sendLoad } from "./load.ts";
import { openBackends } from "./telemetry.ts";
import { prerequisites, type Variant, variant } from "./variants.ts";

/** The dev stack as a private cluster would have it: everything through mirrors, the cluster's own addresses. */
const changes = {
  "images.registries": mirrors,
  "cluster.nodeCidrs": ["10.99.0.0/24"],
  "cluster.apiServerCidrs": ["10.99.0.0/24"],
};
const dev = variant("dev", changes);
const home = dev.resolved.props.namespaces.stack;
const agents = dev.resolved.props.namespaces.agents;

let cluster: Cluster;

const stackPods = async (): Promise<Pod[]> => [
  ...(await cluster.api.list<Pod>("v1", "Pod", home)),
  ...(await cluster.api.list<Pod>("v1", "Pod", agents)),
];

const nodes = ["node-1", "node-2"] as const;

const podsOf = ({ footprints }: Variant, namespace: string) =>
  footprints
    .filter((footprint) => footprint.namespace === namespace)
    .reduce((sum, { kind, sized }) => sum + (kind === "DaemonSet" ? nodes.length : sized.replicas), 0);

beforeAll(async () => {
  cluster = await startCluster({ nodes: { real: nodes.length } });
  const images = await componentImages(dev.images);
  console.info(describeImages(images));
  for (const { spec } of images) await cluster.load(spec);
  await apply(cluster.api, [...prerequisites(dev), ...dev.objects]);
  // The only prerequisite of the stack; Pulumi creates it from the configured password.
  const { name, userKey, passwordKey } = defaultAdminSecret;
  await cluster.api.create({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: home },
    stringData: { [userKey]: "admin", [passwordKey]: "only for this test" },
  });
});
afterAll(() => cluster?.dispose());

describe("the dev stack on two real nodes", () => {
  it("has every pod ready, none having been restarted", async () => {
    const pods = await allPodsReady(cluster.api, home, podsOf(dev, home), 400_000);
    const hostPods = podsOf(dev, agents);
    if (hostPods > 0) pods.push(...(await allPodsReady(cluster.api, agents, hostPods)));
    for (const { metadata, status } of pods)
      for (const { name, restartCount } of status.containerStatuses ?? [])
        expect(restartCount, `${metadata.name}/${name}`).toBe(0);
  });

  it("lives in namespaces that enforce their Pod Security level", async () => {
    const bare = (namespace: string) =>
      cluster.api.send("POST", `/api/v1/namespaces/${namespace}/pods?dryRun=All`, {
        metadata: { name: "bare" },
        spec: { hostNetwork: true, containers: [{ name: "bare", image: "mirror.test/none" }] },
      });
    await expect(bare(home)).rejects.toThrow(/violates PodSecurity "restricted/);
    await expect(bare(agents)).resolves.toMatchObject({ status: 201 });
  });

  it("scrapes every target it discovers", async () => {
    const backends = await openBackends(cluster, home);
    const targets = await until(
      "all targets to have been scraped",
      async () => {
        const all = await backends.targets();
        return all.length > 0 && all.every(({ health }) => health === "up") && all;
      },
      {
        every: 2_000,
        within: 180_000,
        explain: async () => {
          const bad = (await backends.targets()).filter(({ health }) => health !== "up");
          return bad
            .map(({ scrapePool, scrapeUrl, lastError }) => `${scrapePool} ${scrapeUrl}: ${lastError}`)
            .join("\n");
        },
      },
    );
    const monitors = dev.objects.filter(({ kind }) => kind === "ServiceMonitor" || kind === "PodMonitor");
    const pools = new Set(targets.map(({ scrapePool }) => scrapePool.split("/").slice(0, 3).join("/")));
    expect([...pools].sort()).toEqual(
      monitors
        .map(({ kind, metadata }) => `${kind[0]?.toLowerCase()}${kind.slice(1)}/${metadata.namespace}/${metadata.name}`)
        .sort(),
    );
  });

  it("exposes no labels but those that its queries are checked against", async () => {
    const backends = await openBackends(cluster, home);
    const exposed = await exposeTargets(cluster, await backends.targets());
    expect(new Set(exposed.map(([program]) => program)).size).toBeGreaterThan(10);
    expect(exposed.flatMap(([program, text]) => unrecorded(program, text))).toEqual([]);
  });

  it("has its metrics in Mimir, by remote write", async () => {
    const backends = await openBackends(cluster, home);
    const [up] = await backends.prometheus("count(up == 1)");
    const same = await until(
      "as many series in Mimir",
      async () => {
        const [sample] = await backends.mimir("count(up == 1)");
        return sample !== undefined && Number(sample.value[1]) >= Number(up?.value[1]) && sample;
      },
      { every: 2_000, within: 120_000 },
    );
    expect(Number(same.value[1])).toBeGreaterThan(5);
  });

  it("keeps what an application sends to the agent: its log line in Loki, its failed span in Jaeger", async () => {
    const backends = await openBackends(cluster, home);
    await backends.send("checkout", "payment refused", "POST /pay");
    const found = <T>(what: string, ask: () => Promise<readonly T[]>) =>
      until(
        what,
        async () => {
          const answer = await ask();
          return answer.length > 0 && answer;
        },
        { every: 2_000, within: 150_000 },
      );
    expect(await found("the line", () => backends.loki('{service_name="checkout"}'))).toEqual(["payment refused"]);
    expect(await found("the span", () => backends.spans("checkout"))).toEqual(["POST /pay"]);
  });

  it("comes back when a pod is killed", async () => {
    const [victim] = (await stackPods()).filter(({ metadata }) => metadata.name === "mimir-0");
    await cluster.api.send("DELETE", `/api/v1/namespaces/${home}/pods/mimir-0`);
    await until(
      "another mimir-0",
      async () => {
        const pods = await stackPods();
        const next = pods.find(({ metadata }) => metadata.name === "mimir-0");
        return next !== undefined && next.metadata.uid !== victim?.metadata.uid && pods.every(isReady);
      },
      { every: 500, within: 180_000, explain: async () => (await stackPods()).map(describePod).join("\n") },
    );
  });

  it("is not changed by being applied again, now that controllers have written to it", async () => {
    expect(await changedByApplying(cluster.api, dev.objects)).toEqual([]);
  });

  it("uses no more memory than the plan gave it, under the load it was planned for", async () => {
    const { workload } = dev.resolved;
    const backends = await openBackends(cluster, home);
    const head = async () => Number((await backends.prometheus("sum(prometheus_tsdb_head_series)"))[0]?.value[1]);
    const missing = Math.max(0, Math.floor(0.95 * workload.activeSeries - (await head())));
    await sendLoad(backends.post, workload, missing, 30);
    await until("the planned series", async () => (await head()) > 0.9 * workload.activeSeries, {
      every: 1_000,
      explain: async () => `${await head()} of ${workload.activeSeries}`,
    });
    const summaries = await Promise.all(
      nodes.map((node) => cluster.api.send<Summary>("GET", `/api/v1/nodes/${node}/proxy/stats/summary`)),
    );
    const pods = summaries.flatMap(({ body }) => body.pods);
    const limits = new Map(
      (await stackPods()).flatMap(({ metadata, spec }) =>
        lasting(spec).map(({ name, resources }) => [`${metadata.name}/${name}`, resources?.limits?.memory] as const),
      ),
    );
    const used = pods
      .filter(({ podRef }) => [home, agents].includes(podRef.namespace))
      .flatMap(({ podRef, containers = [] }) =>
        containers.map(({ name, memory }) => [`${podRef.name}/${name}`, memory.workingSetBytes] as const),
      );
    expect(used.map(([name]) => name).sort()).toEqual([...limits.keys()].sort());
    for (const [name, bytes] of used)
      expect(bytes, `${name} of ${limits.get(name)}`).toBeLessThan(0.8 * quantity(limits.get(name)));
  });

  it("moves to the other node when its own is drained, with its data", async () => {
    const [drained] = nodes;
    await drain(cluster.api, drained);
    const pods = await allPodsReady(cluster.api, home, podsOf(dev, home));
    const owners = pods
      .filter(({ spec }) => spec.nodeName === drained)
      .flatMap(({ metadata }) => metadata.ownerReferences as { kind: string }[]);
    // What every node has one of stays.
    expect([...new Set(owners.map(({ kind }) => kind))]).toEqual(["DaemonSet"]);
    const backends = await openBackends(cluster, home);
    expect(await backends.loki('{service_name="checkout"}')).toEqual(["payment refused"]);
    expect(await backends.spans("checkout")).toEqual(["POST /pay"]);
    await uncordon(cluster.api, drained);
  });

  it("replaces exactly the pods whose configuration changes, as the model says", async () => {
    const before = new Map((await stackPods()).map(({ metadata }) => [metadata.uid, metadata.name]));
    const changed = variant("dev", { ...changes, "components.otelGateway.resourceLabels": ["service.name"] });
    expect(restarts(dev, changed)).toEqual(["StatefulSet observability/otel-gateway-collector"]);
    await apply(cluster.api, changed.objects);
    const gateway = "otel-gateway-collector-0";
    const gone = await until(
      "the new gateway",
      async () => {
        const pods = await stackPods();
        const left = new Set(pods.map(({ metadata }) => metadata.uid));
        const replaced = [...before].filter(([uid]) => !left.has(uid)).map(([, name]) => name);
        return replaced.includes(gateway) && pods.length === before.size && pods.every(isReady) && replaced;
      },
      { within: 180_000, explain: async () => (await stackPods()).map(describePod).join("\n") },
    );
    expect(gone).toEqual([gateway]);
  });
});

/** Workloads whose pods a change replaces, by the model. */
function restarts(from: Variant, to: Variant): string[] {
  const before = new Map(from.objects.map((object) => [nameOf(object), object]));
  return to.objects
    .filter((object) => {
      const old = before.get(nameOf(object));
      return old !== undefined && updateOf(old, object).kind === "restarts";
    })
    .map(nameOf);
}

interface Summary {
  readonly pods: readonly {
    readonly podRef: { readonly name: string; readonly namespace: string };
    readonly containers?: readonly { readonly name: string; readonly memory: { readonly workingSetBytes: number } }[];
  }[];
}
