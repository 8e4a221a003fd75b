import { type Change, change } from "../../policies/fixtures/fixture.ts";

/** A mistake that somebody could make in the rendered prod stack, and the rule that has to find it. */
export interface Mutation {
  readonly rule: string;
  readonly mistake: string;
  readonly changes: readonly Change[];
}

const mutation = (rule: string, mistake: string, ...changes: readonly Change[]): Mutation => ({
  rule,
  mistake,
  changes,
});

const pod = "spec/template/spec";
const container = `${pod}/containers/0`;
const context = `${container}/securityContext`;
const grafana = "Deployment/observability/grafana";
const distributor = "Deployment/observability/mimir-distributor";
const ingester = "StatefulSet/observability/loki-ingester";
const gateway = "StatefulSet/observability/otel-gateway-collector";
const agent = "DaemonSet/observability/otel-agent-collector";
const prometheus = "Prometheus/observability/kube-prometheus";
const gatewayConfig = "ConfigMap/observability/otel-gateway-collector";
const agentConfig = "ConfigMap/observability/otel-agent-collector";
const collector = "data/collector.yaml";
const alloy = "ConfigMap/observability-agents/alloy";
const alloyText = ["data", "config.alloy"];
const mimir = "ConfigMap/observability/mimir";
const loki = "ConfigMap/observability/loki";
const tempo = "ConfigMap/observability/tempo";
const rulesOf = (name: string) => `PrometheusRule/observability/${name}`;
const alert = "spec/groups/0/rules/0";
const sources = "ConfigMap/observability/grafana-data-sources";
const monitor = (name: string) => `ServiceMonitor/observability/${name}`;

const pods: readonly Mutation[] = [
  mutation(
    "pods/privileged",
    "a container is made privileged to debug it",
    change(distributor, `${context}/privileged`, true),
  ),
  mutation("pods/host-network", "the agent is put on the host network", change(agent, `${pod}/hostNetwork`, true)),
  mutation("pods/host-pid", "the agent shares the node's processes", change(agent, `${pod}/hostPID`, true)),
  mutation("pods/host-ipc", "Grafana shares the node's memory segments", change(grafana, `${pod}/hostIPC`, true)),
  mutation(
    "pods/host-path",
    "Grafana keeps its data on the node",
    change(grafana, `${pod}/volumes/1`, { name: "data", hostPath: { path: "/srv/grafana" } }),
  ),
  mutation(
    "pods/host-path",
    "Alloy reads one more path of the node",
    change("DaemonSet/observability-agents/alloy", `${pod}/volumes/3`, { name: "etc", hostPath: { path: "/etc" } }),
  ),
  mutation("pods/host-ports", "the agent listens on the node", change(agent, `${container}/ports/0/hostPort`, 4317)),
  mutation(
    "pods/added-capabilities",
    "a capability is added",
    change(distributor, `${context}/capabilities/add`, ["NET_ADMIN"]),
  ),
  mutation(
    "pods/ineffective-capabilities",
    "a capability is given to a user that is not root",
    change(distributor, `${context}/capabilities/add`, ["SYS_PTRACE"]),
  ),
  mutation(
    "pods/dropped-capabilities",
    "the default capabilities stay",
    change(distributor, `${context}/capabilities`),
  ),
  mutation("pods/run-as-non-root", "runAsNonRoot is lost", change(grafana, `${pod}/securityContext/runAsNonRoot`)),
  mutation(
    "pods/root-user",
    "Grafana runs as root to write its volume",
    change(grafana, `${pod}/securityContext/runAsUser`, 0),
  ),
  mutation(
    "pods/seccomp",
    "seccomp is switched off",
    change(gateway, `${pod}/securityContext/seccompProfile/type`, "Unconfined"),
  ),
  mutation(
    "pods/privilege-escalation",
    "privilege escalation is allowed",
    change(gateway, `${context}/allowPrivilegeEscalation`),
  ),
  mutation("pods/read-only-root", "the root is writable", change(grafana, `${context}/readOnlyRootFilesystem`, false)),
  mutation(
    "pods/volume-types",
    "a volume is mounted by NFS",
    change(grafana, `${pod}/volumes/1`, { name: "data", nfs: { server: "nas.example.com", path: "/" } }),
  ),
  mutation("pods/requests", "the CPU request is removed", change(distributor, `${container}/resources/requests/cpu`)),
  mutation("pods/memory-limit", "the memory limit is removed", change(ingester, `${container}/resources/limits`)),
  mutation(
    "pods/memory-limit",
    "the limit of Prometheus is below its request",
    change(prometheus, "spec/resources/limits/memory", "1Gi"),
  ),
  mutation(
    "pods/gomemlimit",
    "the limit is lowered and GOMEMLIMIT stays",
    change(gateway, `${container}/resources/limits/memory`, "300Mi"),
    change(gateway, `${container}/resources/requests/memory`, "300Mi"),
  ),
  mutation(
    "pods/image-tag",
    "an image is changed to latest",
    change(grafana, `${container}/image`, "grafana/grafana:latest"),
  ),
  mutation(
    "pods/probes-differ",
    "the liveness probe is as strict as the readiness probe",
    change(gateway, `${container}/livenessProbe/failureThreshold`, 2),
  ),
  mutation("pods/readiness", "the readiness probe is removed", change(distributor, `${container}/readinessProbe`)),
  mutation(
    "pods/token",
    "a token is mounted that nothing needs",
    change(distributor, `${pod}/automountServiceAccountToken`, true),
  ),
  mutation("availability/disruption-budget", "the budget of the gateways is deleted", {
    without: "PodDisruptionBudget/observability/otel-gateway-collector",
  }),
  mutation(
    "availability/satisfiable-budget",
    "a budget allows no eviction",
    change("PodDisruptionBudget/observability/mimir-distributor", "spec/maxUnavailable", 0),
  ),
  mutation(
    "availability/budget-selector",
    "a budget selects labels of another version",
    change("PodDisruptionBudget/observability/grafana", "spec/selector/matchLabels", { app: "grafana" }),
  ),
  mutation(
    "availability/spread",
    "the spread constraints are removed",
    change(distributor, `${pod}/topologySpreadConstraints`),
  ),
  mutation(
    "availability/spread-selector",
    "a spread constraint counts other pods",
    change(distributor, `${pod}/topologySpreadConstraints/0/labelSelector`, { matchLabels: { app: "mimir" } }),
  ),
  mutation("availability/headless-service", "the headless Service of the gateways is deleted", {
    without: "Service/observability/otel-gateway-collector-headless",
  }),
  mutation(
    "availability/grace-period",
    "a preStop hook sleeps longer than the grace period",
    change(grafana, `${container}/lifecycle/preStop`, { sleep: { seconds: 60 } }),
  ),
  mutation("availability/single-replica", "the gateway is scaled to one", change(gateway, "spec/replicas", 1)),
];

