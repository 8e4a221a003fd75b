import { type Finding, validateCounts, validateWorkload } from "../../lib/sizing/index.ts";
import { type GrafanaProps, loadOf } from "./props.ts";
import { sizeGrafana } from "./sizing.ts";

/** Finds every mistake in the props of a {@link GrafanaChart}. */
export function validateGrafana(props: GrafanaProps): readonly Finding[] {
  const load = loadOf(props);
  const numbers = [...validateWorkload(load.workload), ...validateCounts({ replicas: props.replicas })];
  return [...numbers, ...(numbers.length > 0 ? [] : validateReplicas(props)), ...validateRoute(props)];
}

/** Each of several replicas with its own SQLite file would have its own users, sessions and folders. */
function validateReplicas(props: GrafanaProps): Finding[] {
  const { replicas } = sizeGrafana(loadOf(props)).grafana;
  if (replicas < 2 || props.database) return [];
  return [
    {
      code: "SKP1215",
      at: "replicas",
      message: `${replicas} replicas, each with its own SQLite file`,
      fix: "database: {host: postgres.example.com, name: grafana, user: grafana, password: {secret: grafana-database, key: password}}",
    },
  ];
}

function validateRoute({ host, route }: GrafanaProps): Finding[] {
  if (!route || host) return [];
  return [{ code: "SKP1248", at: "route", message: `${route.kind}, without host`, fix: "host: grafana.example.com" }];
}
