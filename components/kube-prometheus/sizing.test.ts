import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GiB, MiB, retentionProfiles, seconds, type WorkloadSize, workloads } from "../../lib/sizing/index.ts";
import { type KubePrometheusSizing, sizeKubePrometheus } from "./index.ts";
import { seriesPerShard } from "./prometheus/sizing.ts";

const standard = { availability: "redundant", retention: retentionProfiles.standard } as const;

const size = (scale: keyof typeof workloads, longTerm = true) =>
  sizeKubePrometheus({ ...standard, workload: workloads[scale], longTerm });

describe("the scale profiles", () => {
  test.each([
    ["small", 1, 1, "15d"],
    ["medium", 1, 2, "15d"],
    ["large", 4, 2, "24h"],
    ["xlarge", 24, 2, "24h"],
  ] as const)("%s: %i shards of %i, %s locally", (scale, shards, replicas, retention) => {
    const sizing = size(scale);
    expect(sizing).toMatchObject({ shards, replicasPerShard: replicas, retentionSeconds: seconds(retention) });
    expect(sizing.prometheus.replicas).toBe(shards * replicas);
  });

  test("does not shard without a long-term store, since no query would see all series", () => {
    expect(size("xlarge", false)).toMatchObject({ shards: 1, replicasPerShard: 2, retentionSeconds: seconds("15d") });
  });

  test("gives 8 to 12 KiB of memory per series, plus 25 % for remote write", () => {
    const { prometheus } = size("medium");
    const perSeries = (bytes: number) => (bytes - 128 * MiB) / workloads.medium.activeSeries / 1.25;
    expect(perSeries(prometheus.memoryBytes)).toBeCloseTo(8192, -3);
    expect(perSeries(prometheus.memoryLimitBytes ?? 0)).toBeCloseTo(12_288, -3);
  });

  test("counts the queues of tenants and of other stores", () => {
    const withWrites = (writes: { tenants?: number; additional?: number }) =>
      sizeKubePrometheus({ ...standard, workload: workloads.medium, longTerm: true, writes }).prometheus;
    const none = withWrites({});
    const { activeSeries } = workloads.medium;
    // Each queue keeps references of every series. Large amounts are rounded to GiB.
    const tenants = withWrites({ tenants: 30 });
    const added = tenants.memoryBytes - none.memoryBytes;
    expect(added).toBeGreaterThan(30 * activeSeries * 64 - GiB);
    // And each sender its requests: there are more of them at the limit.
    expect((tenants.memoryLimitBytes ?? 0) - (none.memoryLimitBytes ?? 0)).toBeGreaterThan(added);
    expect(tenants.reasons.memoryBytes).toMatch(/25% for remote write, and \d+ MiB of the queues of 30 tenants/);
    const stores = withWrites({ additional: 2 });
    expect((stores.memoryBytes - none.memoryBytes) / (activeSeries * 8192 * 0.5)).toBeCloseTo(1, 0);
    expect(stores.reasons.memoryBytes).toMatch(/75% for remote write to 3 stores/);
  });

  test("every number has a reason", () => {
    for (const sized of Object.values(size("large")).filter((value): value is WorkloadSize => Object(value).reasons)) {
      const { reasons, ...numbers } = sized;
      for (const field of Object.keys(numbers)) {
        if (field !== "memoryLimitBytes") expect(reasons, field).toHaveProperty(field);
      }
    }
  });
});

test("overrides replace computed numbers, and are named as the reason", () => {
  const sizing = sizeKubePrometheus({
    ...standard,
    workload: workloads.large,
    longTerm: true,
    shards: 6,
    replicas: 1,
    sizes: { prometheus: { diskBytes: 100 * GiB }, alertmanager: { replicas: 3 } },
  });
  expect(sizing).toMatchObject({ shards: 6, replicasPerShard: 1, reasons: { shards: "set explicitly" } });
  expect(sizing.prometheus.replicas).toBe(6);
  expect(sizing.prometheus.reasons.diskBytes).toMatch(/^set explicitly/);
  // The size-based retention follows the volume that is really there.
  expect(sizing.retentionBytes).toBeLessThanOrEqual((sizing.prometheus.diskBytes ?? 0) * 0.8);
  expect(sizing.retentionBytes).toBeGreaterThan(100 * GiB * 0.79);
  expect(sizing.alertmanager.replicas).toBe(3);
});

