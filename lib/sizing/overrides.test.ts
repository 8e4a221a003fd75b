import { expect, test } from "vitest";
import { assertValid, GiB, InvalidPropsError, sized, withOverride } from "./index.ts";

const computed = sized(
  { replicas: 3, cpuCores: 1, memoryBytes: GiB, diskBytes: 4 * GiB },
  { replicas: "three copies", memoryBytes: "the table" },
);

test("an override replaces the stated values, says so, and leaves the others computed", () => {
  const { replicas, memoryBytes, diskBytes, reasons } = withOverride(computed, { memoryBytes: 2 * GiB });
  expect([replicas, memoryBytes, diskBytes]).toEqual([3, 2 * GiB, 4 * GiB]);
  expect(reasons).toEqual({ replicas: "three copies", memoryBytes: "set explicitly" });
});

test("minReplicas only ever raises the number of replicas", () => {
  expect(withOverride(computed, { minReplicas: 6 })).toMatchObject({
    replicas: 6,
    reasons: { replicas: "minReplicas, above the computed 3" },
  });
  expect(withOverride(computed, { minReplicas: 2 })).toEqual(computed);
  expect(withOverride(computed, { replicas: 9, minReplicas: 6 }).replicas).toBe(9);
});

test("invalid props are reported all at once, with code, place, cause and fix", () => {
  const finding = { code: "SKP1012", at: "bucket", message: "the bucket has no name", fix: "bucket: mimir" } as const;
  const broken = () => assertValid("MimirChart", "metrics", [finding, { ...finding, code: "SKP1012", at: "tenant" }]);
  expect(broken).toThrow(InvalidPropsError);
  expect(broken).toThrow(/MimirChart "metrics"\nSKP1012 bucket: .*\n.*\nSKP1012 tenant: /);
  expect(() => assertValid("MimirChart", "metrics", [])).not.toThrow();
});
