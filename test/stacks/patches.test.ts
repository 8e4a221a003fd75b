import { describe, expect, test } from "vitest";
import { checkStack } from "../../cli/policy-check.ts";
import { Observability } from "../../components/pulumi.ts";
import type { KubernetesObject, Patch } from "../../lib/kubernetes/index.ts";
import { readStackFile } from "../../stacks/load.ts";
import { planStack } from "../../stacks/plan.ts";
import { ConfigurationError } from "../../stacks/problem.ts";
import { resolve } from "../../stacks/resolve.ts";
import { objectsOf, renderStack } from "../../stacks/stack.ts";
import { plain, runUnderMocks } from "../support/pulumi-mocks.ts";

const render = (changes: object) =>
  renderStack(resolve({ ...readStackFile("stacks", "dev").raw, ...changes }, { stack: "dev" }));

const key = ({ kind, metadata }: KubernetesObject) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
const byKey = (objects: readonly KubernetesObject[]) => Object.fromEntries(objects.map((each) => [key(each), each]));

const patches: readonly Patch[] = [
  {
    target: { kind: "Prometheus", name: "*" },
    merge: {
      spec: {
        resources: { requests: { cpu: "1500m" } },
        storage: { volumeClaimTemplate: { spec: { resources: { requests: { storage: "99Gi" } } } } },
      },
    },
  },
  { target: { kind: "DaemonSet", name: "*" }, json: [{ op: "add", path: "/spec/minReadySeconds", value: 7 }] },
  {
    target: { kind: "ConfigMap", name: "loki", namespace: "observability" },
    merge: { data: { "extra.yaml": "a: 1\n" } },
  },
];
const overrides = {
  patches,
  defaults: { podLabels: { team: "platform" }, tolerations: [{ operator: "Exists" }] },
};

describe("patches and defaults of a stack", () => {
  const stack = render(overrides);
  const rendered = objectsOf(stack).map(({ object }) => object);

  test("are in what is rendered, and in what Pulumi registers, object by object", async () => {
    const run = await runUnderMocks(() => new Observability("observability", stack.props));
    const registered = run.resources
      .filter(({ component }) => !component)
      .map(({ inputs }) => plain(inputs) as KubernetesObject);
    expect(byKey(registered)).toEqual(byKey(rendered));
    const daemonSets = registered.filter(({ kind }) => kind === "DaemonSet");
    expect(daemonSets.map(({ spec }) => spec.minReadySeconds)).toEqual(daemonSets.map(() => 7));
    expect(daemonSets.length).toBeGreaterThan(1);
  });

  test("are in the plan, beside what was computed", () => {
    const of = (each: typeof stack) =>
      planStack(each).workloads.find(({ name }) => name === "prometheus-kube-prometheus");
    const [before, after] = [of(render({})), of(stack)];
    expect(after).toMatchObject({ diskBytes: 99 * 2 ** 30, reasons: { diskBytes: "changed by a patch" } });
    expect(after?.set).toMatchObject({ cpuCores: 1.5 });
    expect(after?.computed?.diskBytes).toBe(before?.diskBytes);
  });

  test("are checked: a policy finds what a patch breaks", () => {
    const privileged = {
      target: { kind: "StatefulSet", name: "mimir" },
      merge: { spec: { template: { spec: { hostNetwork: true } } } },
    };
    const findings = (each: typeof stack) =>
      checkStack(each).findings.filter(({ object }) => JSON.stringify(object).includes("mimir"));
    expect(findings(render({ patches: [privileged] })).length).toBeGreaterThan(findings(render({})).length);
  });

  test("every object that is not matched stays as it was", () => {
    const touched = /^(Prometheus|DaemonSet|StatefulSet|ConfigMap) /;
    const [before, after] = [render({}), render({ patches })].map((each) =>
      byKey(objectsOf(each).map(({ object }) => object)),
    );
    for (const [name, object] of Object.entries(before ?? {}))
      if (!touched.test(name)) expect(after?.[name]).toEqual(object);
  });

  test("that change everything at once are applied", () => {
    const all: Patch = {
      target: { kind: "*", name: "*" },
      merge: { metadata: { annotations: { "example.com/all": "yes" } } },
    };
    const objects = objectsOf(render({ patches: [all] }));
    expect(objects.length).toBeGreaterThan(100);
    for (const { object } of objects) expect(object.metadata.annotations).toMatchObject({ "example.com/all": "yes" });
  });
});

function problems(changes: object): string[] {
  try {
    render(changes);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.map(({ code, path }) => `${code} ${path}`);
    throw error;
  }
  return [];
}

test.each<readonly [what: string, patch: object, problem: string]>([
  ["no match", { target: { kind: "StatefulSet", name: "mimr" }, merge: {} }, "SKP1310 skopos:patches[0].target.name"],
  ["no change", { target: { kind: "StatefulSet", name: "mimir" } }, "SKP1003 skopos:patches[0].merge"],
  [
    "no pointer",
    { target: { kind: "*", name: "*" }, json: [{ op: "remove", path: "spec" }] },
    "SKP1012 skopos:patches[0].json[0].path",
  ],
  [
    "no operation",
    { target: { kind: "*", name: "*" }, json: [{ op: "delete", path: "/spec" }] },
    "SKP1004 skopos:patches[0].json[0].op",
  ],
  ["a typo", { target: { kind: "*", name: "*" }, mrege: {} }, "SKP1001 skopos:patches[0].mrege"],
])("a patch with %s is a problem of the configuration", (_, patch, problem) => {
  expect(problems({ patches: [patch] })).toContain(problem);
});
