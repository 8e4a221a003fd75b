import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
import { MimirChart } from "../../../components/mimir/index.ts";
import { InvalidPropsError } from "../../sizing/index.ts";
import type { KubernetesObject } from "../object.ts";
import { applyPatches, type Patch } from "./index.ts";
import { strategicMerge } from "./strategic-merge.ts";

/** Two components of one kind, in two namespaces. */
function render(...patches: Patch[]) {
  const app = new App();
  const charts = ["east", "west"].map((name) => new MimirChart(app, name, { namespace: name, name }));
  applyPatches(charts, patches);
  const objects = charts.flatMap((chart) => chart.toJson() as KubernetesObject[]);
  const one = (kind: string, name: string) =>
    objects.find((object) => object.kind === kind && object.metadata.name === name) as KubernetesObject;
  return { charts, objects, one };
}

function findings(...patches: Patch[]): string[] {
  try {
    render(...patches);
  } catch (error) {
    if (!(error instanceof InvalidPropsError)) throw error;
    return error.findings.map(({ code, at, message }) => `${code} ${at}: ${message}`);
  }
  return [];
}

const set = (kind: string, name: string, json: Patch["json"], namespace?: string): Patch => ({
  target: { kind, name, ...(namespace !== undefined && { namespace }) },
  ...(json && { json }),
});

describe("a strategic merge patch", () => {
  const pod = {
    containers: [
      { name: "a", env: [{ name: "X", value: "1" }], ports: [{ name: "http", containerPort: 80 }] },
      { name: "b", args: ["1", "2"] },
    ],
    tolerations: [{ key: "x" }],
    nodeSelector: { a: "1", b: "2" },
  };

  test("merges lists by their merge keys, and replaces those that have none", () => {
    const merged = strategicMerge(
      pod,
      {
        containers: [
          {
            name: "a",
            env: [
              { name: "X", value: "2" },
              { name: "Y", value: "3" },
            ],
            ports: [{ containerPort: 81 }],
          },
          { name: "c" },
        ],
        tolerations: [{ key: "y" }],
      },
      true,
    );
    expect(merged).toEqual({
      containers: [
        {
          name: "a",
          env: [
            { name: "X", value: "2" },
            { name: "Y", value: "3" },
          ],
          ports: [{ name: "http", containerPort: 80 }, { containerPort: 81 }],
        },
        { name: "b", args: ["1", "2"] },
        { name: "c" },
      ],
      tolerations: [{ key: "y" }],
      nodeSelector: { a: "1", b: "2" },
    });
  });

  test("removes keys by null, items by $patch: delete, and replaces maps by $patch: replace", () => {
    const patch = {
      containers: [{ name: "b", $patch: "delete" }],
      nodeSelector: { $patch: "replace", c: "3" },
      tolerations: null,
    };
    expect(strategicMerge(pod, patch, true)).toEqual({ containers: [pod.containers[0]], nodeSelector: { c: "3" } });
    expect(strategicMerge(pod, { nodeSelector: { a: null } }, true)).toMatchObject({ nodeSelector: { b: "2" } });
  });

  test("replaces the lists of custom resources", () => {
    expect(strategicMerge(pod, { containers: [{ name: "a" }] }, false)).toMatchObject({ containers: [{ name: "a" }] });
  });
});

describe("patches", () => {
  test("reach every object that their wildcards match, and no other", () => {
    const { one } = render(
      { target: { kind: "Stateful*", name: "*" }, merge: { metadata: { annotations: { all: "yes" } } } },
      set("StatefulSet", "*", [{ op: "add", path: "/metadata/annotations/here", value: "yes" }], "we*"),
    );
    expect(one("StatefulSet", "east").metadata.annotations).toEqual({ all: "yes" });
    expect(one("StatefulSet", "west").metadata.annotations).toEqual({ all: "yes", here: "yes" });
    expect(one("ServiceAccount", "east").metadata.annotations).toBeUndefined();
  });

  test("see what the ones before them have left", () => {
    const { one } = render(
      set("Service", "east", [{ op: "add", path: "/spec/type", value: "NodePort" }]),
      set("Service", "east", [
        { op: "test", path: "/spec/type", value: "NodePort" },
        { op: "move", from: "/spec/type", path: "/spec/externalName" },
        { op: "copy", from: "/spec/externalName", path: "/spec/type" },
        { op: "remove", path: "/spec/externalName" },
      ]),
    );
    expect(one("Service", "east").spec.type).toBe("NodePort");
    expect(one("Service", "east").spec).not.toHaveProperty("externalName");
  });

  test("roll the pods that mount a changed ConfigMap, in its namespace alone", () => {
    const before = render();
    const changed = render({
      target: { kind: "ConfigMap", name: "east" },
      merge: { data: { "mimir.yaml": "a: 1\n" } },
    });
    const hash = ({ one }: typeof before, name: string) =>
      one("StatefulSet", name).spec.template.metadata.annotations[`checksum/${name}`];
    expect(hash(changed, "east")).not.toBe(hash(before, "east"));
    expect(hash(changed, "west")).toBe(hash(before, "west"));
  });

  test("are followed by the capacity", () => {
    const { charts } = render({
      target: { kind: "StatefulSet", name: "west" },
      merge: {
        spec: {
          replicas: 2,
          template: {
            spec: {
              containers: [
                { name: "mimir", resources: { requests: { memory: "3Gi" } } },
                { name: "proxy", resources: { requests: { cpu: "250m", memory: "64Mi" } } },
              ],
            },
          },
        },
      },
    });
    const [east, west] = charts.map(({ footprints }) => footprints[0]?.perPod);
    expect(west).toMatchObject({
      replicas: 2,
      cpuCores: (east?.cpuCores ?? 0) + 0.25,
      memoryBytes: 3 * 2 ** 30 + 64 * 2 ** 20,
    });
    expect(charts[1]?.footprints[0]?.sized.reasons.replicas).toBe("changed by a patch");
    expect(charts[0]?.footprints[0]?.sized.computed).toBeUndefined();
  });
});

