import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { updateOf } from "../../../diff/risk/update.ts";
import type { KubernetesObject } from "../../../lib/kubernetes/object.ts";
import { until } from "../../support/wait.ts";
import { ApplyError, apply, nameOf, prune } from "../apply.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { describePod, isReady, type Pod } from "../pods.ts";
import { storageClass } from "../provisioner.ts";
import { type Changes, prerequisites, type Variant, variant } from "./variants.ts";

// The transitions that teams make, one after the other on one cluster, each for real: pods are replaced by the real
// controllers, on simulated nodes.
const base: Changes = { "cluster.storageClass": storageClass, scale: "small", retention: "standard" };
const steps: readonly (readonly [what: string, changes: Changes])[] = [
  ["a new interval between scrapes", { ...base, "workload.scrapeInterval": "60s" }],
  ["less kept of each trace", { ...base, "components.otelGateway.tailSampling.keepPercent": 20 }],
  ["no pod logs any more", { ...base, "components.alloy": false, "components.loki": false }],
  ["a longer retention", { ...base, retention: "extended" }],
];

let cluster: Cluster;
let current = variant("prod", base);
const home = current.resolved.props.namespaces.stack;
const agents = current.resolved.props.namespaces.agents;

beforeAll(async () => {
  cluster = await startCluster({ nodes: { simulated: 9, zones: current.resolved.props.cluster.zones! } });
  await apply(cluster.api, [...prerequisites(current), ...current.objects]);
  await settled(current);
});
afterAll(() => cluster?.dispose());

const stackPods = async () => [
  ...(await cluster.api.list<Pod>("v1", "Pod", home)),
  ...(await cluster.api.list<Pod>("v1", "Pod", agents)),
];

/** Waits until every workload has rolled out what was last applied, and exactly its pods are there, ready. */
const settled = ({ objects }: Variant) =>
  until(
    "the rollout",
    async () => {
      type Live = KubernetesObject & { status?: Record<string, number | string> };
      for (const { apiVersion, kind, metadata } of objects.filter(isWorkload)) {
        const live = await cluster.api.get<Live>(apiVersion, kind, metadata.namespace ?? "", metadata.name);
        const { status = {}, spec } = live!;
        const wanted = status.desiredNumberScheduled ?? (spec as { replicas: number }).replicas;
        const updated = status.updatedReplicas ?? status.updatedNumberScheduled ?? 0;
        const ready = status.readyReplicas ?? status.numberReady ?? 0;
        if (status.observedGeneration !== live!.metadata.generation || updated !== wanted || ready !== wanted)
          return false;
      }
      const pods = await stackPods();
      return pods.every(isReady) && pods;
    },
    {
      every: 500,
      within: 300_000,
      explain: async () =>
        (await stackPods())
          .filter((pod) => !isReady(pod))
          .map(describePod)
          .join("\n"),
    },
  );

const isWorkload = ({ kind }: KubernetesObject) => ["Deployment", "StatefulSet", "DaemonSet"].includes(kind);

/** The workload a pod belongs to, by the name it begins with. */
const workloadOf = (pod: Pod, workloads: readonly string[]) =>
  workloads
    .filter((name) => pod.metadata.name.startsWith(`${name.split("/")[1]}-`))
    .sort((a, b) => b.length - a.length)[0];

describe.each(steps)("%s", (_, changes) => {
  it("does to each object, and to its pods, what the model says", async () => {
    const next = variant("prod", changes);
    const old = new Map(current.objects.map((object) => [nameOf(object), object]));
    const of = (kind: string) =>
      next.objects.filter(
        (object) => old.has(nameOf(object)) && updateOf(old.get(nameOf(object))!, object).kind === kind,
      );
    const [immutable, restarts] = [of("immutable"), of("restarts")];
    const before = await stackPods();

    const refused = await apply(cluster.api, next.objects).then(
      () => [],
      (error) => {
        if (!(error instanceof ApplyError)) throw error;
        return error.refusals.map(({ object }) => nameOf(object));
      },
    );
    expect(refused.sort()).toEqual(immutable.map(nameOf).sort());

    // How a refused object is replaced without an interruption: its pods stay, and the new one adopts them.
    for (const { apiVersion, kind, metadata } of immutable) {
      const path = await cluster.api.path(apiVersion, kind, metadata.namespace, metadata.name);
      await cluster.api.send("DELETE", `${path}?propagationPolicy=Orphan`);
      await until(
        `${metadata.name} to be gone`,
        async () => !(await cluster.api.get(apiVersion, kind, metadata.namespace!, metadata.name)),
      );
    }
    if (immutable.length > 0) await apply(cluster.api, immutable);
    await prune(cluster.api, current.objects, next.objects);
    await settled(next);

    const after = new Set((await stackPods()).map(({ metadata }) => metadata.uid));
    const names = next.objects.filter(isWorkload).map(nameOf);
    const replaced = new Set(
      before
        .filter(({ metadata }) => !after.has(metadata.uid))
        .map((pod) => workloadOf(pod, names))
        .filter((name) => name !== undefined),
    );
    const templateChanges = next.objects.filter(
      (object) => isWorkload(object) && old.has(nameOf(object)) && hasOtherTemplate(old.get(nameOf(object))!, object),
    );
    expect([...replaced].sort()).toEqual(templateChanges.map(nameOf).sort());
    expect(restarts.every((object) => replaced.has(nameOf(object)))).toBe(true);
    current = next;
  });
});

const hasOtherTemplate = (from: KubernetesObject, to: KubernetesObject) => {
  const template = ({ spec }: KubernetesObject) => JSON.stringify((spec as { template: object }).template);
  return template(from) !== template(to);
};
