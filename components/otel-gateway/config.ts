import { quotedPattern } from "../../lib/formats/index.ts";
import { type Endpoint, endpointUrl, forTenants, type TenantNamespaces } from "../../lib/kubernetes/index.ts";
import {
  bareSpans,
  batch,
  type CollectorConfig,
  cleanAttributes,
  collectorPorts,
  healthCheck,
  memoryLimiter,
  otlpReceiver,
  type Pipeline,
  queued,
  type Statements,
  selfTelemetry,
  tracesExporter,
  transform,
  unlessFailed,
} from "../../lib/otel/index.ts";
import { type OutsideProps, outsideConfig, outsideReceiver, spanReceivers } from "./outside.ts";
import type { OtelGatewaySizing } from "./sizing.ts";

/** What a trace must be to be kept. Policies are OR'd: errors, slow ones, and a share of the rest. */
export interface TailSampling {
  /** Seconds to wait for a trace's spans: asynchronous work ends up to about 20 s after its request. @default 30 */
  readonly decisionWaitSeconds: number;
  /** Traces longer than this are kept, in milliseconds. @default 1000 */
  readonly latencyThresholdMs: number;
  /** Share of the other traces that is kept, in percent. @default 50 */
  readonly keepPercent: number;
}

export const defaultTailSampling: TailSampling = { decisionWaitSeconds: 30, latencyThresholdMs: 1000, keepPercent: 50 };

/** `all` resource attributes become labels of the metrics on :8889, or just these. */
export type ResourceLabels = "all" | readonly string[];

export interface OtelGatewayConfigProps {
  readonly sizing: OtelGatewaySizing;
  readonly tailSampling: TailSampling;
  readonly resourceLabels: ResourceLabels;
  /** Paths of health probes. */
  readonly probePaths: readonly string[];
  /** Where kept traces go, by OTLP/gRPC. Absent: no traces pipeline. */
  readonly traces?: Endpoint & { readonly backend: string };
  /** Where logs go, by OTLP/HTTP. Absent: no logs pipeline. */
  readonly logs?: Endpoint;
  /** Namespaces whose logs belong to another tenant. */
  readonly tenantNamespaces: TenantNamespaces;
  /** Rate, errors and duration of spans, taken before sampling. */
  readonly spanMetrics: boolean;
  /** How telemetry arrives from outside the cluster. @default not at all */
  readonly outside?: OutsideProps;
  /** Spans of network flows, which go to `traces` without sampling. */
  readonly flows: boolean;
}

/** Ports beyond those of every collector. `otlp-spans` takes spans routed by service, for span metrics. */
export const gatewayPorts = { prometheus: 8889 } as const;
export const spanMetricsPort = { "otlp-spans": 4319 } as const;
/** OTLP/gRPC for spans of network flows. */
export const flowsPort = { "otlp-flows": 4320 } as const;

/** Paths of the Kubernetes API server's own health endpoints, which applications do not use for anything else. */
export const defaultProbePaths: readonly string[] = ["/healthz", "/livez", "/readyz", "/startupz"];

const probeAgents = '"^(kube-probe|ELB-HealthChecker|GoogleHC|Amazon-Route53-Health-Check-Service)"';

/** A regular expression that matches exactly these paths, as an OTTL string. */
const anyOf = (paths: readonly string[]): string => `"^(${paths.map(quotedPattern).join("|")})/?$"`;

/** OTTL conditions of health probes and load-balancer checks, by attributes of the old and the new HTTP conventions. */
function probeSpans(paths: readonly string[]): string[] {
  const byPath = ["url.path", "http.target", "http.route"].map(
    (attribute) => `IsMatch(span.attributes["${attribute}"], ${anyOf(paths)})`,
  );
  const byAgent = ["user_agent.original", "http.user_agent"].map(
    (attribute) => `IsMatch(span.attributes["${attribute}"], ${probeAgents})`,
  );
  return [...(paths.length > 0 ? byPath : []), ...byAgent];
}

/** Exports of SDKs by OTLP/HTTP: spans of applications do not have these paths. */
const exportSpans = unlessFailed(
  'span.kind == SPAN_KIND_CLIENT and IsMatch(span.attributes["url.path"], "^/v1/(traces|metrics|logs)$")',
);

/** Databases and queues that have no telemetry of their own: `peer.service` draws them in the service graph. */
const peers: Readonly<Record<string, readonly string[]>> = {
  "db.system": ["mongodb", "redis", "postgresql"],
  "db.system.name": ["mongodb", "redis", "postgresql"],
  "messaging.system": ["rabbitmq"],
};

const peerService = Object.entries(peers).map(
  ([attribute, systems]) =>
    `set(span.attributes["peer.service"], span.attributes["${attribute}"]) where span.attributes["peer.service"] == nil` +
    ` and (${systems.map((system) => `span.attributes["${attribute}"] == "${system}"`).join(" or ")})`,
);