test("a development stack requests little", () => {
  const workload = { ...workloads.small, nodes: 1, pods: 30, activeSeries: 20_000 };
  const sizing = sizeKubePrometheus({
    workload,
    availability: "single",
    retention: retentionProfiles.ephemeral,
    longTerm: true,
  });
  const all = [sizing.prometheus, sizing.alertmanager, sizing.operator, sizing.kubeStateMetrics, sizing.nodeExporter];
  expect(all.map(({ replicas }) => replicas)).toEqual([1, 1, 1, 1, 1]);
  expect(all.reduce((sum, { cpuCores }) => sum + cpuCores, 0)).toBeLessThanOrEqual(0.2);
  expect(all.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)).toBeLessThanOrEqual(600 * MiB);
});

const load = fc.record({
  activeSeries: fc.integer({ min: 1_000, max: 100_000_000 }),
  nodes: fc.integer({ min: 1, max: 5_000 }),
  pods: fc.integer({ min: 1, max: 150_000 }),
  scrapeIntervalSeconds: fc.constantFrom(10, 15, 30, 60),
});
const availability = fc.constantFrom("single" as const, "redundant" as const);

const sizeOf = (change: object, available: "single" | "redundant", longTerm: boolean) =>
  sizeKubePrometheus({
    workload: { ...workloads.small, ...change },
    availability: available,
    retention: retentionProfiles.standard,
    longTerm,
  });

/** Resources of all pods together. */
const total = ({ replicas, cpuCores, memoryBytes }: WorkloadSize) => [replicas * cpuCores, replicas * memoryBytes];

/** Disk per second of retention, since a shard keeps one day and a single Prometheus weeks. */
const heldPerSecond = ({ prometheus, retentionSeconds }: KubePrometheusSizing) =>
  (prometheus.replicas * (prometheus.diskBytes ?? 0)) / (retentionSeconds + seconds("3h"));

describe("for any workload", () => {
  test("more load never means less capacity", () => {
    fc.assert(
      fc.property(
        load,
        availability,
        fc.boolean(),
        fc.integer({ min: 100, max: 400 }),
        (less, how, longTerm, percent) => {
          const grown = (value: number) => Math.ceil((value * percent) / 100);
          const more = {
            ...less,
            activeSeries: grown(less.activeSeries),
            nodes: grown(less.nodes),
            pods: grown(less.pods),
          };
          const [a, b] = [sizeOf(less, how, longTerm), sizeOf(more, how, longTerm)];
          for (const part of ["prometheus", "operator", "alertmanager", "kubeStateMetrics", "nodeExporter"] as const) {
            const [before, after] = [total(a[part]), total(b[part])];
            // Each pod's request is rounded up to 10m, which matters more for many small pods.
            expect(after[0]).toBeGreaterThanOrEqual((before[0] as number) - a[part].replicas * 0.01);
            expect(after[1]).toBeGreaterThanOrEqual((before[1] as number) - a[part].replicas * MiB);
          }
          expect(b.shards).toBeGreaterThanOrEqual(a.shards);
          expect(b.replicasPerShard).toBeGreaterThanOrEqual(a.replicasPerShard);
          expect(heldPerSecond(b)).toBeGreaterThanOrEqual(heldPerSecond(a) * 0.999);
        },
      ),
    );
  });

  test("blocks of the whole retention fit into 80 % of the volume", () => {
    fc.assert(
      fc.property(load, availability, fc.boolean(), (workload, how, longTerm) => {
        const { prometheus, retentionBytes, retentionSeconds, shards } = sizeOf(workload, how, longTerm);
        const disk = prometheus.diskBytes ?? 0;
        expect(retentionBytes).toBeLessThanOrEqual(disk * 0.8);
        const samples = workload.activeSeries / workload.scrapeIntervalSeconds / shards;
        expect(retentionBytes + MiB).toBeGreaterThanOrEqual(samples * retentionSeconds * 2);
        expect(disk).toBeGreaterThanOrEqual(GiB);
      }),
    );
  });

  test("a shard has at most 2.5 M series, and its queue can send three times the scraped samples", () => {
    fc.assert(
      fc.property(load, (workload) => {
        const { shards, queue } = sizeOf(workload, "redundant", true);
        expect(workload.activeSeries / shards).toBeLessThanOrEqual(seriesPerShard);
        const samples = workload.activeSeries / workload.scrapeIntervalSeconds / shards;
        expect(queue.maxShards * 5_000).toBeGreaterThanOrEqual(3 * samples);
        expect(queue.minShards).toBeLessThanOrEqual(queue.maxShards);
        expect(queue.capacity / queue.maxSamplesPerSend).toBeGreaterThanOrEqual(3);
        expect(queue.capacity / queue.maxSamplesPerSend).toBeLessThanOrEqual(10);
      }),
    );
  });
});