describe("patches that cannot be meant are errors, all of them at once", () => {
  test("that fail on several objects in the same way are one error with one fix", () => {
    const replace = set("StatefulSet", "*", [{ op: "replace", path: "/spec/replica", value: 2 }]);
    expect(findings(replace)).toEqual([
      expect.stringMatching(/^SKP1311 .*: StatefulSet east, StatefulSet west: replace \/spec\/replica: there is no/),
    ]);
    expect(findings({ target: { kind: "*", name: "*" }, merge: { kind: "Pod" } })).toEqual([
      expect.stringMatching(/^SKP1312 .* and \d+ more: the patch changes kind$/),
    ]);
  });

  test.each<readonly [what: string, patch: Patch, error: RegExp]>([
    ["that match nothing", set("StatefulSet", "mimir", []), /SKP1310 patches\[0\]\.target: no StatefulSet mimir$/],
    ["of a kind that is not there", set("Pod", "*", []), /SKP1310/],
    ["of another namespace", set("StatefulSet", "east", [], "west"), /no StatefulSet east in namespace west/],
    ["with a regular expression", set("StatefulSet", "ea(s)t|.*", []), /SKP1310/],
    [
      "of a place that is not there",
      set("StatefulSet", "east", [{ op: "replace", path: "/spec/replica", value: 2 }]),
      /SKP1311 patches\[0\]\.json\[0\]\.op: StatefulSet east: replace \/spec\/replica: there is no \/spec\/replica/,
    ],
    [
      "below a place that is not there",
      set("StatefulSet", "east", [{ op: "add", path: "/spec/a/b", value: 2 }]),
      /there is no \/spec\/a$/,
    ],
    [
      "behind the end of a list",
      set("StatefulSet", "east", [{ op: "add", path: "/spec/template/spec/containers/7", value: {} }]),
      /there is no .*containers\/7/,
    ],
    [
      "of another value",
      set("StatefulSet", "east", [{ op: "test", path: "/spec/replicas", value: 7 }]),
      /the value is another one/,
    ],
    ["of prototypes", set("StatefulSet", "east", [{ op: "add", path: "/__proto__/x", value: 7 }]), /SKP1311/],
    [
      "of a number that is a text",
      { target: { kind: "StatefulSet", name: "east" }, merge: { spec: { replicas: "two" } } },
      /SKP1311 patches\[0\]: StatefulSet east: spec.replicas is "two", not a whole number/,
    ],
    ["of no pointer", set("StatefulSet", "east", [{ op: "remove", path: "" }]), /not a JSON pointer/],
    [
      "that rename",
      { target: { kind: "Service", name: "east" }, merge: { metadata: { name: "b" } } },
      /SKP1312 patches\[0\]\.merge\.metadata\.name: Service east: the patch changes metadata.name/,
    ],
    ["that change the kind", { target: { kind: "Service", name: "east" }, merge: { kind: "Pod" } }, /changes kind/],
    [
      "that move",
      { target: { kind: "Service", name: "east" }, merge: { metadata: { namespace: "b" } } },
      /metadata.namespace/,
    ],
    [
      "that leave no metadata",
      { target: { kind: "Service", name: "east" }, merge: { metadata: null } },
      /metadata.name/,
    ],
  ])("%s", (_, patch, error) => {
    expect(findings(patch).join("\n")).toMatch(error);
  });

  test("one bad patch does not hide another", () => {
    const found = findings(set("Nothing", "*", []), set("Service", "*", [{ op: "remove", path: "/spec/x" }]));
    expect(found.map((each) => each.split(" ")[1])).toEqual(
      expect.arrayContaining(["patches[0].target:", "patches[1]:"]),
    );
  });
});
