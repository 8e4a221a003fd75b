import { afterAll, beforeAll, expect, test } from "vitest";
import { rollOutAnnotation, scaleDownAnnotation } from "../../lib/kubernetes/index.ts";
import type { KubernetesObject } from "../../lib/kubernetes/object.ts";
import { GiB } from "../../lib/sizing/index.ts";
import { applyObject } from "../../test/cluster/apply.ts";
import { type Cluster, startCluster } from "../../test/cluster/cluster.ts";
import { storageClass } from "../../test/cluster/provisioner.ts";
import { render } from "../../test/support/mimir.ts";
import { until } from "../../test/support/wait.ts";

const zones = ["zone-a", "zone-b", "zone-c"] as const;
type Zone = (typeof zones)[number];
const chart = render("medium", {
  cluster: { name: "c1", version: "1.36", platform: "kubernetes", zones, storageClass },
  overrides: { ingester: { replicas: 6, cpuCores: 0.1, memoryBytes: GiB, diskBytes: GiB } },
});
const objects = (chart.toJson() as KubernetesObject[]).filter(
  ({ kind, metadata }) => kind !== "ServiceMonitor" && kind !== "PrometheusRule" && metadata.name.includes("ingester"),
);
const ingesters = (zone: Zone): KubernetesObject =>
  objects.find(({ kind, metadata }) => kind === "StatefulSet" && metadata.name.endsWith(zone)) as KubernetesObject;

/** The StatefulSet of a zone with another number of replicas, another image, or an annotation. */
function changed(zone: Zone, change: { replicas?: number; image?: string; annotations?: object }): KubernetesObject {
  const { metadata, spec, ...object } = structuredClone(ingesters(zone));
  const [container, ...others] = spec.template.spec.containers;
  spec.template.spec.containers = [{ ...container, image: change.image ?? container.image }, ...others];
  return {
    ...object,
    metadata: { ...metadata, annotations: { ...metadata.annotations, ...change.annotations } },
    spec: { ...spec, replicas: change.replicas ?? spec.replicas },
  };
}

let cluster: Cluster;
const send = (object: KubernetesObject, dryRun = false) => applyObject(cluster.api, object, { dryRun });

/** Waits until a zone's pods are those of its template, and ready. */
const settled = (zone: Zone) =>
  until(`${zone} to roll out`, async () => {
    type Live = KubernetesObject & { status: Record<string, number> };
    const live = await cluster.api.get<Live>("apps/v1", "StatefulSet", "obs", ingesters(zone).metadata.name);
    const { observedGeneration, updatedReplicas, readyReplicas } = live?.status ?? {};
    const { replicas } = live?.spec ?? {};
    return (
      observedGeneration === live?.metadata.generation && updatedReplicas === replicas && readyReplicas === replicas
    );
  });

beforeAll(async () => {
  cluster = await startCluster({ nodes: { simulated: 6, zones } });
  const named = (apiVersion: string, kind: string, name: string, namespace?: string) =>
    send({ apiVersion, kind, metadata: { name, ...(namespace && { namespace }) } });
  await named("v1", "Namespace", "obs");
  await named("v1", "ServiceAccount", "mimir", "obs");
  for (const object of objects) await send(object);
  for (const zone of zones) await settled(zone);
  // Policies are compiled a moment after they are created.
  await until("the policies to apply", () =>
    send(changed("zone-a", { replicas: 1 }), true).then(
      () => false,
      () => true,
    ),
  );
});
afterAll(() => cluster?.dispose());

test("fewer ingesters are refused, unless the object acknowledges that number", async () => {
  await expect(send(changed("zone-b", { replicas: 1 }))).rejects.toThrow(
    /docs\/removing-pods\.md.*skopos\.dev\/scale-down-to/,
  );
  const stale = { [scaleDownAnnotation]: "0" };
  await expect(send(changed("zone-b", { replicas: 1, annotations: stale }))).rejects.toThrow(/drained first/);
  await send(changed("zone-b", { replicas: 3 }));
  await send(changed("zone-b", { replicas: 2, annotations: { [scaleDownAnnotation]: "2" } }));
  await settled("zone-b");
});

test("the scale subresource, which kubectl scale and autoscalers use, does not lower them", async () => {
  const path = await cluster.api.path("apps/v1", "StatefulSet", "obs", ingesters("zone-a").metadata.name);
  const scale = (replicas: number) =>
    cluster.api.send("PATCH", `${path}/scale`, { spec: { replicas } }, "application/merge-patch+json");
  await expect(scale(1)).rejects.toThrow(/scale subresource/);
  expect((await scale(2)).body).toMatchObject({ spec: { replicas: 2 } });
});

test("a second zone does not roll out before the first is ready: applying again continues", async () => {
  const next = (zone: Zone, annotations = {}) => changed(zone, { image: "mimir:next", annotations });
  await send(next("zone-a"));
  // The policy reads the other zones from a cache that is a moment behind.
  await until("the policy to know of zone-a", () =>
    send(next("zone-b"), true).then(
      () => false,
      () => true,
    ),
  );
  await expect(send(next("zone-b"))).rejects.toThrow(/another zone is rolling out/);
  await expect(send(next("zone-c"))).rejects.toThrow(/another zone is rolling out/);
  await send(next("zone-c", { [rollOutAnnotation]: "urgent" }), true);
  await settled("zone-a");
  await until("zone-b to be admitted", async () => {
    await send(next("zone-b"));
    return true;
  });
  await expect(send(next("zone-c"))).rejects.toThrow(/another zone is rolling out/);
  await settled("zone-b");
});
