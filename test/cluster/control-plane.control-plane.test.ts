import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../lib/kubernetes/object.ts";
import { until } from "../support/wait.ts";
import { ApplyError, apply, changedByApplying, prune, remove } from "./apply.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { added, inventory } from "./inventory.ts";
import { transition } from "./transition.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ nodes: { simulated: 3 } });
});
afterAll(() => cluster?.dispose());

const namespace = "a";
const labels = { app: "web" };

const web = (changes: { replicas?: number; selector?: object; image?: string; extra?: object } = {}) => {
  const { replicas = 3, selector = labels, image = "web:1", extra = {} } = changes;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace },
    spec: {
      replicas,
      selector: { matchLabels: selector },
      template: {
        metadata: { labels: { ...labels, ...selector } },
        spec: {
          containers: [{ name: "web", image }],
          topologySpreadConstraints: [
            {
              topologyKey: "topology.kubernetes.io/zone",
              maxSkew: 1,
              whenUnsatisfiable: "DoNotSchedule",
              labelSelector: { matchLabels: labels },
            },
          ],
          ...extra,
        },
      },
    },
  };
};

const objects: KubernetesObject[] = [
  web(),
  {
    apiVersion: "example.org/v1",
    kind: "Gadget",
    metadata: { name: "one", namespace },
    spec: { size: 3 },
  },
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings", namespace }, data: { a: "1" } },
  { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
  {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "gadgets.example.org" },
    spec: {
      group: "example.org",
      scope: "Namespaced",
      names: { kind: "Gadget", plural: "gadgets", singular: "gadget" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: { spec: { type: "object", properties: { size: { type: "integer" } } } },
            },
          },
        },
      ],
    },
  },
];

const version = async (kind: string, name: string) =>
  (await cluster.api.get<KubernetesObject>("v1", kind, namespace, name))?.metadata.resourceVersion;

describe("a control plane without real nodes", () => {
  it("schedules pods onto simulated nodes, one a zone", async () => {
    await apply(cluster.api, objects);
    const pods = await until("three running pods", async () => {
      type Pod = { spec: { nodeName?: string }; status: { phase: string } };
      const all = await cluster.api.list<Pod>("v1", "Pod", namespace);
      const running = all.filter(({ status }) => status.phase === "Running");
      return running.length === 3 && running;
    });
    expect(pods.map(({ spec }) => spec.nodeName).sort()).toEqual(["sim-0000", "sim-0001", "sim-0002"]);
  });

  it("binds a claim once a pod needs it, and takes the volume back with the claim", async () => {
    const claim = {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "data", namespace },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    };
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "user", namespace },
      spec: {
        containers: [{ name: "user", image: "user:1", volumeMounts: [{ name: "data", mountPath: "/data" }] }],
        volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }],
      },
    };
    await apply(cluster.api, [claim, pod]);
    await until("the pod to run", async () => {
      const live = await cluster.api.get<{ status: { phase: string } }>("v1", "Pod", namespace, "user");
      return live?.status.phase === "Running";
    });
    expect(await cluster.api.list("v1", "PersistentVolume")).toHaveLength(1);
    await remove(cluster.api, [claim, pod]);
    await until("no volume", async () => (await cluster.api.list("v1", "PersistentVolume")).length === 0);
  });
});

describe("server-side apply", () => {
  it("changes nothing the second time", async () => {
    await apply(cluster.api, objects);
    expect(await changedByApplying(cluster.api, objects)).toEqual([]);
    const other = objects.map((object) => (object.kind === "ConfigMap" ? { ...object, data: { a: "2" } } : object));
    const before = await version("ConfigMap", "settings");
    await apply(cluster.api, other);
    expect(await version("ConfigMap", "settings")).not.toBe(before);
  });

  it("refuses unknown fields, naming every object at once", async () => {
    const wrong = [
      web({ extra: { hostNetwrok: true } }),
      { apiVersion: "example.org/v1", kind: "Gadget", metadata: { name: "one", namespace }, spec: { sise: 3 } },
    ];
    const error = await apply(cluster.api, wrong).catch((caught) => caught);
    expect(error).toBeInstanceOf(ApplyError);
    expect(error.message).toMatch(/Deployment a\/web: .*hostNetwrok/);
    expect(error.message).toMatch(/Gadget a\/one: .*sise/);
  });

  it("refuses a field that somebody else owns", async () => {
    await expect(apply(cluster.api, [web({ replicas: 5 })], { fieldManager: "somebody-else" })).rejects.toThrow(
      /conflict with "skopos"/,
    );
  });

  it("passes warnings on", async () => {
    const restricted = {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "warned", labels: { "pod-security.kubernetes.io/warn": "restricted" } },
    };
    const [, deployment] = await apply(cluster.api, [
      restricted,
      { ...web(), metadata: { name: "web", namespace: "warned" } },
    ]);
    expect(deployment?.warnings.join()).toMatch(/would violate PodSecurity "restricted/);
    await remove(cluster.api, [restricted]);
  });

  it("tells by dry run what a change would do", async () => {
    await apply(cluster.api, objects);
    const settings = (a: string) => ({ ...objects[2]!, data: { a } });
    const outcomes = async (...to: KubernetesObject[]) =>
      Object.fromEntries([...(await transition(cluster.api, objects, to))].map(([name, { kind }]) => [name, kind]));
    expect(await outcomes(...objects)).toEqual({
      "CustomResourceDefinition gadgets.example.org": "unchanged",
      "Namespace a": "unchanged",
      "ConfigMap a/settings": "unchanged",
      "Deployment a/web": "unchanged",
      "Gadget a/one": "unchanged",
    });
    expect(await outcomes(web({ replicas: 4 }), settings("2"))).toMatchObject({
      "Deployment a/web": "updated",
      "ConfigMap a/settings": "updated",
      "Gadget a/one": "removed",
    });
    expect(await outcomes(web({ image: "web:2" }))).toMatchObject({ "Deployment a/web": "restarts" });
    expect(await outcomes(web({ selector: { app: "web", tier: "front" } }))).toMatchObject({
      "Deployment a/web": "immutable",
    });
    expect(await outcomes(web({ image: "" }))).toMatchObject({ "Deployment a/web": "rejected" });
  });

  it("prunes what is no longer there, and leaves nothing in the end", async () => {
    const before = await inventory(cluster.api);
    const rest = objects.filter(({ kind }) => kind !== "ConfigMap" && kind !== "Gadget");
    expect(await prune(cluster.api, objects, rest)).toEqual(["Gadget a/one", "ConfigMap a/settings"]);
    await remove(cluster.api, rest);
    const after = await inventory(cluster.api);
    expect(added(before, after)).toEqual([]);
    expect(added(after, before)).toContain("Namespace a");
    expect([...after].filter((name) => name.includes(" a/") || name.includes("gadget"))).toEqual([]);
  });
});
