import { change } from "../../../policies/fixtures/fixture.ts";
import {
  alert,
  alloy,
  alloyText,
  collector,
  container,
  distributor,
  gatewayConfig,
  ingester,
  loki,
  type Mutation,
  mimir,
  monitor,
  mutation,
  rulesOf,
  sources,
  tempo,
} from "./mutation.ts";

export const stores: readonly Mutation[] = [
  mutation(
    "availability/fewer-ring-members",
    "an ingester is scaled down before it has left the ring",
    change(ingester, "spec/replicas", 1),
  ),
  mutation("stores/replication", "Loki's ingesters are scaled to two", change(ingester, "spec/replicas", 2)),
  mutation(
    "stores/zones",
    "one zone of Mimir's ingesters is scaled down",
    change("StatefulSet/observability/mimir-ingester-zone-a", "spec/replicas", 0),
  ),
  mutation(
    "stores/shared-storage",
    "Tempo's backend is set to local",
    change(tempo, "data/tempo.yaml/storage/trace/backend", "local"),
    change("StatefulSet/observability/tempo", "spec/replicas", 2),
  ),
  mutation(
    "stores/retention",
    "Loki's compactor no longer deletes",
    change(loki, "data/loki.yaml/compactor/retention_enabled", false),
  ),
  mutation(
    "stores/query-windows",
    "ingesters are asked for less than the store lacks",
    change(mimir, "data/mimir.yaml/limits/query_ingesters_within", "2h"),
  ),
  mutation(
    "stores/message-size",
    "the receiving side takes smaller messages",
    change(mimir, "data/mimir.yaml/server/grpc_server_max_recv_msg_size", 4_194_304),
  ),
  mutation(
    "stores/query-queue",
    "the queue is smaller than a sharded query",
    change(mimir, "data/mimir.yaml/query_scheduler", { max_outstanding_requests_per_tenant: 100 }),
  ),
  mutation(
    "stores/ingest-limits",
    "the series limit is Mimir's default",
    change(mimir, "data/mimir.yaml/limits/max_global_series_per_user", 150_000),
  ),
  mutation(
    "stores/data-source-tenant",
    "the tenant header is lost",
    change(sources, "data/skopos.yaml/datasources/0/jsonData/httpHeaderName1"),
  ),
  mutation(
    "cardinality/metric-labels",
    "the request id becomes a label",
    change(monitor("grafana"), "spec/endpoints/0/metricRelabelings", [
      { sourceLabels: ["path"], targetLabel: "request_id" },
    ]),
  ),
  mutation(
    "cardinality/span-metrics",
    "span metrics get the user as a dimension",
    change(gatewayConfig, `${collector}/connectors/span_metrics/dimensions/0/name`, "user.id"),
  ),
  mutation(
    "cardinality/stream-labels",
    "the session becomes a label of log streams",
    change(loki, "data/loki.yaml/distributor/otlp_config/default_resource_attributes_as_index_labels/0", "session.id"),
  ),
  mutation("cardinality/alloy-labels", "the trace id becomes a label of log streams", {
    object: alloy,
    path: alloyText,
    from: "stage.cri { }",
    to: 'stage.cri { }\n\n\tstage.labels {\n\t\tvalues = {\n\t\t\ttrace_id = "",\n\t\t}\n\t}',
  }),
  mutation(
    "cardinality/groupings",
    "an alert groups by URL",
    change(rulesOf("otel-gateway"), `${alert}/expr`, "sum by (url) (rate(http_requests_total[5m])) > 0"),
  ),
  mutation(
    "security/rbac-wildcards",
    "a role is given everything",
    change("ClusterRole//observability-grafana", "rules/0/resources", ["*"]),
  ),
  mutation(
    "security/rbac-secrets",
    "Grafana's sidecar reads all Secrets",
    change("ClusterRole//observability-grafana", "rules/0/resources", ["configmaps", "secrets"]),
  ),
  mutation(
    "security/admin-binding",
    "an account is bound to cluster-admin",
    change("ClusterRoleBinding//observability-agents-alloy", "roleRef/name", "cluster-admin"),
  ),
  mutation("security/ingress", "Mimir is exposed by an Ingress", {
    add: "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: mimir, namespace: observability}, spec: {tls: [{hosts: [m.example.com], secretName: m}], rules: [{host: m.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: mimir-distributor, port: {number: 8080}}}}]}}]}}",
  }),
  mutation(
    "security/exposed-service",
    "Grafana's Service becomes a NodePort",
    change("Service/observability/grafana", "spec/type", "NodePort"),
  ),
  mutation(
    "security/plain-secrets",
    "a password is written into the environment",
    change(distributor, `${container}/env/0`, { name: "S3_SECRET_KEY", value: "0123456789abcdef" }),
  ),
  mutation(
    "security/metrics-endpoint",
    "the metrics port is opened to everybody",
    change("NetworkPolicy/observability/otel-gateway", "spec/ingress/3/from", []),
  ),
  mutation(
    "security/default-deny",
    "the default denial is deleted",
    { without: "NetworkPolicy/observability/default-deny" },
    { without: "NetworkPolicy/observability/grafana" },
  ),
  mutation(
    "security/tls-verification",
    "certificates of the gateway are not verified",
    change(gatewayConfig, `${collector}/exporters/otlp_http~loki/tls`, { insecure_skip_verify: true }),
  ),
  mutation(
    "security/pod-security-level",
    "the namespace loses its Pod Security level",
    change("Namespace//observability", "metadata/labels", {}),
  ),
];
