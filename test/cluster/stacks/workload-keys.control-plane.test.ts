// Every key of a workload, doubled and halved, in a cluster that runs the stack: what the real API server says of the update.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { claimSizes, type KubernetesObject, withClaimSizes } from "../../../lib/kubernetes/index.ts";
import { changesOf } from "../../stacks/workload-changes.ts";
import { apply, nameOf, remove } from "../apply.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { transition } from "../transition.ts";
import { prerequisites, rawStack, variant } from "./variants.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ nodes: {} });
});
afterAll(() => cluster?.dispose());

/** Guards of rings deny what must wait for pods. No pod runs here: components/mimir/ring-guard.control-plane.test.ts. */
const isGuard = ({ kind, metadata }: KubernetesObject) =>
  kind === "ValidatingAdmissionPolicyBinding" && /-(scale|scale-down|zones)$/.test(metadata.name);
const isDefinition = ({ kind }: KubernetesObject) => kind === "CustomResourceDefinition";

/** Components whose pods each key may restart: those that are sized by it, or configured with a number that comes from it. */
const restarts: Readonly<Record<string, RegExp>> = {
  // Spans of flows come from every node, and the flow agent has a copy of all pods.
  nodes: /flow-agent|loki|otel-gateway|jaeger|tempo|otel-agent|alloy|kube-prometheus-operator|kube-state-metrics/,
  pods: /flow-agent|loki|otel-gateway|otel-agent|alloy|kube-state-metrics/,
  // Tempo sends its metrics to Mimir, at another address in another mode.
  activeSeries: /mimir|otel-gateway|tempo/,
  scrapeIntervalSeconds: /mimir/,
  logBytesPerDay: /loki|alloy|otel-gateway/,
  spansPerSecond: /jaeger|tempo|otel-gateway|otel-agent|alloy/,
  spansPerTrace: /jaeger|tempo|otel-gateway/,
  flowsPerSecondPerNode: /flow-agent|jaeger|tempo|otel-gateway/,
  queriesPerSecond: /mimir|grafana/,
};

describe.each(["staging", "prod"])("%s", (stack) => {
  const before = variant(stack);
  const objects = before.objects.filter((object) => !isGuard(object));
  const applied = new Map(objects.map((object) => [nameOf(object), object]));
  beforeAll(() => apply(cluster.api, [...prerequisites(before), ...objects]));
  afterAll(() =>
    remove(
      cluster.api,
      objects.filter((object) => object.kind !== "Namespace" && !isDefinition(object)),
    ),
  );

  it.each(changesOf(stack))(
    "%s: no update is rejected, and only pods of what it sizes restart",
    async (change, workload) => {
      const raw = rawStack(stack) as { workload?: object };
      const after = variant(stack, { workload: { ...raw.workload, ...workload } });
      const changed = after.objects
        .filter((object) => !isGuard(object) && !isDefinition(object))
        .map((object) => withClaimSizes(object, claimSizes(applied.get(nameOf(object)) ?? object)))
        .filter((object) => JSON.stringify(object) !== JSON.stringify(applied.get(nameOf(object))));
      const outcomes = await transition(cluster.api, [], changed);
      const of = (...kinds: readonly string[]) =>
        [...outcomes].filter(([, { kind }]) => kinds.includes(kind)).map(([name]) => name);
      expect([...outcomes].filter(([, { kind }]) => kind === "immutable" || kind === "rejected")).toEqual([]);
      const [key = ""] = change.split(" ");
      expect(of("restarts").filter((name) => !restarts[key]?.test(name))).toEqual([]);
    },
  );
});
