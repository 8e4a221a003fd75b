import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../lib/kubernetes/index.ts";
import { type Claim, growthOf, type LiveState } from "./growth.ts";

const namespace = "observability";

const template = (name: string, storage: string) => ({
  metadata: { name, labels: { part: "ingester" } },
  spec: { accessModes: ["ReadWriteOnce"], storageClassName: "gp3", resources: { requests: { storage } } },
});

const statefulSet = (name: string, storage: string, replicas = 1, claim = "data"): KubernetesObject => ({
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name, namespace },
  spec: { replicas, selector: { matchLabels: { app: name } }, volumeClaimTemplates: [template(claim, storage)] },
});

const claim = (name: string, storage: string, more: object = {}): Claim => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name, namespace },
  spec: { storageClassName: "gp3", resources: { requests: { storage } } },
  status: { phase: "Bound", capacity: { storage } },
  ...more,
});

const live = (statefulSets: KubernetesObject[], claims: Claim[]): LiveState => ({
  statefulSets,
  claims,
  expandable: new Map([
    ["gp3", true],
    ["fixed", false],
  ]),
});

const summary = (objects: KubernetesObject[], state: LiveState) =>
  growthOf(objects, state).map(({ action, claim: name, to }) => `${action} ${name} ${to}`);

describe("claims of a StatefulSet", () => {
  test("are expanded one by one, also those of replicas that were scaled away, and never made smaller", () => {
    const state = live(
      [statefulSet("mimir", "4Gi", 2)],
      [claim("data-mimir-0", "4Gi"), claim("data-mimir-1", "10Gi"), claim("data-mimir-7", "4096Mi")],
    );
    expect(summary([statefulSet("mimir", "8Gi", 2)], state)).toEqual([
      "expand data-mimir-0 8Gi",
      "expand data-mimir-7 8Gi",
    ]);
  });

  test("are not confused with those of a StatefulSet whose name begins alike", () => {
    const sets = [statefulSet("mimir", "4Gi"), statefulSet("mimir-ingester", "4Gi")];
    const state = live(sets, [claim("data-mimir-0", "8Gi"), claim("data-mimir-ingester-0", "4Gi")]);
    expect(summary([statefulSet("mimir", "8Gi"), statefulSet("mimir-ingester", "4Gi")], state)).toEqual([]);
  });

  test("of new replicas are created ahead, as the controller would create them", () => {
    const steps = growthOf(
      [statefulSet("mimir", "8Gi", 2)],
      live([statefulSet("mimir", "4Gi")], [claim("data-mimir-0", "8Gi")]),
    );
    expect(steps).toMatchObject([
      {
        action: "create",
        claim: "data-mimir-1",
        object: {
          metadata: { name: "data-mimir-1", namespace, labels: { part: "ingester", app: "mimir" } },
          spec: {
            storageClassName: "gp3",
            accessModes: ["ReadWriteOnce"],
            resources: { requests: { storage: "8Gi" } },
          },
        },
      },
    ]);
  });

  test("of a StatefulSet that is not there yet are left to it", () => {
    expect(summary([statefulSet("loki", "8Gi", 3)], live([], []))).toEqual([]);
  });
});

test.each([
  [
    "a class that does not expand",
    { spec: { storageClassName: "fixed", resources: { requests: { storage: "4Gi" } } } },
    /fixed does not allow/,
  ],
  ["no class", { spec: { resources: { requests: { storage: "4Gi" } } } }, /no StorageClass/],
  [
    "a class that is gone",
    { spec: { storageClassName: "gone", resources: { requests: { storage: "4Gi" } } } },
    /gone does not allow/,
  ],
  ["no volume yet", { status: { phase: "Pending" } }, /no volume yet/],
])("a claim with %s is reported with the reason", (_, more, reason) => {
  const state = live([statefulSet("mimir", "4Gi")], [claim("data-mimir-0", "4Gi", more)]);
  expect(growthOf([statefulSet("mimir", "8Gi")], state)).toMatchObject([
    { action: "blocked", reason: expect.stringMatching(reason) },
  ]);
});

test("a claim that is being expanded is reported with what it waits for", () => {
  const status = {
    phase: "Bound",
    capacity: { storage: "4Gi" },
    conditions: [{ type: "FileSystemResizePending", status: "True" }],
  };
  const state = live([statefulSet("mimir", "4Gi")], [claim("data-mimir-0", "8Gi", { status })]);
  expect(growthOf([statefulSet("mimir", "8Gi")], state)).toMatchObject([
    { action: "expanding", from: "4Gi", to: "8Gi", reason: "FileSystemResizePending" },
  ]);
});

test("a Prometheus stands for the StatefulSets of all its shards", () => {
  const prometheus = {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "Prometheus",
    metadata: { name: "main", namespace },
    spec: { replicas: 1, storage: { volumeClaimTemplate: template("", "8Gi") } },
  };
  const sets = ["prometheus-main", "prometheus-main-shard-1", "prometheus-main-other"];
  const state = live(
    sets.map((name) => statefulSet(name, "4Gi", 1, "prometheus-main-db")),
    sets.map((name) => claim(`prometheus-main-db-${name}-0`, "4Gi")),
  );
  delete (prometheus.spec.storage.volumeClaimTemplate as { metadata?: object }).metadata;
  expect(summary([prometheus], state)).toEqual([
    "expand prometheus-main-db-prometheus-main-0 8Gi",
    "expand prometheus-main-db-prometheus-main-shard-1-0 8Gi",
  ]);
});
