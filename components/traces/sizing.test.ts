import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diskStep, GiB, retentionProfiles, type Workload, workloads } from "../../lib/sizing/index.ts";
import { bytesPerSpan, keptSpans } from "./capacity.ts";
import { sizeTraces, type TracesLoad, type TracesSizing } from "./index.ts";

const base = { availability: "redundant", retention: retentionProfiles.standard } as const;
const size = (load: Partial<TracesLoad> & Pick<TracesLoad, "backend">, workload: Workload = workloads.small) =>
  sizeTraces({ ...base, workload, ...load });

/** CPU, memory and disk of all pods together. */
function totals(sizing: TracesSizing): readonly number[] {
  const sized =
    sizing.backend === "jaeger"
      ? [sizing.jaeger]
      : sizing.tempo.mode === "monolithic"
        ? [sizing.tempo.tempo]
        : Object.values(sizing.tempo.services);
  const sum = (pick: (each: (typeof sized)[number]) => number) =>
    sized.reduce((total, each) => total + each.replicas * pick(each), 0);
  return [
    sum(({ cpuCores }) => cpuCores),
    sum(({ memoryBytes }) => memoryBytes),
    sum(({ diskBytes }) => diskBytes ?? 0),
  ];
}

test("sampling keeps errors and slow traces (5 %) and the configured share of the rest", () => {
  const spans = (keepPercent?: number) =>
    keptSpans({ ...base, workload: workloads.small, ...(keepPercent !== undefined && { keepPercent }) }).spansPerSecond;
  expect(spans()).toBe(500);
  expect(spans(50)).toBe(500 * 0.525);
  expect(spans(0)).toBeCloseTo(25);
});

test("Tempo's limits of 25 MB/s and 55 k spans/s describe the same load", () => {
  expect(bytesPerSpan).toBeCloseTo(454.5, 1);
});

describe("Jaeger", () => {
  test("badger is one pod whose volume holds the retention period", () => {
    const sizing = size({ backend: "jaeger", keepPercent: 50 });
    if (sizing.backend !== "jaeger") throw new Error("tempo");
    expect(sizing.jaeger.replicas).toBe(1);
    // 262.5 spans/s x 7 d x 640 B, at 80 % usage, plus 4 GiB preallocated.
    expect(sizing.jaeger.diskBytes).toBe(diskStep((262.5 * 604_800 * 640) / 0.8 + 4 * GiB));
  });

  test("a slightly different sampling rate leaves the volume claim unchanged", () => {
    const disk = (keepPercent: number) => {
      const sizing = size({ backend: "jaeger", keepPercent });
      return sizing.backend === "jaeger" ? sizing.jaeger.diskBytes : undefined;
    };
    expect([48, 50, 52].map(disk)).toEqual([disk(50), disk(50), disk(50)]);
  });

  test("with a search engine there are at least two pods, without volumes", () => {
    const pods = (workload: Workload) => {
      const sizing = size({ backend: "jaeger", storage: "elasticsearch" }, workload);
      return sizing.backend === "jaeger" ? sizing.jaeger : undefined;
    };
    expect(pods(workloads.small)).toMatchObject({ replicas: 2 });
    expect(pods(workloads.small)?.diskBytes).toBeUndefined();
    // 300 k spans/s at 7 k per core, two cores per pod.
    expect(pods(workloads.xlarge)?.replicas).toBe(22);
  });
});

describe("Tempo", () => {
  test("is one pod without Kafka; with Kafka, one live-store per 6 MB/s and zone", () => {
    const alone = size({ backend: "tempo" }, workloads.large);
    if (alone.backend !== "tempo" || alone.tempo.mode !== "monolithic") throw new Error("not alone");
    // 20 jobs of 100 MiB, and 8 GiB for 6 MB/s of spans.
    expect(alone.tempo.tempo.memoryBytes).toBeGreaterThan(20 * 100 * 1024 ** 2 + (22.7 / 6) * 8 * GiB);
    expect(alone).toMatchObject({ tempo: { mode: "monolithic", tempo: { replicas: 1 } } });
    const scaled = size({ backend: "tempo", mode: "microservices" }, workloads.large);
    // 50 k spans/s of 454.5 B: 22.7 MB/s.
    expect(scaled).toMatchObject({
      tempo: { mode: "microservices", partitions: 4, services: { distributor: { replicas: 3 } } },
    });
  });

  test("limits on open traces and bytes/s are three times the mean, and at least the defaults", () => {
    const limits = (workload: Workload) => {
      const sizing = size({ backend: "tempo" }, workload);
      return sizing.backend === "tempo" ? [sizing.tempo.rateLimitBytes, sizing.tempo.maxLiveTraces] : [];
    };
    expect(limits(workloads.small)).toEqual([15_000_000, 10_000]);
    expect(limits(workloads.large)).toEqual([68_181_819, 300_000]);
  });
});

test.each([
  { backend: "jaeger", storage: "badger" },
  { backend: "jaeger", storage: "opensearch" },
  { backend: "tempo", mode: "monolithic" },
  { backend: "tempo", mode: "monolithic", filesystem: true },
  { backend: "tempo", mode: "microservices" },
] as const)("capacity never shrinks when the load grows: %o", (load) => {
  const spans = fc.double({ min: 1, max: 1_000_000, noNaN: true });
  fc.assert(
    fc.property(spans, fc.double({ min: 1, max: 20, noNaN: true }), (spansPerSecond, factor) => {
      const of = (rate: number) => totals(size(load, { ...workloads.small, spansPerSecond: rate }));
      const [before, after] = [of(spansPerSecond), of(spansPerSecond * factor)];
      after.forEach((value, index) => {
        expect(value).toBeGreaterThanOrEqual((before[index] ?? 0) * 0.999);
      });
    }),
    { numRuns: 300 },
  );
});
