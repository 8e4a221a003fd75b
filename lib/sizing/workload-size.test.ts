import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diskStep, GiB, MiB, quantityBytes, sized, TiB } from "./index.ts";

describe("a disk's step", () => {
  test("is a power of two, or a quarter or a half more", () => {
    const steps = [3.1, 4, 4.1, 5.5, 6.1, 9, 11, 13, 17, 700].map((needed) => diskStep(needed * GiB) / GiB);
    expect(steps).toEqual([4, 4, 5, 6, 8, 10, 12, 16, 20, 768]);
  });

  test("holds what is needed, with a third to spare at most, and is a quantity that manifests carry", () => {
    fc.assert(
      fc.property(fc.integer({ min: 64 * MiB, max: 64 * TiB }), (needed) => {
        const step = diskStep(needed);
        expect(step).toBeGreaterThanOrEqual(needed);
        expect(step).toBeLessThanOrEqual((needed * 4) / 3);
        expect(quantityBytes(step)).toBe(step);
        expect(diskStep(step)).toBe(step);
      }),
    );
  });
});

describe("the reason of a disk", () => {
  const resources = { replicas: 1, cpuCores: 1, memoryBytes: GiB };

  test("says what was rounded", () => {
    const { diskBytes, reasons } = sized({ ...resources, diskBytes: 4.5 * GiB }, { diskBytes: "logs of a week" });
    expect(diskBytes).toBe(5 * GiB);
    expect(reasons.diskBytes).toBe(
      "logs of a week; 4.5 GiB rounded up to the next step, so that small changes leave the claim as it is",
    );
  });

  test("is left alone where nothing was", () => {
    expect(sized({ ...resources, diskBytes: 4 * GiB }, { diskBytes: "fixed" }).reasons).toEqual({ diskBytes: "fixed" });
    expect(sized(resources, { memoryBytes: "fixed" }).reasons).toEqual({ memoryBytes: "fixed" });
  });
});
