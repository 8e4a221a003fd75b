import { type Endpoint, url } from "../../lib/kubernetes/index.ts";
import { dataSources as known } from "../../lib/monitoring/data-sources.ts";

/** What Grafana asks, each absent where the stack has none. */
export interface Sources {
  /** Mimir's Prometheus API: every series from the first minute on. */
  readonly mimir?: Endpoint;
  /** Mimir's ruler, where it evaluates rules: the same API, of which it answers for rules and alerts alone. */
  readonly ruler?: Endpoint;
  /** Mimir's long-retention tenant, with aggregates that are older than the series. */
  readonly aggregates?: Endpoint;
  /** Prometheus: the recent days. With several replicas its Service must keep a client with one of them, or graphs flap. */
  readonly prometheus?: Endpoint;
  readonly loki?: Endpoint;
  readonly traces?: Endpoint & { readonly backend: "jaeger" | "tempo" };
  readonly alertmanager?: Endpoint;
}

/**
 * How metrics of all ages are reached. `separate`: "Metrics" is Mimir, which has everything, and "Metrics (recent)" is
 * Prometheus. `prometheus`: one data source, since Prometheus reads what is older than its blocks from Mimir itself.
 */
export type QueryPath = "separate" | "prometheus";

export interface DataSourceOptions {
  readonly queryPath: QueryPath;
  /** Seconds between two scrapes: no rate over less makes sense. */
  readonly scrapeIntervalSeconds: number;
  /** Whether the gateway makes metrics of spans: then a span leads to its service's rate, errors and duration. */
  readonly spanMetrics: boolean;
}

/** A data source as Grafana's provisioning reads it. */
export interface DataSource {
  readonly name: string;
  readonly uid: string;
  readonly type: "prometheus" | "loki" | "jaeger" | "tempo" | "alertmanager";
  readonly access: "proxy";
  readonly url: string;
  readonly isDefault: boolean;
  readonly editable: false;
  readonly jsonData: Readonly<Record<string, unknown>>;
  readonly secureJsonData?: Readonly<Record<string, string>>;
}

/** Headers that every request carries, a tenant. Grafana takes their values from `secureJsonData` alone. */
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
    url: url(endpoint),
    isDefault: uid === known.metrics.uid,
    editable: false,
    ...tenant,
    jsonData: { ...jsonData, ...tenant.jsonData },
  };
}

/** Logs that a span's pod wrote while it ran: the labels that every log line of a pod has. */
const spanTagsToLogLabels = [
  { key: "k8s.namespace.name", value: "namespace" },
  { key: "k8s.pod.name", value: "pod" },
];

/** Where a log line names its trace: as OTLP's own field, or somewhere in the text. */
const traceIdsInLogs = [
  { name: "trace_id", matcherType: "label", matcherRegex: "trace_?id" },
  { name: "trace id", matcherType: "regex", matcherRegex: "(?i)trace_?id[\"'=: ]+([0-9a-f]{16,32})" },
];

/** The names under which instrumentation libraries note a trace beside a histogram's sample. */
const exemplarLabels = ["trace_id", "traceID"];

/** Every data source, with the links between signals that both ends exist for. */
export function dataSources(sources: Sources, options: DataSourceOptions): DataSource[] {
  const { mimir, ruler, aggregates, prometheus, loki, traces, alertmanager } = sources;
  const separate = options.queryPath === "separate";
  const everything = separate ? (mimir ?? prometheus) : (prometheus ?? mimir);
  const recent = separate && mimir ? prometheus : undefined;
  const metrics = (endpoint: Endpoint) => ({
    httpMethod: "POST",
    prometheusType: endpoint === prometheus ? "Prometheus" : "Mimir",
    timeInterval: `${options.scrapeIntervalSeconds}s`,
    // Whether Grafana asks it for rules: only who evaluates some can answer.
    manageAlerts: endpoint === prometheus || endpoint.host === ruler?.host,
    ...(alertmanager && { alertmanagerUid: known.alerts.uid }),
    ...(traces && {
      exemplarTraceIdDestinations: exemplarLabels.map((name) => ({ name, datasourceUid: known.traces.uid })),
    }),
  });
  const toTraces = { datasourceUid: known.traces.uid, url: "${__value.raw}", urlDisplayLabel: "Open the trace" };
  return [
    ...(everything ? [dataSource(known.metrics, "prometheus", everything, metrics(everything))] : []),
    ...(recent ? [dataSource(known.recent, "prometheus", recent, metrics(recent))] : []),
    ...(aggregates ? [dataSource(known.aggregates, "prometheus", aggregates, metrics(aggregates))] : []),
    // In one process the ruler answers where the queries go; a ruler of its own answers for itself.
    ...(ruler && ruler.host !== everything?.host ? [dataSource(known.rules, "prometheus", ruler, metrics(ruler))] : []),
    ...(loki
      ? [
          dataSource(known.logs, "loki", loki, {
            maxLines: 1000,
            ...(traces && { derivedFields: traceIdsInLogs.map((field) => ({ ...field, ...toTraces })) }),
          }),
        ]
      : []),
    ...(traces ? [dataSource(known.traces, traces.backend, traces, tracing(sources, everything, options))] : []),
    ...(alertmanager
      ? [
          dataSource(known.alerts, "alertmanager", alertmanager, {
            implementation: "prometheus",
            // Alerts come from Prometheus or Mimir's ruler; Grafana shows and silences them, and adds none of its own.
            handleGrafanaManagedAlerts: false,
          }),
        ]
      : []),
  ];
}

function tracing({ loki, traces }: Sources, metrics: Endpoint | undefined, { spanMetrics }: DataSourceOptions): object {
  const around = { spanStartTimeShift: "-5m", spanEndTimeShift: "5m" };
  return {
    nodeGraph: { enabled: true },
    ...(loki && {
      tracesToLogsV2: { datasourceUid: known.logs.uid, ...around, tags: spanTagsToLogLabels, filterByTraceID: false },
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

/** Names of the collector's `span_metrics` connector, as they come out of its :8889. */
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

/** Grafana's provisioning file. It expands `$NAME`, so that a dollar sign which is meant as one is doubled. */
export function dataSourceFile(sources: readonly DataSource[]): object {
  return { apiVersion: 1, datasources: sources.map((source) => doubled(source)) };
}

function doubled(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("$", "$$$$");
  if (Array.isArray(value)) return value.map(doubled);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, doubled(each)]));
}