/** The gateway's configuration file. */
export function otelGatewayConfig(props: OtelGatewayConfigProps): CollectorConfig {
  const { sizing, traces, logs, spanMetrics } = props;
  const logTargets = logs ? targetsOfLogs(logs, props.tenantNamespaces) : [];
  const outside = props.outside && outsideConfig(props.outside);
  const receivers = spanReceivers(props.outside);
  const direct = receivers.filter((receiver) => receiver !== "otlp");
  const pipelines: Record<string, Pipeline> = {
    ...(traces && {
      traces: {
        receivers,
        processors: [
          "memory_limiter",
          "filter/noise",
          "transform/clean-attrs",
          "transform/peer-service",
          "tail_sampling",
          "batch",
        ],
        exporters: [tracesExporter(traces.backend)],
      },
    }),
    // One flow is one trace, and its bytes and packets are sums over its spans: none may be sampled, or counted as a request.
    ...(traces &&
      props.flows && {
        "traces/flows": {
          receivers: ["otlp/flows"],
          processors: ["memory_limiter", "batch"],
          exporters: [flowsExporter(traces.backend)],
        },
      }),
    ...(spanMetrics && {
      "traces/span-metrics": {
        receivers: ["otlp/spans", ...direct],
        processors: ["memory_limiter", "filter/noise", "filter/probes", "transform/peer-service", "transform/service"],
        exporters: ["span_metrics"],
      },
    }),
    metrics: {
      receivers: [...receivers, ...(spanMetrics ? ["span_metrics"] : [])],
      processors: [
        "memory_limiter",
        "transform/clean-attrs",
        ...(props.resourceLabels === "all" ? [] : ["transform/promote"]),
        "batch",
      ],
      exporters: ["prometheus"],
    },
    ...Object.fromEntries(
      logTargets.map(({ name, filter }) => [
        `logs${name}`,
        {
          receivers: ["otlp", ...(outside ? [outsideReceiver] : [])],
          processors: [
            "memory_limiter",
            ...(filter ? [`filter${name || "/own"}`] : []),
            "transform/clean-attrs",
            "batch",
          ],
          exporters: [`otlp_http/loki${name.replace("/", "-")}`],
        },
      ]),
    ),
    ...outside?.pipelines,
  };
  return {
    receivers: {
      otlp: otlpReceiver(collectorPorts["otlp-grpc"], collectorPorts["otlp-http"]),
      ...(spanMetrics && { "otlp/spans": otlpReceiver(spanMetricsPort["otlp-spans"]) }),
      ...outside?.receivers,
      ...(props.flows && { "otlp/flows": otlpReceiver(flowsPort["otlp-flows"]) }),
    },
    processors: {
      memory_limiter: memoryLimiter(sizing.gateway),
      ...((traces || spanMetrics) && {
        "filter/noise": { error_mode: "ignore", trace_conditions: [exportSpans, ...bareSpans] },
        "transform/peer-service": { error_mode: "ignore", trace_statements: peerService },
      }),
      // Span metrics have no traces: probes are removed span by span.
      ...(spanMetrics && {
        "transform/service": {
          error_mode: "ignore",
          trace_statements: [`keep_keys(resource.attributes, ${JSON.stringify(serviceAttributes)})`],
        },
        "filter/probes": { error_mode: "ignore", trace_conditions: probeSpans(props.probePaths).map(unlessFailed) },
      }),
      "transform/clean-attrs": transform(cleaned),
      ...(traces && { tail_sampling: tailSampling(props) }),
      ...(props.resourceLabels !== "all" && { "transform/promote": promote(props.resourceLabels) }),
      ...Object.fromEntries(
        logTargets.flatMap(({ name, filter }) => (filter ? [[`filter${name || "/own"}`, filter]] : [])),
      ),
      batch,
    },
    exporters: {
      ...(traces && {
        [tracesExporter(traces.backend)]: { ...connectionTo(traces), ...queued(sizing.queueItems) },
        // A queue of its own: many flows must not crowd out traces.
        ...(props.flows && {
          [flowsExporter(traces.backend)]: { ...connectionTo(traces), ...queued(sizing.flowQueueItems) },
        }),
      }),
      prometheus: {
        endpoint: `0.0.0.0:${gatewayPorts.prometheus}`,
        metric_expiration: "5m",
        // Three empty otel_scope_* labels on every series otherwise.
        without_scope_info: true,
        translation_strategy: "UnderscoreEscapingWithSuffixes",
        resource_to_telemetry_conversion: { enabled: props.resourceLabels === "all" },
      },
      ...Object.fromEntries(
        logTargets.map(({ name, to }) => [
          `otlp_http/loki${name.replace("/", "-")}`,
          { endpoint: endpointUrl(to), ...(to.headers && { headers: to.headers }), ...queued(sizing.queueItems) },
        ]),
      ),
      ...outside?.exporters,
    },
    ...(spanMetrics && {
      connectors: { span_metrics: spanMetricsConnector(sizing) },
    }),
    extensions: { ...healthCheck, ...outside?.extensions },
    service: {
      extensions: ["health_check", ...Object.keys(outside?.extensions ?? {})],
      telemetry: selfTelemetry("detailed"),
      pipelines,
    },
  };
}

