import { cacheOverhead } from "../../lib/kubernetes/index.ts";
import {
  type Availability,
  formatBytes,
  GiB,
  MiB,
  sized,
  type Workload,
  type WorkloadSize,
} from "../../lib/sizing/index.ts";
import { compressionRatio } from "./bucket-usage.ts";
import type { LokiCache } from "./capacity.ts";

/**
 * Embedded caches of a process without memcached, in MiB. Loki's default is 100 MiB for each of six caches, more than a small
 * pod has; the five that hold results have one setting.
 */
export const embeddedCacheMiB = { chunks: 32, results: 8 } as const;
/** Memory of all embedded caches of one process, in bytes. */
export const embeddedCacheBytes = (embeddedCacheMiB.chunks + 5 * embeddedCacheMiB.results) * MiB;

/** Item memory of one full replica: the Helm chart's `chunksCache`. */
const fullItems = 8 * GiB;
/** Seconds of compressed chunks that the cache holds: dashboards mostly show the last hours. An estimate; no published figure exists. */
const cachedSeconds = 6 * 3600;
/** Item memory of each of two replicas of the results cache: half of the Helm chart's `resultsCache`. */
const resultItems = 512 * MiB;
/** Lower bound of item memory in a replica. */
const leastItems = 512 * MiB;

/**
 * Sizes of the memcached workloads.
 * @see https://github.com/grafana/loki/blob/main/production/helm/loki/values.yaml
 */
export function sizeCaches(workload: Workload, availability: Availability): Readonly<Record<LokiCache, WorkloadSize>> {
  const chunks = (workload.logBytesPerDay / compressionRatio / 86_400) * cachedSeconds;
  const floor = availability === "single" ? 1 : 2;
  const replicas = Math.max(floor, Math.ceil(chunks / fullItems));
  const of = (count: number, items: number, why: string) =>
    sized(
      { replicas: count, cpuCores: 0.25, memoryBytes: items * cacheOverhead },
      {
        replicas: `${why}; at least ${floor}, so that losing one does not empty the cache`,
        cpuCores: "memcached is network-bound (estimate)",
        memoryBytes: `${formatBytes(items)} of items x ${cacheOverhead}`,
      },
    );
  return {
    "chunks-cache": of(
      replicas,
      Math.max(leastItems, chunks / replicas),
      `${formatBytes(chunks)} of chunks, those of ${cachedSeconds / 3600} h, at ${formatBytes(fullItems)} per pod (estimate)`,
    ),
    "results-cache": of(floor, resultItems, "results of queries"),
  };
}
