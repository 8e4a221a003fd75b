import { MiB, type WorkloadSize } from "../sizing/index.ts";
import { type ComponentChart, partName } from "./chart.ts";
import { serviceMonitor } from "./monitors.ts";
import { service, serviceHost } from "./service.ts";
import { statefulSet } from "./workload.ts";

/** Ports of memcached and of its metrics exporter sidecar. */
export const cachePorts = { memcached: 11_211, metrics: 9150 } as const;

/**
 * Memory of memcached beside its items: the Helm charts of Mimir and Loki request 1.2 times `--memory-limit`.
 * @see https://github.com/grafana/mimir/blob/aced80d74930/operations/helm/charts/mimir-distributed/templates/memcached/_memcached-statefulset.tpl
 */
export const cacheOverhead = 1.2;

/** Largest cache item, in bytes: memcached's default of 1 MiB rejects large query results. Value of Mimir's and Loki's charts. */
export const maxItemBytes = 5 * MiB;

/** UID of the image's user. */
const memcachedUser = 11_211;
/** Maximum client connections: each querier and store-gateway keeps up to 100 open. Value of Mimir's and Loki's charts. */
const connections = 16_384;

/** Addresses of a cache, as clients of Mimir and Loki resolve them. */
export function cacheAddresses(chart: ComponentChart, part: string): string {
  return `dns+${serviceHost(chart, partName(chart, part))}:${cachePorts.memcached}`;
}

/** Adds a memcached workload. Clients distribute keys over the pods behind its headless Service. */
export function memcached(chart: ComponentChart, part: string, sized: WorkloadSize): void {
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
