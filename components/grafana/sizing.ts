import {
  type Availability,
  GiB,
  MiB,
  type SizeOverride,
  sized,
  type Workload,
  type WorkloadSize,
  withOverride,
} from "../../lib/sizing/index.ts";

/** CPU of an idle Grafana. An assumption. */
const idleCores = 0.05;
/** CPU seconds to proxy and decode one query. An assumption, on the high side. */
const coresPerQuery = 0.01;
/**
 * Resident memory of an idle Grafana. Its documentation recommends at least 512 MB:
 * https://grafana.com/docs/grafana/v13.2/setup-grafana/installation/#hardware-recommendations. The limit allows that.
 */
export const idleBytes = 256 * MiB;
/** Bytes of a query result while it is encoded: 100 series of 1,000 points. An estimate. */
const bytesPerQuery = 2 * MiB;
/** Limit relative to the request: the queries of a heavy dashboard run at the same time. */
const burst = 2;
/** Users, sessions and annotations in SQLite take megabytes; few storage classes offer smaller volumes. */
const sqliteBytes = GiB;

/** What the sizes are computed from. */
export interface GrafanaLoad {
  readonly workload: Workload;
  readonly availability: Availability;
  /** Whether replicas can share a database. Without one, the computed number of replicas is 1. */
  readonly sharedDatabase: boolean;
  /** Values that replace computed ones. @default none */
  readonly size?: SizeOverride;
}

/** Sizes of everything that the chart deploys. */
export interface GrafanaSizing {
  readonly grafana: WorkloadSize;
}

/** Computes {@link GrafanaSizing} from the queries per second. */
export function sizeGrafana({ workload, availability, sharedDatabase, size }: GrafanaLoad): GrafanaSizing {
  const replicas = availability === "redundant" && sharedDatabase ? 2 : 1;
  // Each replica must carry the whole load, in case the other one is down.
  const queries = workload.queriesPerSecond;
  const memoryBytes = idleBytes + queries * bytesPerQuery;
  return {
    grafana: withOverride(
      sized(
        {
          replicas,
          cpuCores: idleCores + queries * coresPerQuery,
          memoryBytes,
          memoryLimitBytes: memoryBytes * burst,
          ...(!sharedDatabase && { diskBytes: sqliteBytes }),
        },
        {
          replicas: sharedDatabase
            ? replicas === 2
              ? "two share a database, so that one may fail"
              : "single availability"
            : "SQLite cannot be shared between processes",
          cpuCores: `${queries} queries/s at ${coresPerQuery * 1000} ms, and ${idleCores} idle; each replica can carry the whole load`,
          memoryBytes: `${idleBytes / MiB} MiB idle and ${bytesPerQuery / MiB} MiB per concurrent query`,
          memoryLimitBytes: `${burst} times the request, for dashboards with many queries`,
          ...(!sharedDatabase && { diskBytes: "users, sessions and annotations in SQLite" }),
        },
      ),
      size,
    ),
  };
}
