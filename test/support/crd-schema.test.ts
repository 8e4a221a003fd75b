import { expect, test } from "vitest";
import { modelOf } from "./models.ts";

const prometheus = (spec: object) => ({
  apiVersion: "monitoring.coreos.com/v1",
  kind: "Prometheus",
  metadata: { name: "a", namespace: "b" },
  spec,
});

const complaint = (object: ReturnType<typeof prometheus>) => {
  const Model = modelOf(object.apiVersion, object.kind);
  if (!Model) throw new Error("no model");
  try {
    new Model(object).validate();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

test("a resource that the definition allows is taken", () => {
  expect(complaint(prometheus({ replicas: 2, retention: "15d", storage: { volumeClaimTemplate: { spec: {} } } }))).toBe(
    undefined,
  );
});

test.each([
  [{ replicas: "two" }, "spec/replicas"],
  [{ replicaCount: 2 }, "replicaCount"],
  [{ retention: "fifteen days" }, "spec/retention"],
  [{ logFormat: "xml" }, "spec/logFormat"],
  [{ storage: { volumeClaim: {} } }, "volumeClaim"],
])("%j is refused, with its place", (spec, place) => {
  expect(complaint(prometheus(spec))).toContain(place);
});
