import { doubledDollars } from "../../lib/formats/index.ts";
import { type Endpoint, endpointUrl } from "../../lib/kubernetes/index.ts";
import { dataSources as known } from "../../lib/monitoring/data-sources.ts";
import { aggregateSeconds } from "../mimir/index.ts";
import { type AdditionalDataSource, additionalSource } from "./additional-sources.ts";

/** Endpoints of data sources. Those that the stack lacks are absent. */
export interface Sources {
  /** Mimir's Prometheus API, with every series. */
  readonly mimir?: Endpoint;
  /** Mimir's ruler, if it evaluates rules. It only serves rules and alerts. */
  readonly ruler?: Endpoint;
  /** Mimir's long-retention tenant, with aggregates. */
  readonly aggregates?: Endpoint;
  /** Prometheus, with recent series. Its Service needs client affinity if there are several replicas, or graphs flap. */
  readonly prometheus?: Endpoint;
  /** Loki's query API. */
  readonly loki?: Endpoint;
  /** Query API of the trace store. */
  readonly traces?: Endpoint & { readonly backend: "jaeger" | "tempo" };
  /** Alertmanager. */
  readonly alertmanager?: Endpoint;
  /** Data sources beside those of the stack. */
  readonly additional?: readonly AdditionalDataSource[];
  /** Query APIs for single tenants, by tenant: data sources of teams. */
  readonly tenants?: Readonly<Record<string, { readonly mimir?: Endpoint; readonly loki?: Endpoint }>>;
}

/**
 * How metrics of all ages are queried. `separate`: the data source "Metrics" is Mimir, which has every series, and
 * "Metrics (recent)" is Prometheus. `prometheus`: one data source, as Prometheus itself reads older samples from Mimir.
 */
export type QueryPath = "separate" | "prometheus";

export interface DataSourceOptions {
  readonly queryPath: QueryPath;
  /** Seconds between scrapes: the minimum interval of rates. */
  readonly scrapeIntervalSeconds: number;
  /** Whether the gateway computes metrics from spans, to which spans then link. */
  readonly spanMetrics: boolean;
}

/** A data source in Grafana's provisioning format. @see https://grafana.com/docs/grafana/v13.2/administration/provisioning/#data-sources */
export interface DataSource {
  readonly name: string;
  readonly uid: string;
  /** ID of its plugin. */
  readonly type: string;
  readonly access: "proxy";
  readonly url: string;
  readonly isDefault: boolean;
  readonly editable: false;
  readonly jsonData: Readonly<Record<string, unknown>>;
  readonly secureJsonData?: Readonly<Record<string, string>>;
  readonly basicAuth?: true;
  readonly basicAuthUser?: string;
  /** Environment variables with secret settings, by setting. */
  readonly secretVariables?: Readonly<Record<string, string>>;
}

/** Headers of every request, such as the tenant. Grafana reads their values from `secureJsonData` only. */
function headers({ headers: of = {} }: Endpoint): Pick<DataSource, "jsonData" | "secureJsonData"> {
  const sorted = Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1));
  const numbered = (prefix: string, pick: 0 | 1) =>
    Object.fromEntries(sorted.map((entry, index) => [`${prefix}${index + 1}`, entry[pick]]));
  return {
    jsonData: numbered("httpHeaderName", 0),
    ...(sorted.length > 0 && { secureJsonData: numbered("httpHeaderValue", 1) }),
  };
}

function dataSource(
  { uid, name }: { readonly uid: string; readonly name: string },
  type: DataSource["type"],
  endpoint: Endpoint,
  jsonData: object,
): DataSource {
  const tenant = headers(endpoint);
  return {
    name,
    uid,
    type,
    access: "proxy",
    url: endpointUrl(endpoint),
    isDefault: uid === known.metrics.uid,
    editable: false,
    ...tenant,
    jsonData: { ...jsonData, ...tenant.jsonData },
  };
}

/**
 * The logs of a span's trace: lines of its service that contain the trace ID, in their text or, for OTLP logs, in structured
 * metadata. `service_name` is a label of both kinds of logs: Loki derives it from `app` where it is not sent.
 * @see https://grafana.com/docs/loki/v3.6.x/get-started/labels/#default-labels-for-all-users
 */
const logsOfSpan =
  '{service_name="${__span.tags["service.name"]}"} | line_format `{{ __line__ }} {{ .trace_id }}` |= "${__span.traceId}"';

/** Where log lines contain a trace ID: in OTLP's own field, or in the text. */
const traceIdsInLogs = [
  { name: "trace_id", matcherType: "label", matcherRegex: "trace_?id" },
  { name: "trace id", matcherType: "regex", matcherRegex: "(?i)trace_?id[\"'=: ]+([0-9a-f]{16,32})" },
];

/** Labels in which instrumentation libraries store the trace ID of exemplars. */
const exemplarLabels = ["trace_id", "traceID"];

