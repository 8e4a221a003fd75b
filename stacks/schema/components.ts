import { z } from "zod";
import { bytes, duration } from "../quantities.ts";
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
      .prefault({})
      .describe("Which traces are kept: errors always."),
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
    external: externalSchema.optional().describe("Somebody else's Prometheus."),
    watchAllMonitors: z.boolean().default(false).describe("Take every ServiceMonitor, whatever its labels."),
    remoteRead: z.boolean().default(false).describe("Answer from Mimir what is older than its own blocks."),
    crds: z.boolean().default(true).describe("Bring the operator's CRDs."),
    operator: z.boolean().default(true).describe("Bring the operator; off where the cluster has one."),
    kubeletInsecure: z.boolean().default(false).describe("Accept any certificate of the kubelet."),
  },
  true,
);

const grafana = switchable(
  {
    external: externalSchema
      .optional()
      .describe("Somebody else's: dashboards and data sources are left to its sidecar."),
    replicas: z.int().min(1).optional().describe("Instead of two with a database, and one without."),
    adminSecret: z
      .strictObject({
        name: z.string(),
        userKey: z.string().default("admin-user"),
        passwordKey: z.string().default("admin-password"),
      })
      .prefault({ name: "grafana-admin" })
      .describe("Secret with the administrator's name and password."),
    database: z
      .strictObject({ host: z.string(), name: z.string(), user: z.string(), password: secretKeySchema })
      .optional()
      .describe("PostgreSQL; needed by more than one replica."),
    host: z.string().optional().describe("Host name under which people reach it."),
    route: z
      .discriminatedUnion("kind", [
        z.strictObject({
          kind: z.literal("ingress"),
          className: z.string().optional(),
          tlsSecret: z.string().optional(),
          annotations: labels.optional(),
        }),
        z.strictObject({
          kind: z.literal("gateway"),
          gateway: z.strictObject({
            name: z.string(),
            namespace: z.string().optional(),
            listener: z.string().optional(),
          }),
        }),
      ])
      .optional()
      .describe("Ingress or Gateway API route to that host."),
    encryptionKey: secretKeySchema.optional().describe("Key that Grafana encrypts stored secrets with."),
    access: z
      .strictObject({
        oidc: z
          .strictObject({
            name: z.string().optional(),
            clientId: z.string(),
            clientSecret: secretKeySchema,
            authUrl: z.url(),
            tokenUrl: z.url(),
            apiUrl: z.url(),
            scopes: z.string().optional(),
            roleAttributePath: z.string().optional(),
            allowedDomains: z.array(z.string()).optional(),
            autoLogin: z.boolean().optional(),
          })
          .optional(),
        ldap: z.strictObject({ config: secretKeySchema, port: z.int().optional() }).optional(),
      })
      .optional()
      .describe("Who may log in beside the administrator; never anonymously."),
    teams: labels.optional().describe("Folder of each team."),
  },
  true,
);

const searchStorage = z.strictObject({
  kind: z.enum(["elasticsearch", "opensearch"]),
  urls: z.array(z.url()).min(1),
  credentials: z.strictObject({ username: secretKeySchema, password: secretKeySchema }).optional(),
  indexPrefix: z.string().optional(),
  retention: z.enum(["cleaner", "ilm"]).optional(),
});

const traces = switchable(
  {
    external: z
      .strictObject({
        backend: z.enum(["jaeger", "tempo"]),
        otlp: z.url().describe("OTLP/gRPC, http:// for plain text and https:// for TLS."),
        query: z.url().describe("What Grafana asks."),
      })
      .optional()
      .describe("Somebody else's."),
    backend: z.enum(["jaeger", "tempo"]).default("jaeger"),
    storage: searchStorage.optional().describe("Jaeger's index; its pod's own disk by default."),
    kafka: z
      .strictObject({
        address: z.string(),
        topic: z.string().optional(),
        tls: z.boolean().optional(),
        credentials: z.strictObject({ username: secretKeySchema, password: secretKeySchema }).optional(),
      })
      .optional()
      .describe("Kafka for the scalable Tempo."),
  },
  true,
);

const mimir = switchable(
  {
    external: externalSchema.optional().describe("Somebody else's."),
    mode: z.enum(["monolithic", "microservices"]).optional().describe("Instead of what the series ask for."),
    tenant: z.string().default("anonymous").describe("Whose series: X-Scope-OrgID."),
    bucketLifecycle: duration.optional().describe("Age at which the bucket deletes; longer than all that is kept."),
  },
  true,
);

const loki = switchable(
  {
    external: externalSchema.optional().describe("Somebody else's."),
    mode: z.enum(["monolithic", "distributed"]).optional().describe("Instead of what the logs ask for."),
    tenant: z.string().default("anonymous").describe("Whose logs: X-Scope-OrgID."),
    bucketLifecycle: duration.optional().describe("Age at which the bucket deletes; longer than all that is kept."),
    streamRetention: z
      .array(z.strictObject({ selector: z.string(), priority: z.int().min(1), retention: duration }))
      .default([])
      .describe("Retention of single streams: {selector: '{level=\"debug\"}', priority: 1, retention: 48h}."),
  },
  true,
);

const pushgateway = switchable(
  { disk: bytes.optional().describe("Keeps pushed metrics over a restart."), stale: duration.default(86_400) },
  false,
);

const alloy = switchable(
  {
    logSource: z
      .enum(["api", "files"])
      .optional()
      .describe("Pod logs from the Kubernetes API, or from /var/log/pods; by the workload where it is not stated."),
  },
  true,
);

/** One switch a component. */
export const componentsSchema = z.strictObject({
  otelAgent: otelAgent.describe("OpenTelemetry collector on every node."),
  otelGateway: otelGateway.describe("OpenTelemetry collectors that sample traces and expose metrics."),
  prometheus: prometheus.describe("Prometheus, its operator, kube-state-metrics and the rules."),
  alertmanager: z
    .strictObject({ external: externalSchema.optional().describe("Somebody else's.") })
    .prefault({})
    .describe("The one Alertmanager of the stack; it comes with Prometheus."),
  nodeExporter: switchable({}, true).describe("Host metrics; off where Alloy takes them."),
  pushgateway: pushgateway.describe("For short jobs."),
  grafana: grafana.describe("Dashboards and queries."),
  mimir: mimir.describe("Long-term metrics."),
  loki: loki.describe("Logs."),
  traces: traces.describe("Where sampled traces are kept."),
  alloy: alloy.describe("Pod logs, and host metrics where node-exporter is off."),
});
