import { queryError } from "./query.ts";

/** A dashboard as Grafana exports it. */
export interface GrafanaDashboard {
  readonly uid: string;
  readonly title: string;
  readonly [key: string]: unknown;
}

/** Where Grafana expects a duration in place of a variable. */
const durations = /(\[|offset\s+|:)\s*(?:\$\{?\w+(?::\w+)?\}?|\[\[\w+\]\])/g;
const variables = /\$\{\w+(?::\w+)?\}|\$\w+|\[\[\w+\]\]/g;

/** A query with something plausible in place of variables. */
const withoutVariables = (query: string): string => query.replaceAll(durations, "$15m").replaceAll(variables, "a");

/** Syntax errors in the queries of a dashboard, each with its place. */
export function queryErrors(dashboard: GrafanaDashboard): readonly string[] {
  return errorsIn(dashboard, "", undefined);
}

function errorsIn(value: unknown, place: string, inherited: string | undefined): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => errorsIn(item, `${place}.${index}`, inherited));
  if (value === null || typeof value !== "object") return [];
  const { datasource, expr, ...rest } = value as Readonly<Record<string, unknown>>;
  const type = (datasource as { type?: string } | null | undefined)?.type ?? inherited;
  const error = typeof expr === "string" && expr !== "" ? errorOf(withoutVariables(expr), type) : undefined;
  return [
    ...(error === undefined ? [] : [`${place.slice(1)}.expr: ${error}`]),
    ...Object.entries(rest).flatMap(([key, item]) => errorsIn(item, `${place}.${key}`, type)),
  ];
}

/** Targets without the type of a data source are of Prometheus, unless only LogQL can read them. */
function errorOf(query: string, type: string | undefined): string | undefined {
  if (type === "loki") return queryError({ logql: query });
  if (type === "prometheus") return queryError({ promql: query });
  return type === undefined && queryError({ logql: query }) ? queryError({ promql: query }) : undefined;
}
