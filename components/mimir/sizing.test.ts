import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  GiB,
  MiB,
  type Retention,
  retentionProfiles,
  seconds,
  type Workload,
  type WorkloadSize,
  workloads,
} from "../../lib/sizing/index.ts";
import { devWorkload } from "../../test/support/mimir.ts";
import { type MimirLoad, type MimirSizing, sizeMimir } from "./index.ts";
import { compactorShards } from "./limits.ts";

const standard = retentionProfiles.standard;
const load = (workload: Workload, more: Partial<MimirLoad> = {}): MimirLoad => ({
  workload,
  availability: "redundant",
  retention: standard,
  ...more,
});

/** Every workload of a sizing. */
function pods(sizing: MimirSizing): readonly WorkloadSize[] {
  if (sizing.mode === "monolithic") return [sizing.mimir];
  return [...Object.values(sizing.services), ...Object.values(sizing.caches ?? {})];
}

function totals(sizing: MimirSizing) {
  const sum = (pick: (sized: WorkloadSize) => number) =>
    pods(sizing).reduce((total, each) => total + each.replicas * pick(each), 0);
  return {
    cpu: sum(({ cpuCores }) => cpuCores),
    memory: sum(({ memoryBytes }) => memoryBytes),
    disk: sum(({ diskBytes }) => diskBytes ?? 0),
  };
}

function microservices(workload: Workload, more: Partial<MimirLoad> = {}) {
  const sizing = sizeMimir(load(workload, more));
  if (sizing.mode !== "microservices") throw new Error("monolithic");
  return sizing;
}

describe("the capacity table", () => {
  test("ten million series at 15 s: 100 cores, 250 GB and 500 GB of disk for ingesters, with 50 % headroom", () => {
    const { ingester } = microservices({ ...workloads.large, scrapeIntervalSeconds: 15 }).services;
    expect(ingester.replicas).toBe(30);
    expect(ingester.replicas * ingester.cpuCores).toBeCloseTo(100, 0);
    expect((ingester.replicas * ingester.memoryBytes) / 1e9).toBeGreaterThanOrEqual(375);
    expect((ingester.replicas * (ingester.diskBytes ?? 0)) / 1e9).toBeGreaterThanOrEqual(750);
  });

  test("distributors: a core and a gigabyte for 25 k samples/s, from both Prometheus of a pair", () => {
    const { distributor } = microservices({ ...workloads.large, scrapeIntervalSeconds: 20 }).services;
    expect(distributor.replicas * distributor.cpuCores).toBeCloseTo((2 * 500_000) / 25_000, 0);
    expect((distributor.replicas * distributor.memoryBytes) / 1e9).toBeGreaterThanOrEqual(40 * 1.5);
  });

  test("store-gateways: 13 GB for a million series, a year and 15 s, with 50 % headroom", () => {
    const year: Retention = { ...standard, mimir: seconds("1y") };
    const { "store-gateway": storeGateway } = microservices(
      { ...workloads.large, scrapeIntervalSeconds: 15 },
      { retention: year },
    ).services;
    expect((storeGateway.replicas * (storeGateway.diskBytes ?? 0)) / 1e9).toBeGreaterThanOrEqual(130 * 1.5);
  });

  test("the compactor of 20 M series: a core, 4 GB and 300 GB, with 50 % headroom", () => {
    const { compactor } = microservices({ ...workloads.large, activeSeries: 20_000_000 }).services;
    expect(compactor).toMatchObject({ replicas: 1, cpuCores: 1 });
    expect(compactor.memoryBytes / 1e9).toBeGreaterThanOrEqual(6);
    expect((compactor.diskBytes ?? 0) / 1e9).toBeGreaterThanOrEqual(450);
  });

  test("pods at ten million series are about as large as those of the chart's preset", () => {
    const { ingester, "store-gateway": storeGateway, distributor } = microservices(workloads.large).services;
    expect(ingester).toMatchObject({ replicas: 30, cpuCores: 3.34, memoryBytes: 12 * GiB });
    expect(storeGateway).toMatchObject({ replicas: 6, cpuCores: 2, memoryBytes: 6 * GiB });
    expect(distributor.replicas).toBe(14);
  });
});

describe("shards of the compactor", () => {
  test.each([
    [1_500_000, 0],
    [8_000_000, 0],
    [10_000_000, 2],
    [60_000_000, 8],
    [100_000_000, 16],
  ])("%i series: %i", (series, shards) => expect(compactorShards(series)).toBe(shards));
});

describe("the mode", () => {
  test("is monolithic below a million series and zone-aware microservices from there on", () => {
    expect(sizeMimir(load({ ...workloads.small, activeSeries: 999_999 })).mode).toBe("monolithic");
    expect(sizeMimir(load({ ...workloads.small, activeSeries: 1_000_000 }))).toMatchObject({
      mode: "microservices",
      zoneAware: true,
    });
  });

  test("always includes a query-scheduler: Mimir 3 has no other queue", () => {
    expect(microservices(workloads.medium).services["query-scheduler"].replicas).toBe(2);
  });

  test("includes rulers only if Mimir evaluates rules", () => {
    expect(microservices(workloads.medium).services.ruler).toBeUndefined();
    expect(microservices(workloads.large, { evaluator: "mimir" }).services.ruler?.replicas).toBeGreaterThanOrEqual(2);
    expect(microservices(workloads.medium, { retention: retentionProfiles.extended }).services.ruler).toBeDefined();
  });

  test("with availability single has one copy, no zones and no caches", () => {
    const sizing = microservices(workloads.medium, { availability: "single" });
    expect(sizing).toMatchObject({ replicationFactor: 1, zoneAware: false });
    expect(sizing.caches).toBeUndefined();
  });
});

