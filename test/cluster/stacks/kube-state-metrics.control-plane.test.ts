import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { KubernetesObject } from "../../../lib/kubernetes/object.ts";
import { programPath } from "../../binaries/find.ts";
import { until } from "../../support/wait.ts";
import { apply } from "../apply.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { freePorts } from "../daemon.ts";
import { variant } from "./variants.ts";

const widgets = { group: "example.com", version: "v1", kind: "Widget", plural: "widgets" };

const stack = variant("dev", {
  "components.prometheus.stateMetrics": {
    labels: { pods: ["team", "app.kubernetes.io/name"], namespaces: ["*"] },
    annotations: { pods: ["example.com/owner"] },
    customResources: [
      {
        ...widgets,
        metrics: [
          {
            name: "widget_replicas",
            help: "Replicas of a widget.",
            each: { type: "Gauge", gauge: { path: ["spec", "replicas"] } },
          },
        ],
      },
    ],
  },
});

const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.com" },
  spec: {
    group: widgets.group,
    names: { kind: widgets.kind, plural: widgets.plural },
    scope: "Namespaced",
    versions: [
      {
        name: widgets.version,
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: { type: "object", properties: { replicas: { type: "integer" } } } },
          },
        },
      },
    ],
  },
} as KubernetesObject;

const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", labels: { stage: "live" } } };
const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "checkout",
    namespace: "shop",
    labels: { team: "payments", "app.kubernetes.io/name": "checkout", internal: "hidden" },
    annotations: { "example.com/owner": "ada", "example.com/other": "hidden" },
  },
  spec: { containers: [{ name: "main", image: "x" }] },
};
const widget = {
  apiVersion: "example.com/v1",
  kind: "Widget",
  metadata: { name: "press", namespace: "shop" },
  spec: { replicas: 3 },
};

let cluster: Cluster;
let metrics: string;

beforeAll(async () => {
  cluster = await startCluster({ nodes: { simulated: 1 } });
  const own = stack.objects.filter(
    ({ kind, metadata }) => kind === "Namespace" || /-kube-state-metrics(-custom-resources)?$/.test(metadata.name),
  );
  const [workload, file] = ["Deployment", "ConfigMap"].map((kind) => own.find((object) => object.kind === kind));
  const rights = own.filter(({ kind }) => /^(Namespace|ServiceAccount|ClusterRole|ClusterRoleBinding)$/.test(kind));
  await apply(cluster.api, [...rights, definition, namespace as KubernetesObject]);
  await apply(cluster.api, [pod, widget] as KubernetesObject[]);
  metrics = await started(workload as KubernetesObject, file as KubernetesObject);
});
afterAll(() => cluster?.dispose());

/** Runs the real program with the arguments and rights of its Deployment, and returns what it serves once it knows everything. */
async function started(workload: KubernetesObject, file: KubernetesObject): Promise<string> {
  const { serviceAccountName, containers } = (
    workload.spec as {
      template: { spec: { serviceAccountName: string; containers: [{ args: string[] }] } };
    }
  ).template.spec;
  const [port, telemetry] = await freePorts(2);
  const config = join(cluster.directory, "custom-resources.yaml");
  writeFileSync(
    config,
    (file as KubernetesObject & { data: Record<string, string> }).data["custom-resources.yaml"] ?? "",
  );
  const kubeconfig = JSON.parse(readFileSync(cluster.kubeconfig, "utf8")) as { users: { user: object }[] };
  const as = `system:serviceaccount:${workload.metadata.namespace}:${serviceAccountName}`;
  for (const { user } of kubeconfig.users) Object.assign(user, { as });
  const path = join(cluster.directory, "kube-state-metrics.kubeconfig");
  writeFileSync(path, JSON.stringify(kubeconfig));
  const program = cluster.start("kube-state-metrics", programPath("kube-state-metrics") ?? "kube-state-metrics", [
    ...containers[0].args
      .filter((arg) => !/^--(telemetry-)?port=/.test(arg))
      .map((arg) => arg.replace("/etc/kube-state-metrics/custom-resources.yaml", config)),
    "--host=127.0.0.1",
    "--telemetry-host=127.0.0.1",
    `--port=${port}`,
    `--telemetry-port=${telemetry}`,
    `--kubeconfig=${path}`,
  ]);
  return until(
    "metrics of the pod and the widget",
    async () => {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return /^kube_customresource_\w+\{/m.test(text) && /^kube_pod_labels\{/m.test(text) && text;
    },
    { explain: () => program.log(20) },
  );
}

const lineOf = (pattern: RegExp) => metrics.split("\n").find((line) => pattern.test(line));

it("exposes the labels and annotations that are asked for, and no others", () => {
  const labels = lineOf(/^kube_pod_labels\{.*pod="checkout"/);
  expect(labels).toContain('label_team="payments"');
  expect(labels).toContain('label_app_kubernetes_io_name="checkout"');
  expect(labels).not.toContain("hidden");
  expect(lineOf(/^kube_namespace_labels\{namespace="shop"/)).toContain('label_stage="live"');
  const annotations = lineOf(/^kube_pod_annotations\{.*pod="checkout"/);
  expect(annotations).toContain('annotation_example_com_owner="ada"');
  expect(annotations).not.toContain("hidden");
});

it("exposes the state of custom resources, with the rights that the stack gives it", () => {
  expect(lineOf(/^kube_customresource_widget_replicas\{/)).toMatch(/\} 3$/);
});
