import { type Availability, GiB, MiB, sized, type Workload, type WorkloadSize } from "../../lib/sizing/index.ts";

/** CPU of an idle Grafana with its alerting view and provisioning loops. An assumption: no Grafana was measured here. */
const idleCores = 0.05;
/** CPU to proxy and decode one query of a dashboard. An assumption, on the high side of a few milliseconds. */
const coresPerQuery = 0.01;
/** Grafana's own documents ask for 512 MB; one that shows provisioned dashboards alone idles at about half of it. */
const idleBytes = 256 * MiB;
/** A query's result is held as frames while it is encoded: a thousand points of a hundred series are about 2 MiB. */
const bytesPerQuery = 2 * MiB;
/** Results of a heavy dashboard come together. */
const burst = 2;
/** Users, sessions and annotations in SQLite: megabytes; a volume smaller than this is rarely to be had. */
const sqliteBytes = GiB;

export interface GrafanaLoad {
  readonly workload: Workload;
  readonly availability: Availability;
  /** Whether replicas can share a database. Without one there is one replica. */
  readonly sharedDatabase: boolean;
}

export interface GrafanaSizing {
  readonly grafana: WorkloadSize;
}

/** Computes {@link GrafanaSizing} from the queries that people and their dashboards ask. */
export function sizeGrafana({ workload, availability, sharedDatabase }: GrafanaLoad): GrafanaSizing {
  const replicas = availability === "redundant" && sharedDatabase ? 2 : 1;
  // With one replica away the other carries everybody.
  const queries = workload.queriesPerSecond;
  const memoryBytes = idleBytes + queries * bytesPerQuery;
  return {
    grafana: sized(
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
            ? "one may go: sessions and folders are in the shared database"
            : "one of everything"
          : "SQLite is one process's own",
        cpuCores: `${queries} queries/s at ${coresPerQuery * 1000} ms, and ${idleCores} idle; either replica carries all`,
        memoryBytes: `${idleBytes / MiB} MiB idle and ${bytesPerQuery / MiB} MiB a query in flight`,
        memoryLimitBytes: `${burst} x: a heavy dashboard's results come together`,
        ...(!sharedDatabase && { diskBytes: "users, sessions and annotations in SQLite" }),
      },
    ),
  };
}
