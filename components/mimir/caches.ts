import {
  type ComponentChart,
  partName,
  service,
  serviceHost,
  serviceMonitor,
  statefulSet,
} from "../../lib/kubernetes/index.ts";
import { MiB, type WorkloadSize } from "../../lib/sizing/index.ts";
import { cacheOverhead, type MimirCache } from "./capacity.ts";
import { maxItemBytes } from "./config.ts";

/** Ports of memcached and of its metrics exporter sidecar. */
export const cachePorts = { memcached: 11_211, metrics: 9150 } as const;

/** UID of the image's user. */
const memcachedUser = 11_211;
/** Maximum client connections: each querier and store-gateway keeps up to 100 open. Value of Mimir's jsonnet (memcached.libsonnet). */
const connections = 16_384;

/** Hostname of a cache's headless Service. */
export function cacheHost(chart: ComponentChart, cache: MimirCache): string {
  return serviceHost(chart, partName(chart, cache));
}

/** Adds the memcached workloads. Clients distribute keys over the pods behind each headless Service. */
export function caches(chart: ComponentChart, sizing: Readonly<Record<MimirCache, WorkloadSize>>): void {
  for (const [cache, sized] of Object.entries(sizing)) memcached(chart, cache, sized);
}

function memcached(chart: ComponentChart, part: string, sized: WorkloadSize): void {
  // Mimir terminates at startup if a cache's name does not resolve, so it must resolve before the pods are ready.
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