const wiring: readonly Mutation[] = [
  mutation(
    "wiring/monitor-found",
    "a monitor loses the label that Prometheus selects by",
    change(monitor("grafana"), ["metadata", "labels", "release"]),
  ),
  mutation(
    "wiring/monitor-found",
    "Prometheus selects by another label",
    change(prometheus, "spec/serviceMonitorSelector/matchLabels/release", "monitoring"),
  ),
  mutation(
    "wiring/rules-found",
    "alerts lose the label that Prometheus selects by",
    change(rulesOf("loki"), ["metadata", "labels", "release"]),
  ),
  mutation(
    "wiring/monitor-service",
    "a Service's labels are renamed",
    change("Service/observability/grafana", ["metadata", "labels"], { app: "grafana" }),
  ),
  mutation(
    "wiring/monitor-port",
    "a monitor names the port by number",
    change(monitor("grafana"), "spec/endpoints/0/port", "3000"),
  ),
  mutation(
    "wiring/target-port",
    "a container's port is renamed",
    change(distributor, `${container}/ports/0/name`, "web"),
  ),
  mutation(
    "wiring/service-pods",
    "a Service's selector has a typing mistake",
    change(
      "Service/observability/mimir-distributor",
      ["spec", "selector", "app.kubernetes.io/component"],
      "distribtor",
    ),
  ),
  mutation(
    "wiring/scrape-admitted",
    "the gateway's policy admits another port to Prometheus",
    change("NetworkPolicy/observability/otel-gateway", "spec/ingress/3/ports/0/port", 9464),
    change("NetworkPolicy/observability/otel-gateway", "spec/ingress/2/ports/0/port", 9465),
  ),
  mutation("wiring/scrape-admitted", "the policy of Grafana is deleted", {
    without: "NetworkPolicy/observability/grafana",
  }),
  mutation(
    "wiring/scraped-once",
    "the monitor of the gateways selects both of their Services",
    change(monitor("otel-gateway"), ["spec", "selector", "matchLabels"], {
      "app.kubernetes.io/name": "otel-gateway-collector",
    }),
  ),
  mutation(
    "wiring/address-service",
    "remote write names a Service that was renamed",
    change(
      prometheus,
      "spec/remoteWrite/0/url",
      "http://mimir-gateway.observability.svc.cluster.local:8080/api/v1/push",
    ),
  ),
  mutation(
    "wiring/address-service",
    "a data source names a Service of another release",
    change(
      sources,
      "data/skopos.yaml/datasources/0/url",
      "http://mimir-nginx.observability.svc.cluster.local:8080/prometheus",
    ),
  ),
  mutation(
    "wiring/address-port",
    "remote write uses the gRPC port's default",
    change(
      prometheus,
      "spec/remoteWrite/0/url",
      "http://mimir-distributor.observability.svc.cluster.local:9009/api/v1/push",
    ),
  ),
  mutation("wiring/address-port", "Loki's address has the port of Mimir", {
    object: alloy,
    path: alloyText,
    from: "loki-distributor.observability.svc.cluster.local:3100",
    to: "loki-distributor.observability.svc.cluster.local:8080",
  }),
  mutation("wiring/address-admitted", "the policy of Tempo is deleted", {
    without: "NetworkPolicy/observability/tempo-traces",
  }),
  mutation("wiring/address-admitted", "Prometheus may not send to Mimir any more", {
    without: "NetworkPolicy/observability/kube-prometheus-prometheus",
  }),
  mutation(
    "wiring/dns",
    "the rule for DNS is removed",
    change("NetworkPolicy/observability/otel-gateway", "spec/egress/0/ports", [{ port: 853, protocol: "TCP" }]),
  ),
  mutation(
    "wiring/references",
    "a ConfigMap is renamed",
    change(gateway, `${pod}/volumes/0/configMap/name`, "otel-gateway"),
  ),
  mutation("wiring/references", "a ConfigMap is deleted", { without: loki }),
  mutation("wiring/service-account", "a service account is deleted", { without: "ServiceAccount/observability/loki" }),
  mutation(
    "wiring/alertmanager",
    "the Alertmanager's Service is renamed",
    change(prometheus, "spec/alerting/alertmanagers/0/name", "alertmanager"),
  ),
  mutation(
    "wiring/receivers",
    "a receiver is renamed and its route is not",
    change(
      "Secret/observability/alertmanager-kube-prometheus",
      "stringData/alertmanager.yaml/receivers/1/name",
      "pager",
    ),
  ),
  mutation(
    "wiring/data-source",
    "a data source's uid is changed",
    change(sources, "data/skopos.yaml/datasources/0/uid", "mimir"),
  ),
  mutation(
    "wiring/readable",
    "a configuration has a tabulator",
    change(mimir, ["data", "mimir.yaml"], "server:\n\thttp_listen_port: 8080\n"),
  ),
];

