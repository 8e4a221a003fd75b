import type { Finding } from "../../lib/sizing/index.ts";

/** What the check looks at. */
export interface CheckedGrafana {
  readonly replicas: number;
  /** Whether the replicas share a PostgreSQL database. */
  readonly sharedDatabase: boolean;
}

/** Refuses several replicas without a shared database: each would have its own users, sessions and folders. */
export function checkGrafana({ replicas, sharedDatabase }: CheckedGrafana): Finding[] {
  if (replicas < 2 || sharedDatabase) return [];
  return [
    {
      code: "SKP1215",
      at: "replicas",
      message: `${replicas} replicas, each with a SQLite file of its own`,
      fix: "database: {host: postgres.example.com, name: grafana, user: grafana, password: {secret: grafana-database, key: password}}",
    },
  ];
}
