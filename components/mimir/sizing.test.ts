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
import { type MimirLoad, type MimirSizing, mimirStorage, sizeMimir } from "./index.ts";
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
  const { distributor, ingester, querier, queryFrontend, queryScheduler, storeGateway, compactor, ruler } = sizing;
  const others = [distributor, ingester, querier, queryFrontend, queryScheduler, storeGateway, compactor];
  const caches = Object.values(sizing.caches ?? {}) as WorkloadSize[];
  return [...others, ...(ruler ? [ruler] : []), sizing.overridesExporter, ...caches];
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
  test("ten million series at 15 s: 100 cores, 250 GB and 500 GB of disk for ingesters, and half as much again", () => {
    const { ingester } = microservices({ ...workloads.large, scrapeIntervalSeconds: 15 });
    expect(ingester.replicas).toBe(30);
    expect(ingester.replicas * ingester.cpuCores).toBeCloseTo(100, 0);
    expect((ingester.replicas * ingester.memoryBytes) / 1e9).toBeGreaterThanOrEqual(375);
    expect((ingester.replicas * (ingester.diskBytes ?? 0)) / 1e9).toBeGreaterThanOrEqual(750);
  });

  test("distributors: a core and a gigabyte for 25 k samples/s, from both Prometheus of a pair", () => {
    const { distributor } = microservices({ ...workloads.large, scrapeIntervalSeconds: 20 });
    expect(distributor.replicas * distributor.cpuCores).toBeCloseTo((2 * 500_000) / 25_000, 0);
    expect((distributor.replicas * distributor.memoryBytes) / 1e9).toBeGreaterThanOrEqual(40 * 1.5);
  });

  test("store-gateways: 13 GB for a million series, a year and 15 s, and half as much again", () => {
    const year: Retention = { ...standard, mimir: seconds("1y") };
    const { storeGateway } = microservices({ ...workloads.large, scrapeIntervalSeconds: 15 }, { retention: year });
    expect((storeGateway.replicas * (storeGateway.diskBytes ?? 0)) / 1e9).toBeGreaterThanOrEqual(130 * 1.5);
  });

  test("the compactor of 20 M series: a core, 4 GB and 300 GB, and half as much again", () => {
    const { compactor } = microservices({ ...workloads.large, activeSeries: 20_000_000 });
    expect(compactor).toMatchObject({ replicas: 1, cpuCores: 1 });
    expect(compactor.memoryBytes / 1e9).toBeGreaterThanOrEqual(6);
    expect((compactor.diskBytes ?? 0) / 1e9).toBeGreaterThanOrEqual(450);
  });

  test("pods at ten million series are about as large as those of the chart's preset", () => {
    const { ingester, storeGateway, distributor } = microservices(workloads.large);
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
  test("is one process below a million series, and parts in three zones from there on", () => {
    expect(sizeMimir(load({ ...workloads.small, activeSeries: 999_999 })).mode).toBe("monolithic");
    expect(sizeMimir(load({ ...workloads.small, activeSeries: 1_000_000 }))).toMatchObject({
      mode: "microservices",
      zoneAware: true,
    });
  });

  test("always has a query-scheduler with query-frontends: Mimir 3 has no queue elsewhere", () => {
    expect(microservices(workloads.medium).queryScheduler.replicas).toBe(2);
  });

  test("has rulers only where a rule is Mimir's", () => {
    expect(microservices(workloads.medium).ruler).toBeUndefined();
    expect(microservices(workloads.large, { evaluator: "mimir" }).ruler?.replicas).toBeGreaterThanOrEqual(2);
    expect(microservices(workloads.medium, { retention: retentionProfiles.extended }).ruler).toBeDefined();
  });

  test("of one: one copy, no zones, no caches", () => {
    const sizing = microservices(workloads.medium, { availability: "single" });
    expect(sizing).toMatchObject({ replicationFactor: 1, zoneAware: false });
    expect(sizing.caches).toBeUndefined();
  });
});

test("a development stack asks for about 0.1 cores and 512 MiB", () => {
  const sizing = sizeMimir(
    load(devWorkload, { availability: "single", retention: retentionProfiles.ephemeral, filesystem: true }),
  );
  const { cpu, memory, disk } = totals(sizing);
  expect(cpu).toBeLessThanOrEqual(0.12);
  expect(memory).toBeLessThanOrEqual(530 * MiB);
  // 220 MiB resident were measured with 20 k series.
  expect(memory).toBeGreaterThanOrEqual(2 * 220 * MiB);
  expect(disk).toBeLessThanOrEqual(4 * GiB);
});

test("a pod's own disk holds all blocks of the retention, with half as much again", () => {
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

  test("never falls when there is more to do", () => {
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
          // Disks come in steps of a third at most: where there is one pod more, each may fall to the step below.
          expect(larger.disk).toBeGreaterThanOrEqual(0.75 * less.disk);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("grows by no more than a replica of each part for one per cent more", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000_000, max: 60_000_000 }), (activeSeries) => {
        const of = (series: number) => microservices({ ...workloads.large, activeSeries: series });
        const [now, then] = [of(activeSeries), of(Math.ceil(activeSeries * 1.01))];
        expect(then.ingester.replicas - now.ingester.replicas).toBeLessThanOrEqual(3);
        expect(then.distributor.replicas - now.distributor.replicas).toBeLessThanOrEqual(1);
        expect(then.storeGateway.replicas - now.storeGateway.replicas).toBeLessThanOrEqual(3);
        expect(then.ingester.replicas % 3).toBe(0);
        expect(then.storeGateway.replicas % 3).toBe(0);
      }),
    );
  });

  test("every number has its reason", () => {
    for (const workload of Object.values(workloads)) {
      for (const { reasons } of pods(sizeMimir(load(workload, { evaluator: "mimir" })))) {
        expect(reasons.replicas).toBeTruthy();
        expect(reasons.memoryBytes).toBeTruthy();
      }
    }
  });
});

describe("object storage", () => {
  const use = (workload: Workload, retention: Retention) =>
    mimirStorage(load(workload, { retention }), sizeMimir(load(workload, { retention })));

  test("holds two bytes a sample for as long as it is kept", () => {
    const bytes = use(workloads.large, standard).bytes;
    const kept = (10_000_000 / 30) * 2 * 90 * 86_400;
    expect(bytes).toBeGreaterThan(kept);
    expect(bytes).toBeLessThan(kept * 1.02);
  });

  test("aggregates for two years take less than a hundredth of the series for one", () => {
    const { extended } = retentionProfiles;
    const aggregates =
      use(workloads.large, extended).bytes - use(workloads.large, { ...extended, aggregates: 0 }).bytes;
    expect(aggregates).toBeGreaterThan(0);
    expect(aggregates).toBeLessThan(use(workloads.large, extended).bytes / 100);
  });
});
