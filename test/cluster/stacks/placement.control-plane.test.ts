import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../support/wait.ts";
import { type Api, ApiError } from "../api.ts";
import { apply } from "../apply.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { describePod, isReady, lasting, type Pod } from "../pods.ts";
import { storageClass } from "../provisioner.ts";
import { quantity } from "../quantity.ts";
import { startOperator } from "./operator.ts";
import { prerequisites, variant } from "./variants.ts";

/** `large` by default; SKOPOS_PLACEMENT_NODES=3000 places `xlarge`, on demand: CONTRIBUTING.md has its figures. */
const nodes = Number(process.env.SKOPOS_PLACEMENT_NODES ?? 500);
const scale = nodes > 1_000 ? "xlarge" : "large";
/** Nodes and pods are written one by one: time goes with their number. */
const patience = Math.max(1, nodes / 500) * 400_000;
const pace = { every: patience / 400, within: patience };
const stack = variant("prod", {
  scale,
  "cluster.storageClass": storageClass,
  "workload.nodes": nodes,
  availability: "redundant",
  // A single Tempo does not carry the spans of these scales.
  "components.traces.kafka": { address: "kafka.example.com:9092" },
});
const zones = stack.resolved.props.cluster.zones!;
const { footprints } = stack;
/** Pods of the stack's workloads, and of those that the operator makes for it. */
const expected = footprints.reduce((sum, { kind, sized }) => sum + (kind === "DaemonSet" ? nodes : sized.replicas), 0);

let cluster: Cluster;
let pods: Pod[];

beforeAll(async () => {
  cluster = await startCluster({ nodes: { simulated: nodes, zones } });
  const started = Date.now();
  await apply(cluster.api, [...prerequisites(stack), ...stack.objects]);
  await startOperator(cluster, stack.objects);
  pods = await runningPods(cluster.api, expected);
  console.info(`${pods.length} pods of ${footprints.length} workloads run after ${seconds(started)}`);
}, 2 * patience);
afterAll(() => cluster?.dispose());

const seconds = (since: number) => `${Math.round((Date.now() - since) / 1000)} s`;

const stackPods = async (api: Api) => {
  const { stack: home, agents } = stack.resolved.props.namespaces;
  return [...(await api.list<Pod>("v1", "Pod", home)), ...(await api.list<Pod>("v1", "Pod", agents))];
};

const runningPods = (api: Api, count: number) =>
  until(
    `${count} running pods`,
    async () => {
      const all = await stackPods(api);
      return all.length === count && all.every(isReady) && all;
    },
    {
      ...pace,
      explain: async () => {
        const all = await stackPods(api);
        const waiting = all.filter((pod) => !isReady(pod)).slice(0, 10);
        return `${all.length} pods, among them:\n${waiting.map(describePod).join("\n")}`;
      },
    },
  );

const zoneOf = (pod: Pod) => zones[Number(pod.spec.nodeName?.slice("sim-".length)) % zones.length]!;
/** What made a pod: a Deployment, a DaemonSet, a StatefulSet, of which a sharded Prometheus has one a shard. */
const makerOf = ({ metadata }: Pod) => {
  const [owner] = metadata.ownerReferences as { kind: string; name: string }[];
  return owner!.kind === "ReplicaSet"
    ? `Deployment ${owner!.name.replace(/-[a-z0-9]+$/, "")}`
    : `${owner!.kind} ${owner!.name}`;
};
/** The workload of the plan: all shards are one. */
const ownerOf = (pod: Pod) => makerOf(pod).replace(/-shard-\d+$/, "");
const byOwner = () => Map.groupBy(pods, ownerOf);

