import { describe, expect, it } from "vitest";
import { updateOf } from "./update.ts";

const workload = (kind: string, spec: object = {}) => ({
  apiVersion: "apps/v1",
  kind,
  metadata: { name: "a" },
  spec: { replicas: 1, selector: { matchLabels: { app: "a" } }, template: { spec: { containers: [] } }, ...spec },
});
const claims = (storage: string) => ({ volumeClaimTemplates: [{ spec: { resources: { requests: { storage } } } }] });
const service = (clusterIP?: string) => ({ kind: "Service", spec: { ...(clusterIP && { clusterIP }) } });

describe("what an update does", () => {
  it.each([
    ["the same", workload("Deployment"), workload("Deployment"), "unchanged"],
    ["replicas", workload("StatefulSet"), workload("StatefulSet", { replicas: 3 }), "updated"],
    ["a pod template", workload("DaemonSet"), workload("DaemonSet", { template: {} }), "restarts"],
    ["a ConfigMap's data", { kind: "ConfigMap", data: { a: "1" } }, { kind: "ConfigMap", data: {} }, "updated"],
    ["a Service that was headless", service("None"), service(), "updated"],
  ])("%s", (_, from, to, kind) => expect(updateOf(from, to)).toEqual({ kind }));

  it.each([
    [
      "a larger claim",
      workload("StatefulSet", claims("1Gi")),
      workload("StatefulSet", claims("2Gi")),
      "spec.volumeClaimTemplates",
    ],
    [
      "another governing Service",
      workload("StatefulSet"),
      workload("StatefulSet", { serviceName: "b" }),
      "spec.serviceName",
    ],
    ["another selector", workload("Deployment"), workload("Deployment", { selector: {} }), "spec.selector"],
    ["a Service made headless", service(), service("None"), "spec.clusterIP"],
    [
      "another role",
      { kind: "RoleBinding", roleRef: { name: "a" } },
      { kind: "RoleBinding", roleRef: { name: "b" } },
      "roleRef",
    ],
    [
      "an immutable ConfigMap",
      { kind: "ConfigMap", immutable: true, data: {} },
      { kind: "ConfigMap", immutable: true, data: { a: "" } },
      "data",
    ],
    [
      "a CRD's scope",
      { kind: "CustomResourceDefinition", spec: { scope: "Cluster" } },
      { kind: "CustomResourceDefinition", spec: { scope: "Namespaced" } },
      "spec.scope",
    ],
  ])("%s is refused", (_, from, to, field) =>
    expect(updateOf(from, to)).toEqual({ kind: "immutable", fields: [field] }),
  );
});
