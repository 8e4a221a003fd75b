import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Availability,
  GiB,
  retentionProfiles,
  TiB,
  type Workload,
  type WorkloadSize,
  workloads,
} from "../../lib/sizing/index.ts";
import { sizingTable, type TableService, TB, tableEntry } from "./capacity.ts";
import { type LokiSizing, sizeLoki } from "./index.ts";

const retention = retentionProfiles.standard;
const size = (workload: Workload, availability: Availability = "redundant") =>
  sizeLoki({ workload, availability, retention });
const withLogs = (logBytesPerDay: number): Workload => ({ ...workloads.small, logBytesPerDay });

/** Every workload of a sizing. */
function pods(sizing: LokiSizing): readonly WorkloadSize[] {
  return sizing.mode === "monolithic"
    ? [sizing.loki]
    : [...Object.values(sizing.services), ...Object.values(sizing.caches)];
}

function totals(sizing: LokiSizing) {
  const sum = (pick: (sized: WorkloadSize) => number) =>
    pods(sizing).reduce((total, each) => total + each.replicas * pick(each), 0);
  return {
    cpu: sum(({ cpuCores }) => cpuCores),
    memory: sum(({ memoryBytes }) => memoryBytes),
    disk: sum(({ diskBytes }) => diskBytes ?? 0),
  };
}

describe("the sizing guide", () => {
  test.each(sizingTable)("is met at its own rows ($bytesPerDay B/day)", ({ bytesPerDay, entries }) => {
    for (const [service, entry] of Object.entries(entries)) {
      expect(tableEntry(service as TableService, bytesPerDay)).toEqual(entry);
    }
  });

  test("is interpolated linearly between rows", () => {
    // Halfway from 3 to 16.5 TB: (6 + 90) / 2 ingesters of (4 + 6) / 2 GiB.
    expect(tableEntry("ingester", 9.75 * TB)).toEqual({ replicas: 48, cpuCores: 2, memoryBytes: 5 * GiB });
  });

  test("gives pods in proportion to the volume outside its rows", () => {
    expect(tableEntry("distributor", 1.5 * TB).replicas).toBe(2);
    expect(tableEntry("querier", 60 * TB)).toMatchObject({ replicas: 500, memoryBytes: 3 * GiB });
  });
});

describe("size", () => {
  test.each([
    ["small", "monolithic"],
    ["medium", "microservices"],
    ["large", "microservices"],
    ["xlarge", "microservices"],
  ] as const)("%s is %s", (scale, mode) => {
    expect(size(workloads[scale]).mode).toBe(mode);
  });

  test("20 GB per day run in one process, more do not", () => {
    expect(size(withLogs(20e9)).mode).toBe("monolithic");
    expect(size(withLogs(20e9 + 1)).mode).toBe("microservices");
  });

  test("redundant ingesters are spread over zones from 2 TiB per day on", () => {
    const zoneAware = (bytes: number, availability?: Availability) => {
      const sizing = size(withLogs(bytes), availability);
      return sizing.mode === "microservices" && sizing.zoneAware;
    };
    expect(zoneAware(2 * TiB - 1)).toBe(false);
    expect(zoneAware(2 * TiB)).toBe(true);
    expect(zoneAware(2 * TiB, "single")).toBe(false);
  });

  test("availability single keeps one copy and one replica of everything", () => {
    const sizing = size(workloads.medium, "single");
    expect(sizing.replicationFactor).toBe(1);
    for (const { replicas } of pods(sizing)) expect(replicas).toBe(1);
  });

  test("there is only ever one compactor", () => {
    for (const workload of Object.values(workloads)) {
      const sizing = size(workload);
      if (sizing.mode === "microservices") expect(sizing.services.compactor.replicas).toBe(1);
    }
  });

  test("a development stack is small", () => {
    const workload = { ...withLogs(GiB), nodes: 1, pods: 30 };
    const sizing = sizeLoki({
      workload,
      availability: "single",
      retention: retentionProfiles.ephemeral,
      filesystem: true,
    });
    expect(totals(sizing).cpu).toBeLessThanOrEqual(0.1);
    expect(totals(sizing).memory).toBeLessThanOrEqual(400 * 1024 ** 2);
  });

  test("limits are five times the mean rate, and at least Loki's defaults", () => {
    // 2 TiB / 86,400 s = 24.27 MiB/s.
    expect(size(workloads.large).limits).toMatchObject({
      ingestionRateMb: 122,
      ingestionBurstSizeMb: 244,
      maxStreams: 90_000,
    });
    expect(size(withLogs(GiB)).limits).toMatchObject({ ingestionRateMb: 4, maxStreams: 5_000 });
  });

  test("a filesystem volume holds the whole retention period", () => {
    const load = { workload: withLogs(10 * GiB), availability: "single", filesystem: true } as const;
    const month = sizeLoki({ ...load, retention });
    if (month.mode !== "monolithic") throw new Error("microservices");
    expect(month.loki.diskBytes).toBeGreaterThan(month.objectStorage.bytes / 0.8);
  });

  test("the bucket holds a fifth of 10 GiB per day, 1.2 copies, for 31 days", () => {
    const { bytes } = size(withLogs(10 * GiB)).objectStorage;
    expect(bytes / GiB).toBeCloseTo((10 / 5) * 1.2 * 31 * 1.01, 3);
  });
});

const workload = fc
  .record({
    bytes: fc.double({ min: 8, max: 14, noNaN: true }).map((power) => 10 ** power),
    pods: fc.integer({ min: 10, max: 100_000 }),
  })
  .map(({ bytes, pods }): Workload => ({ ...workloads.small, logBytesPerDay: bytes, pods }));
const growth = fc.double({ min: 1, max: 50, noNaN: true });

test.each(["single", "redundant"] as const)("capacity never shrinks when the load grows (%s)", (availability) => {
  fc.assert(
    fc.property(workload, growth, growth, (base, logs, pods) => {
      const grown = { ...base, logBytesPerDay: base.logBytesPerDay * logs, pods: Math.ceil(base.pods * pods) };
      const [before, after] = [size(base, availability), size(grown, availability)];
      for (const [name, value] of Object.entries(totals(after))) {
        expect(value, name).toBeGreaterThanOrEqual(totals(before)[name as "cpu"] * 0.999);
      }
      expect(after.objectStorage.bytes).toBeGreaterThanOrEqual(before.objectStorage.bytes);
      expect(after.limits.ingestionRateMb).toBeGreaterThanOrEqual(before.limits.ingestionRateMb);
      expect(after.limits.maxStreams).toBeGreaterThanOrEqual(before.limits.maxStreams);
    }),
    { numRuns: 500 },
  );
});

test("slightly more load adds at most one replica per service and zone", () => {
  fc.assert(
    fc.property(fc.double({ min: 10.31, max: 14, noNaN: true }), (power) => {
      const [before, after] = [size(withLogs(10 ** power)), size(withLogs(10 ** power * 1.0005))];
      if (before.mode !== "microservices" || after.mode !== "microservices" || before.zoneAware !== after.zoneAware)
        return;
      for (const [service, { replicas }] of Object.entries(before.services)) {
        const more = after.services[service as "ruler"].replicas - replicas;
        expect(more, service).toBeLessThanOrEqual(service === "ingester" && before.zoneAware ? 3 : 1);
        expect(more, service).toBeGreaterThanOrEqual(0);
      }
    }),
    { numRuns: 500 },
  );
});
