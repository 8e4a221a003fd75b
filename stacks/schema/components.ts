import { z } from "zod";
import { duration } from "../quantities.ts";
import { secretKeySchema } from "./secret.ts";
import { externalSchema, switchable } from "./switch.ts";

const labels = z.record(z.string(), z.string());

const otelAgent = switchable(
  {
    nodeSelector: labels.optional().describe("Nodes that get an agent; all by default."),
    service: z
      .enum(["node-local", "cluster"])
      .optional()
      .describe("Whether applications reach the agent of their own node; cluster where not every node has one."),
    routing: z.enum(["trace-id", "any"]).default("trace-id").describe("How spans are spread over gateways."),
    resolver: z.enum(["kubernetes", "dns"]).default("kubernetes").describe("How the gateways are found."),
    kubeletInsecure: z.boolean().default(false).describe("Accept any certificate of the kubelet."),
  },
  true,
);

const otelGateway = switchable(
  {
    replicas: z.int().min(1).optional().describe("Instead of the computed number."),
    tailSampling: z
      .strictObject({
        decisionWait: duration.default(30).describe("How long a trace waits for its spans."),
        latencyThreshold: duration.default(1).describe("Traces longer than this are kept."),
        keepPercent: z.number().min(0).max(100).default(50).describe("Share of the others that is kept."),
      })
      .prefault({}),
    resourceLabels: z
      .union([z.literal("all"), z.array(z.string())])
      .default("all")
      .describe("Resource attributes that become labels on :8889."),
    spanMetrics: z.boolean().default(false).describe("Rate, errors and duration of spans, before sampling."),
  },
  true,
);

const prometheus = switchable(
  {
    external: externalSchema.optional(),
    watchAllMonitors: z.boolean().default(false).describe("Take every ServiceMonitor, whatever its labels."),
    remoteRead: z.boolean().default(false).describe("Answer from Mimir what is older than its own blocks."),
    crds: z.boolean().default(true).describe("Bring the operator's CRDs."),
  },
  true,
);

const grafana = switchable(
  {
    external: externalSchema.optional(),
    replicas: z.int().min(1).default(1),
    adminSecret: z
      .strictObject({
        name: z.string(),
        userKey: z.string().default("admin-user"),
        passwordKey: z.string().default("admin-password"),
      })
      .prefault({ name: "grafana-admin" }),
    database: z
      .strictObject({ host: z.string(), name: z.string(), user: z.string(), password: secretKeySchema })
      .optional()
      .describe("PostgreSQL; needed by more than one replica."),
    host: z.string().optional().describe("Host name under which people reach it."),
  },
  true,
);

const traces = switchable(
  {
    external: externalSchema.optional(),
    backend: z.enum(["jaeger", "tempo"]).default("jaeger"),
  },
  true,
);

/** One switch a component. */
export const componentsSchema = z.strictObject({
  otelAgent: otelAgent.describe("OpenTelemetry collector on every node."),
  otelGateway: otelGateway.describe("OpenTelemetry collectors that sample traces and expose metrics."),
  prometheus: prometheus.describe("Prometheus, its operator, kube-state-metrics and the rules."),
  alertmanager: switchable({ external: externalSchema.optional() }, true).describe(
    "The one Alertmanager of the stack.",
  ),
  nodeExporter: switchable({}, true).describe("Host metrics; off where Alloy takes them."),
  pushgateway: switchable({}, false).describe("For short jobs."),
  grafana: grafana.describe("Dashboards and queries."),
  mimir: switchable({ external: externalSchema.optional() }, true).describe("Long-term metrics."),
  loki: switchable({ external: externalSchema.optional() }, true).describe("Logs."),
  traces: traces.describe("Where sampled traces are kept."),
  alloy: switchable({}, true).describe("Pod logs, and host metrics where node-exporter is off."),
});