/** A pipeline of logs: its name's suffix, what it drops, and where the rest goes. */
interface LogTarget {
  readonly name: "" | `/tenant-${string}`;
  readonly filter?: object;
  readonly to: Endpoint;
}

/** The stack's own tenant, which gets all logs but those of other tenants' namespaces, and these tenants. */
function targetsOfLogs(to: Endpoint, tenants: TenantNamespaces): readonly LogTarget[] {
  const dropped = (condition: string) => ({ error_mode: "ignore", log_conditions: [condition] });
  const namespaces = Object.values(tenants).flat();
  return [
    { name: "", to, ...(namespaces.length > 0 && { filter: dropped(inNamespaces(namespaces)) }) },
    ...Object.entries(tenants).map(
      ([tenant, own]): LogTarget => ({
        name: `/tenant-${tenant}`,
        to: forTenants(to, [tenant]),
        filter: dropped(`not (${inNamespaces(own)})`),
      }),
    ),
  ];
}

const inNamespaces = (names: readonly string[]): string =>
  names.map((name) => `resource.attributes["k8s.namespace.name"] == "${name}"`).join(" or ");

/**
 * Attributes of span metrics: those of the service. With those of the pod there would be a histogram of each operation per pod, and
 * counters that start again with every restart.
 */
const serviceAttributes = [
  "service.name",
  "service.namespace",
  "deployment.environment.name",
  "k8s.cluster.name",
  "k8s.namespace.name",
];

function spanMetricsConnector({ spanMetricsResources }: OtelGatewaySizing): object {
  return {
    metrics_flush_interval: "15s",
    dimensions: [{ name: "peer.service" }],
    // An ID that every start of the gateway draws anew: it would rename every series.
    exclude_dimensions: ["collector.instance.id"],
    resource_metrics_cache_size: spanMetricsResources,
    // Series of a service at most, so that IDs in span names do not fill the gateway; the rest is one series, otel_metric_overflow.
    aggregation_cardinality_limit: 2_000,
    metrics_expiration: "30m",
    series_expiration: "30m",
  };
}

const flowsExporter = (backend: string): string => `${tracesExporter(backend)}-flows`;

const connectionTo = (traces: Endpoint) => ({
  endpoint: endpointUrl(traces),
  tls: { insecure: traces.scheme === "grpc" },
});

/** Lists and maps become text before they are cut: as labels they are text. */
const cleaned: Statements = {
  ...cleanAttributes,
  metric: [
    { context: "resource", statements: ["stringify_all(resource.attributes)"] },
    { context: "datapoint", statements: ["stringify_all(datapoint.attributes)"] },
    ...cleanAttributes.metric,
  ],
};

function promote(attributes: readonly string[]): object {
  return {
    error_mode: "ignore",
    metric_statements: attributes.map(
      (attribute) =>
        `set(datapoint.attributes["${attribute}"], resource.attributes["${attribute}"]) where resource.attributes["${attribute}"] != nil`,
    ),
  };
}

/**
 * Probes are dropped here as whole traces, since dropping only their spans would leave their children without a root. A
 * drop policy takes precedence over all others, so that it must not match traces with errors.
 */
function tailSampling({ sizing, tailSampling: wanted, probePaths }: OtelGatewayConfigProps): object {
  const ofRoot = (condition: string) => `${condition.replaceAll("span.attributes", "attributes")} and IsRootSpan()`;
  const errors = { type: "status_code", status_code: { status_codes: ["ERROR"] } };
  return {
    decision_wait: `${wanted.decisionWaitSeconds}s`,
    num_traces: sizing.traces,
    decision_cache: { sampled_cache_size: sizing.decisions, non_sampled_cache_size: sizing.decisions },
    policies: [
      {
        name: "drop-probes",
        type: "drop",
        drop: {
          drop_sub_policy: [
            {
              name: "probes",
              type: "ottl_condition",
              ottl_condition: { error_mode: "ignore", span: probeSpans(probePaths).map(ofRoot) },
            },
            { name: "without-errors", type: "not", not: { not_sub_policy: { name: "errors", ...errors } } },
          ],
        },
      },
      { name: "keep-errors", ...errors },
      { name: "keep-slow", type: "latency", latency: { threshold_ms: wanted.latencyThresholdMs } },
      {
        name: "keep-share",
        type: "probabilistic",
        probabilistic: { sampling_percentage: wanted.keepPercent },
      },
    ],
  };
}