test("a development stack requests about 0.1 cores and 544 MiB", () => {
  const sizing = sizeMimir(
    load(devWorkload, { availability: "single", retention: retentionProfiles.ephemeral, filesystem: true }),
  );
  const { cpu, memory, disk } = totals(sizing);
  expect(cpu).toBeLessThanOrEqual(0.12);
  expect(memory).toBeLessThanOrEqual(550 * MiB);
  // 220 MiB resident were measured with 20 k series.
  expect(memory).toBeGreaterThanOrEqual(2 * 220 * MiB);
  expect(disk).toBeLessThanOrEqual(4 * GiB);
});

test("a volume holds all blocks of the retention period, with 50 % headroom", () => {
  const month: Retention = { ...standard, mimir: seconds("30d") };
  const withBlocks = totals(
    sizeMimir(load(devWorkload, { availability: "single", retention: month, filesystem: true })),
  );
  const without = totals(sizeMimir(load(devWorkload, { availability: "single", retention: month })));
  // 667 samples/s x 2 B x 30 d.
  expect(withBlocks.disk - without.disk).toBeGreaterThanOrEqual(1.5 * 666 * 2 * 30 * 86_400);
});

describe("capacity", () => {
  const arbitraryWorkload = fc.record({
    activeSeries: fc.integer({ min: 1_000, max: 80_000_000 }),
    queriesPerSecond: fc.integer({ min: 1, max: 600 }),
    scrapeIntervalSeconds: fc.constantFrom(10, 15, 30, 60),
    pods: fc.integer({ min: 1, max: 100_000 }),
  });
  const arbitraryMore = fc.record({
    series: fc.integer({ min: 0, max: 20_000_000 }),
    queries: fc.integer({ min: 0, max: 300 }),
    days: fc.integer({ min: 0, max: 300 }),
  });

  test("never shrinks when the load grows", () => {
    fc.assert(
      fc.property(
        arbitraryWorkload,
        arbitraryMore,
        fc.constantFrom("single" as const, "redundant" as const),
        fc.constantFrom("prometheus" as const, "mimir" as const),
        (workload, more, availability, evaluator) => {
          const of = (series: number, queries: number, days: number) =>
            totals(
              sizeMimir({
                workload: {
                  ...workloads.small,
                  ...workload,
                  activeSeries: workload.activeSeries + series,
                  queriesPerSecond: workload.queriesPerSecond + queries,
                },
                availability,
                evaluator,
                retention: { ...standard, mimir: standard.mimir + days * 86_400 },
              }),
            );
          const less = of(0, 0, 0);
          const larger = of(more.series, more.queries, more.days);
          expect(larger.cpu).toBeGreaterThanOrEqual(less.cpu - 1e-6);
          expect(larger.memory).toBeGreaterThanOrEqual(less.memory);
          // Disks have steps of up to a third: with one more pod, each may drop to the next lower step.
          expect(larger.disk).toBeGreaterThanOrEqual(0.75 * less.disk);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("grows by at most one replica per zone for 1 % more load", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000_000, max: 60_000_000 }), (activeSeries) => {
        const of = (series: number) => microservices({ ...workloads.large, activeSeries: series }).services;
        const [now, then] = [of(activeSeries), of(Math.ceil(activeSeries * 1.01))];
        expect(then.ingester.replicas - now.ingester.replicas).toBeLessThanOrEqual(3);
        expect(then.distributor.replicas - now.distributor.replicas).toBeLessThanOrEqual(1);
        expect(then["store-gateway"].replicas - now["store-gateway"].replicas).toBeLessThanOrEqual(3);
        expect(then.ingester.replicas % 3).toBe(0);
        expect(then["store-gateway"].replicas % 3).toBe(0);
      }),
    );
  });

  test("every number has a reason", () => {
    for (const workload of Object.values(workloads)) {
      for (const { reasons } of pods(sizeMimir(load(workload, { evaluator: "mimir" })))) {
        expect(reasons.replicas).toBeTruthy();
        expect(reasons.memoryBytes).toBeTruthy();
      }
    }
  });
});

describe("object storage", () => {
  const use = (workload: Workload, retention: Retention) => sizeMimir(load(workload, { retention })).objectStorage;

  test("holds two bytes per sample for the retention period", () => {
    const bytes = use(workloads.large, standard).bytes;
    const kept = (10_000_000 / 30) * 2 * 90 * 86_400;
    expect(bytes).toBeGreaterThan(kept);
    expect(bytes).toBeLessThan(kept * 1.02);
  });

  test("aggregates for two years take less than 1 % of the series for one year", () => {
    const { extended } = retentionProfiles;
    const aggregates =
      use(workloads.large, extended).bytes - use(workloads.large, { ...extended, aggregates: 0 }).bytes;
    expect(aggregates).toBeGreaterThan(0);
    expect(aggregates).toBeLessThan(use(workloads.large, extended).bytes / 100);
  });
});