describe(`${scale} on ${nodes} nodes in three zones`, () => {
  it("is placed whole: nothing is pending", () => {
    expect(pods).toHaveLength(expected);
  });

  it("asks for what the plan says, workload by workload", () => {
    for (const { kind, name, perPod } of footprints) {
      const [pod] = byOwner().get(`${kind} ${name}`) ?? [];
      expect(pod, `${kind} ${name}`).toBeDefined();
      const containers = lasting(pod!.spec);
      const sum = (resource: "cpu" | "memory") =>
        containers.reduce((total, { resources }) => total + quantity(resources?.requests?.[resource]), 0);
      expect(sum("cpu"), `cpu of ${name}`).toBeCloseTo(perPod.cpuCores, 6);
      expect(sum("memory"), `memory of ${name}`).toBe(perPod.memoryBytes);
    }
  });

  it("is spread: over the zones as evenly as its number allows, or all in the one zone it is pinned to", () => {
    for (const [owner, members] of Map.groupBy(pods, makerOf)) {
      if (owner.startsWith("DaemonSet")) continue;
      const counts = zones.map((zone) => members.filter((pod) => zoneOf(pod) === zone).length);
      const isPinned = JSON.stringify(members[0]!.spec.affinity ?? {}).includes("topology.kubernetes.io/zone");
      if (isPinned)
        expect(
          counts.filter((count) => count > 0),
          owner,
        ).toHaveLength(1);
      else expect(Math.max(...counts) - Math.min(...counts), `${owner} ${counts}`).toBeLessThanOrEqual(1);
    }
  });

  it("never has two pods of one workload on one node, where the nodes suffice", () => {
    for (const [owner, members] of byOwner())
      expect(new Set(members.map(({ spec }) => spec.nodeName)).size, owner).toBe(members.length);
  });
});

describe("loss of a zone", () => {
  const lost = zones[0]!;
  let survivors: Pod[];

  it(
    "is made up for: what is not bound to it runs elsewhere",
    async () => {
      const started = Date.now();
      const inZone = `?labelSelector=topology.kubernetes.io%2Fzone%3D${lost}`;
      await cluster.api.send("DELETE", `/api/v1/nodes${inZone}`);
      // The pod garbage collector does the same, a minute later.
      const orphans = (await stackPods(cluster.api)).filter((pod) => zoneOf(pod) === lost);
      await Promise.all(
        orphans.map(async ({ metadata: { name, namespace } }) => {
          try {
            await cluster.api.send("DELETE", `/api/v1/namespaces/${namespace}/pods/${name}?gracePeriodSeconds=0`);
          } catch (error) {
            if (!(error instanceof ApiError && error.status === 404)) throw error;
          }
        }),
      );
      survivors = await until(
        "all pods to run that can",
        async () => {
          const all = await stackPods(cluster.api);
          const daemons = all.filter((pod) => ownerOf(pod).startsWith("DaemonSet"));
          const others = all.filter((pod) => !daemons.includes(pod));
          const placed = others.filter(isReady);
          const isSettled =
            others.every((pod) => isReady(pod) || isBoundTo(pod)) && daemons.every((pod) => zoneOf(pod) !== lost);
          const wanted = footprints
            .filter(({ kind }) => kind !== "DaemonSet")
            .reduce((n, { sized }) => n + sized.replicas, 0);
          return isSettled && others.length === wanted && placed;
        },
        pace,
      );
      console.info(`without ${lost} ${survivors.length} pods run after ${seconds(started)}`);
      expect(survivors.filter((pod) => zoneOf(pod) === lost)).toEqual([]);
      // Nothing but pods with a volume, or pinned, may wait for the zone to come back.
      expect((await stackPods(cluster.api)).filter((pod) => !isReady(pod) && !isBoundTo(pod)).map(describePod)).toEqual(
        [],
      );
    },
    2 * patience,
  );

  it("leaves the disruption budgets in force: where a zone's pods are missing, no other may be evicted", async () => {
    type Budget = { metadata: { name: string; namespace: string }; status: Record<string, number> };
    const budgets = await cluster.api.list<Budget>("policy/v1", "PodDisruptionBudget");
    expect(budgets.length).toBeGreaterThan(0);
    for (const { metadata, status } of budgets) {
      const { currentHealthy = 0, desiredHealthy = 0, disruptionsAllowed = 0 } = status;
      expect(disruptionsAllowed, metadata.name).toBe(Math.max(0, currentHealthy - desiredHealthy));
    }
    for (const { metadata } of budgets.filter(({ status }) => status.disruptionsAllowed === 0)) {
      const victim = survivors.find((pod) => pod.metadata.name.startsWith(metadata.name));
      if (victim === undefined) continue;
      const { name, namespace } = victim.metadata;
      const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
      const refusal = cluster.api.send("POST", `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, eviction);
      await expect(refusal).rejects.toSatisfy((error) => error instanceof ApiError && error.status === 429);
    }
  });

  /** Whether a pod waits for a zone that is gone: pinned to it, or with a volume there. */
  const isBoundTo = (pod: Pod) => {
    const spec = JSON.stringify({ affinity: pod.spec.affinity, volumes: pod.spec.volumes });
    return spec.includes(lost) || spec.includes("persistentVolumeClaim");
  };
});
