import {
  type ComponentChart,
  partName,
  service,
  serviceHost,
  serviceMonitor,
  statefulSet,
} from "../../lib/kubernetes/index.ts";
import { MiB, type WorkloadSize } from "../../lib/sizing/index.ts";
import { cacheOverhead } from "./capacity.ts";
import { maxItemBytes } from "./config.ts";
import type { CacheSizing } from "./sizing.ts";

/** Port of memcached, and of the sidecar that tells its metrics. */
export const cachePorts = { memcached: 11_211, metrics: 9150 } as const;

/** What each cache is called, as a part. */
export const cacheParts = {
  chunks: "chunks-cache",
  metadata: "metadata-cache",
  results: "results-cache",
} as const satisfies Record<keyof CacheSizing, string>;

/** Uid of the image. */
const memcachedUser = 11_211;
/** Connections: every querier and store-gateway keeps up to 100 open. */
const connections = 16_384;

/** Hosts of the caches. */
export function cacheHosts(chart: ComponentChart): { chunks: string; metadata: string; results: string } {
  const host = (cache: keyof CacheSizing) => serviceHost(chart, partName(chart, cacheParts[cache]));
  return { chunks: host("chunks"), metadata: host("metadata"), results: host("results") };
}

/** The memcached servers. Clients hash over the pods that the headless Service names. */
export function caches(chart: ComponentChart, sizing: CacheSizing): void {
  for (const [cache, part] of Object.entries(cacheParts)) memcached(chart, part, sizing[cache as keyof CacheSizing]);
}

function memcached(chart: ComponentChart, part: string, sized: WorkloadSize): void {
  // A process that does not find its cache's name at start ends: the name must be there before the pods are ready.
  service(chart, { part, headless: true, publishNotReady: true, ports: cachePorts });
  serviceMonitor(chart, {
    part,
    name: partName(chart, part),
    port: "metrics",
    targetPort: cachePorts.metrics,
    class: "infrastructure",
  });
  statefulSet(chart, {
    part,
    sized,
    user: memcachedUser,
    serviceName: partName(chart, part),
    containers: [
      {
        name: "memcached",
        image: "memcached",
        args: [
          `--memory-limit=${Math.floor(sized.memoryBytes / cacheOverhead / MiB)}`,
          `--max-item-size=${maxItemBytes / MiB}m`,
          `--conn-limit=${connections}`,
        ],
        ports: { memcached: cachePorts.memcached },
        probes: { port: "memcached", readiness: "tcp" },
      },
      {
        name: "exporter",
        image: "memcached-exporter",
        args: [
          `--memcached.address=localhost:${cachePorts.memcached}`,
          `--web.listen-address=0.0.0.0:${cachePorts.metrics}`,
        ],
        ports: { metrics: cachePorts.metrics },
        resources: { cpuCores: 0.05, memoryBytes: 64 * MiB },
        probes: { port: "metrics", readiness: "/" },
      },
    ],
  });
}
