import { parser as logqlParser } from "@grafana/lezer-logql";
import { parser as traceqlParser } from "@grafana/lezer-traceql";
import type { TargetJson } from "./grafana.ts";
import { grammarError } from "./grammar.ts";
import { promqlError } from "./promql.ts";

/** A query of metrics. It may use Grafana's `$__rate_interval`, and variables of the dashboard inside strings. */
export interface MetricQuery {
  readonly promql: string;
  /** Name of each series: `{{pod}}`. @default all its labels */
  readonly legend?: string;
  /** Show exemplars of histogram samples. @default false */
  readonly exemplars?: boolean;
}

/** A query of logs, or of metrics computed from logs. */
export interface LogQuery {
  readonly logql: string;
  readonly legend?: string;
}

/** A search of traces in Tempo. */
export interface TraceQuery {
  readonly traceql: string;
}

/** A search of traces in Jaeger, which has no query language. */
export interface JaegerQuery {
  readonly jaeger: {
    readonly service: string;
    readonly operation?: string;
    /** In logfmt: `error=true http.status_code=500`. */
    readonly tags?: string;
    readonly minDuration?: string;
  };
}

export type Query = MetricQuery | LogQuery | TraceQuery | JaegerQuery;

/** The dashboard variable that holds the data source of each signal, and the type of that data source. */
export const signals = {
  promql: { variable: "metrics", type: "prometheus", source: "metrics" },
  logql: { variable: "logs", type: "loki", source: "logs" },
  traceql: { variable: "traces", type: "tempo", source: "traces" },
  jaeger: { variable: "traces", type: "jaeger", source: "traces" },
} as const;

export type Language = keyof typeof signals;

/** The language that a query is written in. */
export function languageOf(query: Query): Language {
  if ("promql" in query) return "promql";
  if ("logql" in query) return "logql";
  return "traceql" in query ? "traceql" : "jaeger";
}

/** Variables that Grafana replaces before it sends a query. The grammars accept any duration in their place. */
const macros = /\$__(?:rate_interval|interval|range|auto)\b/g;

/** Syntax error that the grammar of the language finds in a query, or undefined. */
export function queryError(query: Query): string | undefined {
  if ("promql" in query) return prefixed("PromQL", query.promql, promqlError(query.promql.replace(macros, "5m")));
  if ("logql" in query)
    return prefixed("LogQL", query.logql, grammarError(logqlParser, query.logql.replace(macros, "5m")));
  if ("traceql" in query) return prefixed("TraceQL", query.traceql, grammarError(traceqlParser, query.traceql));
  return undefined;
}

const prefixed = (language: string, query: string, error: string | undefined) =>
  error && `not ${language}: ${query} (${error})`;

/** The dashboard variables that a query uses, without Grafana's own. */
export function variablesIn(query: Query): string[] {
  const names = JSON.stringify(query).matchAll(/\$(?:\{([A-Za-z_]\w*)[^}]*\}|([A-Za-z_]\w*))/g);
  return [...names].map(([, braced, plain]) => (braced ?? plain) as string).filter((name) => !name.startsWith("__"));
}

/** Kind of a query: a range, an instant for a table, or an instant. */
export type Answer = "range" | "instant" | "table";

/** A query as a panel holds it. */
export function target(query: Query, refId: string, answer: Answer): TargetJson {
  const { variable, type } = signals[languageOf(query)];
  const common = { refId, datasource: { type, uid: `\${${variable}}` } };
  if ("jaeger" in query) return { ...common, queryType: "search", ...query.jaeger, limit: 20 };
  if ("traceql" in query) {
    return { ...common, queryType: "traceql", query: query.traceql, tableType: "traces", limit: 20, filters: [] };
  }
  const over = answer === "range" ? { range: true } : { instant: true };
  const legend = query.legend === undefined ? {} : { legendFormat: query.legend };
  if ("logql" in query) {
    return { ...common, expr: query.logql, queryType: answer === "range" ? "range" : "instant", ...legend };
  }
  const format = answer === "table" ? "table" : "time_series";
  return {
    ...common,
    expr: query.promql,
    editorMode: "code",
    format,
    ...over,
    ...legend,
    ...(query.exemplars && { exemplar: true }),
  };
}
