import type * as pulumi from "@pulumi/pulumi";
import { ApiObject, type ApiObjectProps, App, Chart } from "cdk8s";
import { expect, test } from "vitest";
import { runUnderMocks } from "../../test/support/pulumi-mocks.ts";
import { registerCharts, TokenTable } from "./index.ts";

const namespace = "n";
const rbac = "rbac.authorization.k8s.io/v1";
const account = { kind: "ServiceAccount", name: "printer", namespace };

const pod = {
  serviceAccountName: "printer",
  priorityClassName: "high",
  containers: [{ name: "main", envFrom: [{ secretRef: { name: "key" } }] }],
  volumes: [
    { name: "config", configMap: { name: "config" } },
    { name: "data", persistentVolumeClaim: { claimName: "data" } },
    { name: "elsewhere", configMap: { name: "of-nobody" } },
  ],
};
const workload = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "printer", namespace } };
/** Everything the workload needs, each thing after what needs it. */
const parts: readonly (ApiObjectProps & Record<string, unknown>)[] = [
  { apiVersion: rbac, kind: "RoleBinding", roleRef: { kind: "Role", name: "printer" }, subjects: [account] },
  { apiVersion: rbac, kind: "Role", rules: [] },
  { apiVersion: "v1", kind: "ServiceAccount" },
  { apiVersion: "v1", kind: "Secret", metadata: { name: "key", namespace } },
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "config", namespace } },
  { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "data", namespace } },
  { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name: "high" }, value: 1 },
  { apiVersion: "example.com/v1", kind: "Printer" },
  {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "printers.example.com" },
    spec: { group: "example.com", names: { kind: "Printer" } },
  },
  { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
];

/** Registers two charts, the first of which needs the second, and returns what each resource waits for. */
async function waitsFor(): Promise<Map<string, string[]>> {
  const waits = new Map<string, string[]>();
  await runUnderMocks(() => {
    const names = new Map<pulumi.Resource, string>();
    const seen = ({ name, resource, opts }: pulumi.ResourceTransformationArgs) => {
      names.set(resource, name);
      const dependencies = (opts.dependsOn ?? []) as pulumi.Resource[];
      waits.set(name, dependencies.map((each) => names.get(each) ?? "not registered yet").sort());
      return undefined;
    };
    const app = new App();
    const [first, second] = [new Chart(app, "first"), new Chart(app, "second")];
    const deployment = new ApiObject(first, "workload", {
      ...workload,
      spec: { template: { spec: pod } },
    } as object as ApiObjectProps);
    const objects = parts.map(
      (part, i) => new ApiObject(second, `${i}`, { metadata: { name: "printer", namespace }, ...part }),
    );
    // As a chart declares it: the custom resource goes before the workload that reconciles it.
    objects.find(({ kind }) => kind === "Printer")?.addDependency(deployment);
    const opts = { transformations: [seen] };
    const charts = [first, second].map((chart) => ({ chart, name: chart.node.id, opts }));
    registerCharts(charts, new TokenTable());
  });
  return waits;
}

test("an object is registered after what it needs, of whatever chart, whichever was declared first", async () => {
  const waits = await waitsFor();
  expect(waits.size).toBe(parts.length + 1);
  expect([...waits.values()].flat()).not.toContain("not registered yet");
});

test("a workload waits for its account, the account's rights, and what it mounts", async () => {
  expect((await waitsFor()).get("first-deployment-printer")).toEqual([
    "second-configmap-config",
    "second-namespace-n",
    "second-persistentvolumeclaim-data",
    "second-priorityclass-high",
    "second-rolebinding-printer",
    "second-secret-key",
    "second-serviceaccount-printer",
  ]);
});

test("a binding waits for its role and its subjects, a custom resource for its definition and what it declares", async () => {
  const waits = await waitsFor();
  expect(waits.get("second-rolebinding-printer")).toEqual([
    "second-namespace-n",
    "second-role-printer",
    "second-serviceaccount-printer",
  ]);
  expect(waits.get("second-printer-printer")).toEqual([
    "first-deployment-printer",
    "second-customresourcedefinition-printers.example.com",
    "second-namespace-n",
  ]);
});