/** Every data source, with links between signals for which both data sources exist. */
export function dataSources(sources: Sources, options: DataSourceOptions): DataSource[] {
  const { mimir, ruler, aggregates, prometheus, loki, traces, alertmanager } = sources;
  const separate = options.queryPath === "separate";
  const everything = separate ? (mimir ?? prometheus) : (prometheus ?? mimir);
  const recent = separate && mimir ? prometheus : undefined;
  const metrics = (endpoint: Endpoint) => ({
    httpMethod: "POST",
    prometheusType: endpoint === prometheus ? "Prometheus" : "Mimir",
    timeInterval: `${options.scrapeIntervalSeconds}s`,
    // Whether Grafana lists its rules: only rule evaluators have any.
    manageAlerts: endpoint === prometheus || endpoint.host === ruler?.host,
    ...(alertmanager && { alertmanagerUid: known.alerts.uid }),
    ...(traces && {
      exemplarTraceIdDestinations: exemplarLabels.map((name) => ({ name, datasourceUid: known.traces.uid })),
    }),
  });
  const toTraces = { datasourceUid: known.traces.uid, url: "${__value.raw}", urlDisplayLabel: "Open the trace" };
  const logs = {
    maxLines: 1000,
    ...(traces && { derivedFields: traceIdsInLogs.map((field) => ({ ...field, ...toTraces })) }),
  };
  return [
    ...(everything ? [dataSource(known.metrics, "prometheus", everything, metrics(everything))] : []),
    ...(recent ? [dataSource(known.recent, "prometheus", recent, metrics(recent))] : []),
    ...(aggregates
      ? [
          dataSource(known.aggregates, "prometheus", aggregates, {
            ...metrics(aggregates),
            timeInterval: `${aggregateSeconds}s`,
          }),
        ]
      : []),
    // In monolithic mode the ruler has the same address as the query API.
    ...(ruler && ruler.host !== everything?.host ? [dataSource(known.rules, "prometheus", ruler, metrics(ruler))] : []),
    ...(loki ? [dataSource(known.logs, "loki", loki, logs)] : []),
    ...(traces ? [dataSource(known.traces, traces.backend, traces, tracing(sources, everything, options))] : []),
    ...(alertmanager
      ? [
          dataSource(known.alerts, "alertmanager", alertmanager, {
            implementation: "prometheus",
            // Alerts come from Prometheus or Mimir's ruler; Grafana shows and silences them, but manages none itself.
            handleGrafanaManagedAlerts: false,
          }),
        ]
      : []),
    ...(sources.additional ?? []).map(additionalSource),
    ...Object.entries(sources.tenants ?? {}).flatMap(([tenant, of]) => [
      ...(of.mimir ? [dataSource(ofTenant(known.metrics, tenant), "prometheus", of.mimir, metrics(of.mimir))] : []),
      ...(of.loki ? [dataSource(ofTenant(known.logs, tenant), "loki", of.loki, logs)] : []),
    ]),
  ];
}

/** A tenant's own data source: "Metrics (payments)". */
export const ofTenant = ({ uid, name }: { readonly uid: string; readonly name: string }, tenant: string) => ({
  uid: `${uid}-${tenant}`,
  name: `${name} (${tenant})`,
});

function tracing({ loki, traces }: Sources, metrics: Endpoint | undefined, { spanMetrics }: DataSourceOptions): object {
  const around = { spanStartTimeShift: "-5m", spanEndTimeShift: "5m" };
  return {
    nodeGraph: { enabled: true },
    ...(loki && {
      tracesToLogsV2: { datasourceUid: known.logs.uid, ...around, customQuery: true, query: logsOfSpan },
    }),
    ...(metrics && traces?.backend === "tempo" && { serviceMap: { datasourceUid: known.metrics.uid } }),
    ...(metrics &&
      spanMetrics && {
        tracesToMetrics: {
          datasourceUid: known.metrics.uid,
          ...around,
          tags: [{ key: "service.name", value: "service_name" }],
          queries: spanMetricQueries,
        },
      }),
  };
}

/** Metrics of the collector's `span_metrics` connector, by the names under which the gateway exposes them. */
const spanMetricQueries = [
  { name: "Requests", query: "sum by (span_name) (rate(traces_span_metrics_calls_total{$__tags}[5m]))" },
  {
    name: "Errors",
    query: 'sum by (span_name) (rate(traces_span_metrics_calls_total{$__tags, status_code="STATUS_CODE_ERROR"}[5m]))',
  },
  {
    name: "99th percentile",
    query:
      "histogram_quantile(0.99, sum by (le, span_name) (rate(traces_span_metrics_duration_milliseconds_bucket{$__tags}[5m])))",
  },
];

/** Grafana's provisioning file. Grafana expands `$NAME`, so that literal dollar signs are doubled. */
export function dataSourceFile(sources: readonly DataSource[]): object {
  const datasources = sources.map(({ secretVariables, ...source }) => ({
    ...(doubled(source) as object),
    ...(secretVariables && {
      secureJsonData: Object.fromEntries(Object.entries(secretVariables).map(([key, name]) => [key, `\${${name}}`])),
    }),
  }));
  return { apiVersion: 1, datasources };
}

function doubled(value: unknown): unknown {
  if (typeof value === "string") return doubledDollars(value);
  if (Array.isArray(value)) return value.map(doubled);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, doubled(each)]));
}
