// The supported range of Kubernetes, proven: every object of every stack against the API of every supported minor.
import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../lib/kubernetes/index.ts";
import { supportedKubernetes } from "../../stacks/checks.ts";
import { objectsOf } from "../../stacks/stack.ts";
import { type KubernetesMinor, kubernetesModules, openApi } from "../binaries/openapi.ts";
import { openApiChecker } from "../support/open-api.ts";
import { variants } from "./variants.ts";

const minors = Object.keys(kubernetesModules) as KubernetesMinor[];

/** Of resources that are defined by CRDs, which are the same for every Kubernetes: the CRDs themselves are checked. */
const isCustom = ({ apiVersion }: KubernetesObject) =>
  /^(monitoring\.coreos\.com|opentelemetry\.io|gateway\.networking\.k8s\.io)\//.test(apiVersion);

/** Each object once, however many stacks have it. */
const objects = [
  ...new Map(
    variants.flatMap(({ name, render }) =>
      objectsOf(render())
        .filter(({ object }) => !isCustom(object))
        .map(({ object }) => [JSON.stringify(object), { name, object }] as const),
    ),
  ).values(),
];

test("the minors are those that the stack's checks accept", () => {
  const all = minors.map((minor) => Number(minor.slice(2)));
  const [oldest, newest] = [supportedKubernetes.oldest, supportedKubernetes.newest].map((text) =>
    Number(text.slice(2)),
  ) as [number, number];
  expect(all).toEqual(Array.from({ length: newest - oldest + 1 }, (_, index) => oldest + index));
});

describe.each(minors)("Kubernetes %s", (minor) => {
  const check = openApiChecker(openApi(minor));

  test("knows every field of every object of every stack", () => {
    expect(objects.length).toBeGreaterThan(500);
    const complaints = objects.flatMap(({ name, object }) =>
      check(object).map((text) => `${name}: ${object.metadata.name}: ${text}`),
    );
    expect([...new Set(complaints)].slice(0, 20)).toEqual([]);
  });

  test("is really asked: unknown kinds and fields, wrong types and missing fields are found", () => {
    const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "x" } };
    const spec = { selector: {}, template: { spec: { containers: [{ nmae: "x" }] } }, replicas: "three" };
    expect(check({ ...deployment, spec })).toEqual([
      "Deployment.spec.template.spec.containers[0].name: missing",
      "Deployment.spec.template.spec.containers[0].nmae: unknown",
      "Deployment.spec.replicas: not an integer",
    ]);
    expect(check({ ...deployment, apiVersion: "apps/v9" })).toEqual([
      "apps/v9 Deployment: this version has no such kind",
    ]);
  });
});
