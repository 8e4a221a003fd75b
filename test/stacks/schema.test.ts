import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../lib/kubernetes/index.ts";
import { objectsOf } from "../../stacks/stack.ts";
import { modelOf } from "../support/models.ts";
import { variants } from "./variants.ts";

/** Kinds for which no published types exist: an operator's own, tested against its CRD on a real API server. */
const withoutModel = new Set(["opentelemetry.io/v1beta1/OpenTelemetryCollector"]);

function complaint(object: KubernetesObject): string | undefined {
  const { apiVersion, kind } = object;
  if (withoutModel.has(`${apiVersion}/${kind}`)) return undefined;
  const Model = modelOf(apiVersion, kind);
  if (!Model) return `no model for ${apiVersion} ${kind}`;
  try {
    new Model(object).validate();
    return undefined;
  } catch (error) {
    return `${kind} ${object.metadata?.name}: ${(error as Error).message}`;
  }
}

describe.each(variants)("$name", ({ render }) => {
  test("every object is what Kubernetes and the CRDs allow", () => {
    const complaints = objectsOf(render()).map(({ object }) => complaint(object));
    expect(complaints.filter((each) => each !== undefined)).toEqual([]);
  });
});

test("the check finds a wrong field", () => {
  const wrong = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "x" }, spec: { replicas: "three" } };
  expect(complaint(wrong)).toContain("replicas");
});