const telemetry: readonly Mutation[] = [
  mutation(
    "metrics/retention-size",
    "the volume is made smaller",
    change(prometheus, "spec/storage/volumeClaimTemplate/spec/resources/requests/storage", "100Gi"),
  ),
  mutation("metrics/retention-time", "the retention is removed", change(prometheus, "spec/retention")),
  mutation(
    "metrics/remote-write-queue",
    "the queue is made tiny",
    change(prometheus, "spec/remoteWrite/0/queueConfig/capacity", 500),
  ),
  mutation(
    "metrics/remote-write-queue",
    "the shards are cut to two",
    change(prometheus, "spec/remoteWrite/0/queueConfig/maxShards", 2),
  ),
  mutation(
    "metrics/scrape-timeout",
    "the scrape interval is shortened",
    change(prometheus, "spec/scrapeInterval", "5s"),
  ),
  mutation(
    "metrics/ha-labels",
    "the replica label is removed",
    change(prometheus, "spec/remoteWrite/0/writeRelabelConfigs", []),
  ),
  mutation(
    "metrics/rate-window",
    "a rate is taken over half a minute",
    change(
      rulesOf("otel-gateway"),
      `${alert}/expr`,
      "sum by (pod) (rate(otelcol_receiver_refused_spans_total[30s])) > 0",
    ),
  ),
  mutation("metrics/sharded-rule", "Prometheus is sharded", change(prometheus, "spec/shards", 4)),
  mutation(
    "alerts/never-matches",
    "a ratio groups its sides by different labels",
    change(
      rulesOf("otel-gateway"),
      `${alert}/expr`,
      "sum by (pod) (rate(a[5m])) / sum by (instance) (rate(b[5m])) > 0.1",
    ),
  ),
  mutation(
    "alerts/readable",
    "a parenthesis is missing",
    change(rulesOf("otel-gateway"), `${alert}/expr`, "sum by (pod (rate(a[5m])) > 0"),
  ),
  mutation("alerts/short-for", "`for` is one evaluation", change(rulesOf("otel-gateway"), `${alert}/for`, "30s")),
  mutation(
    "alerts/runbook",
    "an alert is added without a runbook",
    change(rulesOf("otel-gateway"), `${alert}/annotations/runbook_url`),
  ),
  mutation(
    "alerts/links",
    "a runbook is linked by its path",
    change(rulesOf("otel-gateway"), `${alert}/annotations/runbook_url`, "runbooks/x.md"),
  ),
  mutation("alerts/severity", "an alert has no severity", change(rulesOf("otel-gateway"), `${alert}/labels`, {})),
  mutation(
    "alerts/template-labels",
    "a text names a label that is aggregated away",
    change(rulesOf("otel-gateway"), `${alert}/annotations/description`, "{{ $labels.node }} refuses"),
  ),
  mutation(
    "alerts/one-rule",
    "a rule is copied",
    change(rulesOf("otel-gateway"), "spec/groups/1", {
      name: "copy",
      rules: [
        { alert: "Copied", expr: "up == 0" },
        { alert: "Copied", expr: "up == 0" },
      ],
    }),
  ),
  mutation(
    "collectors/references",
    "a processor's name has a typing mistake",
    change(gatewayConfig, `${collector}/service/pipelines/traces/processors/0`, "memory_limter"),
  ),
  mutation(
    "collectors/unused",
    "the sampler is taken out of the pipeline",
    change(gatewayConfig, `${collector}/service/pipelines/traces/processors`, ["memory_limiter", "batch"]),
  ),
  mutation(
    "collectors/memory-limiter",
    "the memory limiter is moved behind the batch",
    change(agentConfig, `${collector}/service/pipelines/logs/processors`, ["batch", "memory_limiter"]),
  ),
  mutation(
    "collectors/memory-limit",
    "the limiter's limit is raised above the container's",
    change(gatewayConfig, `${collector}/processors/memory_limiter/limit_mib`, 2048),
  ),
  mutation(
    "collectors/batch-position",
    "the batch is moved before the sampler",
    change(gatewayConfig, `${collector}/service/pipelines/traces/processors`, [
      "memory_limiter",
      "batch",
      "tail_sampling",
    ]),
  ),
  mutation(
    "collectors/credentials",
    "a token is written into the configuration",
    change(agentConfig, `${collector}/exporters/load_balancing/protocol/otlp/headers`, {
      authorization: "Bearer 0123456789abcdef",
    }),
  ),
  mutation(
    "collectors/removed-components",
    "the logging exporter is used",
    change(agentConfig, `${collector}/exporters/logging`, {}),
  ),
  mutation(
    "collectors/trace-routing",
    "traces go to the gateways' ordinary Service",
    change(agentConfig, `${collector}/exporters/otlp_grpc~traces`, {
      endpoint: "otel-gateway-collector.observability.svc.cluster.local:4317",
    }),
    change(agentConfig, `${collector}/service/pipelines/traces/exporters`, ["otlp_grpc/traces"]),
  ),
  mutation(
    "collectors/decision-wait",
    "the sampler waits longer than the grace period",
    change(gatewayConfig, `${collector}/processors/tail_sampling/decision_wait`, "2m"),
  ),
  mutation(
    "collectors/traces-held",
    "the sampler holds a thousand traces",
    change(gatewayConfig, `${collector}/processors/tail_sampling/num_traces`, 1000),
  ),
  mutation("collectors/alloy-references", "an Alloy component is renamed in one place", {
    object: alloy,
    path: alloyText,
    from: "loki.process.pods.receiver",
    to: "loki.process.logs.receiver",
  }),
  mutation("collectors/alloy-routing", "Alloy routes traces by service", {
    object: alloy,
    path: alloyText,
    from: '"traceID"',
    to: '"service"',
  }),
  mutation("collectors/alloy-credentials", "a password is written into Alloy's configuration", {
    object: alloy,
    path: alloyText,
    from: 'tenant_id = "anonymous"',
    to: 'tenant_id = "anonymous"\n\n\t\tbasic_auth {\n\t\t\tusername = "alloy"\n\t\t\tpassword = "0123456789abcdef"\n\t\t}',
  }),
  mutation(
    "collectors/alloy-memory-limit",
    "Alloy's limiter is raised above the container's limit",
    change("DaemonSet/observability-agents/alloy", `${container}/resources/limits/memory`, "128Mi"),
    change("DaemonSet/observability-agents/alloy", `${container}/resources/requests/memory`, "128Mi"),
  ),
];

const stores: readonly Mutation[] = [
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
    change("NetworkPolicy/observability/otel-gateway", "spec/ingress/2/from", []),
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

/** Every mistake. */
export const mutations: readonly Mutation[] = [...pods, ...wiring, ...telemetry, ...stores];
