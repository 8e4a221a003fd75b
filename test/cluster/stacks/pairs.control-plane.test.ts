import { afterAll, beforeAll, expect, it } from "vitest";
import { until } from "../../support/wait.ts";
import { apply } from "../apply.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { describePod, isReady, type Pod } from "../pods.ts";
import { storageClass } from "../provisioner.ts";
import { startOperator } from "./operator.ts";
import { prerequisites, variant } from "./variants.ts";

const stack = variant("prod", { "cluster.storageClass": storageClass });
const home = stack.resolved.props.namespaces.stack;
const [inviting, uninviting] = ["sim-0000", "sim-0001"] as const;

/** The pairs: two gateways, two Prometheus of one shard, two Alertmanagers. */
const pairs = ["otel-gateway-collector-", "prometheus-kube-prometheus-", "alertmanager-kube-prometheus-"];

const workloads = new Set(["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"]);
/** Everything but the pods of others, which would only fill the two nodes. */
const objects = stack.objects.filter(
  ({ kind, metadata }) => !workloads.has(kind) || pairs.some((prefix) => `${metadata.name}-`.startsWith(prefix)),
);

/** What speaks against a node more than spreading speaks for it: TaintToleration has weight 3 with the scheduler, spreading 2. */
const discouraged = { taints: [{ key: "maintenance", value: "soon", effect: "PreferNoSchedule" }] };

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ nodes: { simulated: 2, zones: ["zone-a"] } });
  await change(discouraged);
  await apply(cluster.api, [...prerequisites(stack), ...objects]);
  await startOperator(cluster, stack.objects);
});
afterAll(() => cluster?.dispose());

/** Changes the node that nothing speaks for. */
const change = async (spec: object) =>
  cluster.api.send(
    "PATCH",
    await cluster.api.path("v1", "Node", undefined, uninviting),
    { spec },
    "application/merge-patch+json",
  );

const podsOf = async () => {
  const pods = await cluster.api.list<Pod>("v1", "Pod", home);
  return pods.filter(({ metadata }) => pairs.some((prefix) => metadata.name.startsWith(prefix)));
};

const running = (isSettled: (pods: readonly Pod[]) => boolean) =>
  until(
    "three pairs to run",
    async () => {
      const pods = await podsOf();
      return pods.length === 6 && pods.every(isReady) && isSettled(pods) && pods;
    },
    { within: 120_000, explain: async () => (await podsOf()).map(describePod).join("\n") },
  );

const nodesOf = (pods: readonly Pod[], prefix: string) =>
  pods.filter(({ metadata }) => metadata.name.startsWith(prefix)).map(({ spec }) => spec.nodeName);

it("no pair shares a node while there are two, whatever speaks against one of them", async () => {
  const pods = await running(() => true);
  for (const prefix of pairs) expect(nodesOf(pods, prefix).sort(), prefix).toEqual([inviting, uninviting]);
});

it("both gateways run on the last node that takes them", async () => {
  // Pods with a volume are bound to its node here.
  const [gateway] = pairs as [string];
  await change({ unschedulable: true });
  const moved = (await podsOf()).find(
    ({ metadata, spec }) => metadata.name.startsWith(gateway) && spec.nodeName === uninviting,
  );
  await cluster.api.send("DELETE", await cluster.api.path("v1", "Pod", home, moved?.metadata.name));
  const pods = await running((all) => nodesOf(all, gateway).every((each) => each === inviting));
  expect(nodesOf(pods, gateway)).toHaveLength(2);
});
