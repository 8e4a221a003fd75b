// Configurations that are rejected, for the tests of the message of each, of its fix, and of the JSON Schema.
import type { ProblemCode } from "../../stacks/problem.ts";

/** The least that a stack must say. */
export const least = {
  cluster: { name: "c", version: "1.35", networkPolicies: false, context: "c" },
  retention: "standard",
  scale: "small",
  objectStorage: { kind: "s3", endpoint: "s3.example.com", region: "eu", identity: { role: "r" } },
};

export const external = (url: string) => ({ components: { loki: { external: { url } } } });
export const cluster = (more: object) => ({ cluster: { ...least.cluster, ...more } });
export const store = (more: object) => ({ objectStorage: { ...least.objectStorage, ...more } });
export const receiver = (more: object) => ({
  alerts: { receivers: [{ kind: "webhook", name: "team", url: { secret: "s", key: "k" }, ...more }] },
});
export const mail = (server: object) => ({
  alerts: { receivers: [{ kind: "email", name: "m", to: "a@b.example", from: "c@d.example", server }] },
});

/** Additions to the gateways. */
const collected = (otelGateway: object) => ({ extra: { collectors: { otelGateway } } });

/** Text in the wrong format, with its place. */
export const wrongFormats: readonly (readonly [config: object, path: string])[] = [
  [{ runbooks: "https://user:pass@runbooks.example.com" }, "runbooks"],
  [{ alerts: { rules: { CoreDNSDown: { summary: "{{ $labels.pod" } } } }, "alerts.rules.CoreDNSDown.summary"],
  ...["$__env{GF_SMTP_PASSWORD}", "Grafana ${HOME}", "$__file{/etc/passwd}"].map(
    (fromName): readonly [object, string] => [
      { components: { grafana: { smtp: { host: "a.example.com:25", from: "a@b.example", fromName } } } },
      "components.grafana.smtp.fromName",
    ],
  ),
  [external("loki:3100"), "components.loki.external.url"],
  [external("loki.example.com"), "components.loki.external.url"],
  [external("ftp://loki.example.com"), "components.loki.external.url"],
  [external("https://user:pass@loki.example.com"), "components.loki.external.url"],
  [external("https://loki.example.com?tenant=a"), "components.loki.external.url"],
  [store({ endpoint: "https://s3.example.com" }), "objectStorage.endpoint"],
  [store({ endpoint: "s3.example.com/bucket" }), "objectStorage.endpoint"],
  [store({ endpoint: "s3.example.com:99999" }), "objectStorage.endpoint"],
  [store({ prefix: "Prod_" }), "objectStorage.prefix"],
  [{ components: { grafana: { host: "https://g" } } }, "components.grafana.host"],
  [{ components: { grafana: { host: "g.example.com/sub" } } }, "components.grafana.host"],
  [cluster({ nodeCidrs: ["10.0.0.0/99"] }), "cluster.nodeCidrs[0]"],
  [cluster({ nodeCidrs: ["fd00::/129"] }), "cluster.nodeCidrs[0]"],
  [cluster({ nodeCidrs: ["10.0.0/8"] }), "cluster.nodeCidrs[0]"],
  [cluster({ name: "a,b=c" }), "cluster.name"],
  [cluster({ storageClass: "Fast SSD" }), "cluster.storageClass"],
  [{ namespaces: { stack: "Observability" } }, "namespaces.stack"],
  [{ images: { registries: { "docker.io": "https://mirror" } } }, 'images.registries["docker.io"]'],
  [
    { extra: { manifests: [{ apiVersion: "v1", kind: "Config/Map", metadata: { name: "a" } }] } },
    "extra.manifests[0].kind",
  ],
  [receiver({ labels: { "my team": "a" } }), 'alerts.receivers[0].labels["my team"]'],
  [mail({ host: "smtp:587", port: 587 }), "alerts.receivers[0].server.host"],
  [{ components: { mimir: { tenant: "team/a" } } }, "components.mimir.tenant"],
  [{ components: { traces: { kafka: { address: "kafka://k:9092" } } } }, "components.traces.kafka.address"],
  [{ components: { otelAgent: { nodeSelector: { "a b": "c" } } } }, 'components.otelAgent.nodeSelector["a b"]'],
];

/** Numbers out of range, with what the fix sets. */
export const outOfRange: readonly (readonly [config: object, fix: string])[] = [
  [{ workload: { scrapeInterval: "10m" } }, "scrapeInterval: 2m"],
  [{ workload: { nodes: 0 } }, "nodes: 1"],
  [{ workload: { activeSeries: "9".repeat(400) } }, "activeSeries: 10G"],
  [{ workload: { spansPerTrace: 0 } }, "spansPerTrace: 1"],
  [{ components: { otelGateway: { tailSampling: { keepPercent: 101 } } } }, "keepPercent: 100"],
  [{ components: { otelGateway: { replicas: 0 } } }, "replicas: 1"],
];

/** Looks like a secret. */
export const secret = "xoxb-1234567890-Sup3rS3cr3tT0ken";
const slack = { kind: "slack", name: "s", channel: "#a" };

/** Secrets where they must not stand, with the code of the error. */
export const plainSecrets: readonly (readonly [config: object, code: ProblemCode])[] = [
  [{ images: { registries: { "docker.io": `robot:${secret}@mirror.example.com` } } }, "SKP1012"],
  [{ runbooks: `https://user:${secret}@runbooks.example.com` }, "SKP1012"],
  [{ alerts: { receivers: [{ ...slack, webhookUrl: `https://hooks.slack.com/services/${secret}` }] } }, "SKP1010"],
  [store({ credentials: { accessKeyId: secret, secretAccessKey: { secret: "s", key: "k" } } }), "SKP1010"],
  [{ components: { grafana: { encryptionKey: secret } } }, "SKP1010"],
  [{ components: { grafana: { adminSecret: { name: secret } } } }, "SKP1012"],
  [{ grafanaAdminPassword: secret }, "SKP1010"],
  [cluster({ kubeconfig: `apiVersion: v1\nusers: [{token: ${secret}}]` }), "SKP1010"],
  [external(`https://user:${secret}@loki.example.com`), "SKP1012"],
  [{ scale: secret }, "SKP1004"],
  [{ workload: { nodes: secret } }, "SKP1002"],
  [{ alerts: { receivers: [{ kind: secret }] } }, "SKP1004"],
  [{ availability: [secret] }, "SKP1004"],
];

const disks = { objectStorage: { kind: "filesystem" }, availability: "single" };
const reference = { secret: "s", key: "k" };
const alerts = { receivers: [{ kind: "webhook", name: "team", url: reference }], deadMansSwitch: reference };
const url = "https://x.example.com";
const custom = {
  muteTimes: { nights: [{ times: [{ start_time: "18:00", end_time: "24:00" }] }] },
  routes: [{ receiver: "nobody", matchers: ['team="shop"'] }],
  inhibitions: [{ source_matchers: ['alertname="A"'], target_matchers: ['severity="warning"'] }],
  configNamespaces: ["team"],
  externalUrl: url,
};
const managed = { external: { url } };
const externalTraces = { backend: "tempo", otlp: "https://x.example.com:4317", query: url };
const search = { kind: "elasticsearch", urls: [url] };
const kafka = { address: "kafka:9092" };

/** Settings without effect: the keys, and the configuration. */
export const withoutEffect: readonly (readonly [keys: readonly string[], config: object])[] = [
  [["alerts.rules.CoreDNSDown.for"], { alerts: { rules: { CoreDNSDown: { enabled: false, for: "5m" } } } }],
  [["alerts.receivers", "alerts.deadMansSwitch"], { alerts, components: { alertmanager: managed } }],
  [["alerts.receivers", "alerts.deadMansSwitch"], { alerts, components: { prometheus: "off" } }],
  [
    ["alerts.muteTimes", "alerts.routes", "alerts.inhibitions", "alerts.configNamespaces", "alerts.externalUrl"],
    { alerts: custom, components: { prometheus: "off" } },
  ],
  [
    ["alerts.muteTimes", "alerts.routes", "alerts.inhibitions", "alerts.configNamespaces", "alerts.externalUrl"],
    { alerts: custom, components: { alertmanager: managed } },
  ],
  [["grafanaAdminPassword"], { grafanaAdminPassword: { secure: "v1" }, components: { grafana: "off" } }],
  [["components.prometheus.remoteRead"], { components: { prometheus: { remoteRead: true }, mimir: "off" } }],
  [["components.alloy.logSource"], { components: { alloy: { logSource: "api" }, loki: "off" } }],
  [["components.mimir.bucketLifecycle"], { ...disks, components: { mimir: { bucketLifecycle: "10y" } } }],
  [["components.loki.bucketLifecycle"], { ...disks, components: { loki: { bucketLifecycle: "10y" } } }],
  [["components.traces.storage"], { components: { traces: { backend: "tempo", storage: search } } }],
  [["components.traces.kafka"], { components: { traces: { backend: "jaeger", kafka } } }],
  [["cluster.networkEngine"], cluster({ networkEngine: "cilium" })],
  [["cluster.dns"], cluster({ dns: { cidrs: ["169.254.20.10/32"] } })],
  [["cluster.dns"], cluster({ networkPolicies: true, networkEngine: "none", dns: { cidrs: ["169.254.20.10/32"] } })],
  [["retention.archive"], { retention: "archive", components: { mimir: "off" } }],
  [["retention.archive"], { retention: { profile: "archive", loki: "30d" }, components: { mimir: managed } }],
  [["retention.archive"], { retention: { profile: "standard", archive: "3y" }, components: { mimir: managed } }],
  [["cluster.loadBalancerCidrs"], cluster({ loadBalancerCidrs: ["10.3.0.0/24"] })],
  [["cluster.tunnelCidrs"], cluster({ networkPolicies: true, networkEngine: "cilium", tunnelCidrs: ["10.4.0.0/16"] })],
  [["components.mimir.mode"], { components: { mimir: { ...managed, mode: "monolithic" } } }],
  [["components.loki.mode"], { components: { loki: { ...managed, mode: "monolithic" } } }],
  [
    ["components.loki.streamRetention"],
    {
      components: {
        loki: { ...managed, streamRetention: [{ selector: '{a="b"}', priority: 1, retention: "24h" }] },
      },
    },
  ],
  [["components.traces.kafka"], { components: { traces: { external: externalTraces, backend: "tempo", kafka } } }],
  [
    ["extra.remoteWrites"],
    {
      components: { prometheus: managed },
      extra: { remoteWrites: [{ name: "a", url: "https://a.example.com" }] },
    },
  ],
  [
    ["components.mimir.workloads.ingester.serviceAccount"],
    {
      scale: "large",
      components: {
        traces: { backend: "tempo", kafka },
        mimir: { workloads: { ingester: { serviceAccount: { annotations: { a: "b" } } } } },
      },
    },
  ],
  [["tenants.a.mimir"], { components: { mimir: "off" }, tenants: { a: { namespaces: ["a"], mimir: {}, loki: {} } } }],
  [["tenants"], { components: { mimir: managed, loki: managed }, tenants: { a: { namespaces: ["a"] } } }],
  [["tenants.a.folder"], { components: { grafana: managed }, tenants: { a: { namespaces: ["a"], folder: "A" } } }],
  [["components.grafana.host"], { components: { grafana: { ...managed, host: "grafana.example.com" } } }],
];

/** Tempo with the Kafka that it needs at `large`. */
export const tempo = { backend: "tempo", kafka: { address: "kafka.example.com:9092" } };

/** One configuration a code, wrong in that one way. */
export const mistakes: readonly (readonly [ProblemCode, object])[] = [
  ["SKP1001", { ...least, retentoin: "standard" }],
  ["SKP1002", { ...least, workload: { scrapeInterval: "15 dayz" } }],
  ["SKP1003", { ...least, cluster: { ...least.cluster, name: undefined } }],
  ["SKP1004", { ...least, scale: "tiny" }],
  ["SKP1010", { ...least, components: { grafana: { encryptionKey: "plain" } } }],
  ["SKP1012", { ...least, components: { grafana: { host: "https://grafana.example.com" } } }],
  ["SKP1201", { ...least, cluster: { ...least.cluster, version: "1.20" } }],
  ["SKP1202", { ...least, cluster: { ...least.cluster, networkPolicies: true, nodeCidrs: ["10.0.0.0/8"] } }],
  ["SKP1203", { ...least, components: { otelAgent: { routing: "any" } } }],
  ["SKP1204", { ...least, components: { otelAgent: { nodeSelector: { a: "b" }, service: "node-local" } } }],
  ["SKP1205", { ...least, workload: { activeSeries: "10M" } }],
  ["SKP1206", { ...least, scale: "large", retention: "ephemeral", components: { traces: tempo } }],
  ["SKP1207", { ...least, objectStorage: { kind: "gcs" } }],
  ["SKP1208", { ...least, cluster: { ...least.cluster, context: undefined } }],
  [
    "SKP1209",
    {
      ...least,
      cluster: { ...least.cluster, platform: "gke-autopilot" },
      components: { alloy: "off", nodeExporter: "off" },
    },
  ],
  ["SKP1210", { ...least, components: { otelGateway: "off" } }],
  ["SKP1280", { ...least, components: { flowAgent: { config: { server: { port: 9464 } } } } }],
  ["SKP1211", { ...least, objectStorage: { kind: "filesystem" } }],
  ["SKP1011", { ...least, components: { otelGateway: { tailSampling: { decisionWait: "0s" } } } }],
  ["SKP1217", { ...least, components: { alloy: "off", nodeExporter: "off" } }],
  [
    "SKP1219",
    { ...least, alerts: { receivers: [{ kind: "webhook", name: "nobody", url: { secret: "s", key: "k" } }] } },
  ],
  ["SKP1220", { ...least, namespaces: { stack: "kube-system" } }],
  ["SKP1214", { ...least, scale: "large" }],
  ["SKP1215", { ...least, components: { grafana: { replicas: 2 } } }],
  [
    "SKP1324",
    {
      ...least,
      scale: "large",
      components: {
        prometheus: { route: { kind: "ingress", host: "p.example.com", annotations: { "auth-url": "a" } } },
        traces: tempo,
      },
    },
  ],
  ["SKP1216", { ...least, scale: "large", components: { prometheus: { remoteRead: true }, traces: tempo } }],
  ["SKP1213", { ...least, collectors: "operator", components: { otelAgent: { nodeSelector: { a: "b" } } } }],
];

const amounts = (more: object) => ({ components: { mimir: more } });
const patch = (more: object) => ({ patches: [{ target: { kind: "StatefulSet", name: "mimir" }, ...more }] });
const large = { scale: "large", components: { traces: tempo } };
const authenticated = {
  kind: "ingress",
  annotations: { "nginx.ingress.kubernetes.io/auth-url": "https://login.example.com/oauth2/auth" },
};
const many = { kind: "webhook", url: { secret: "s", key: "k" } };

/** Configurations with a mistake of each other kind, some with several. */
const others: readonly object[] = [
  ...["mimir-blocks", "loki", "tempo"].map((archiveBucket) => ({
    retention: "archive",
    components: { mimir: { archiveBucket }, traces: { backend: "tempo" } },
  })),
  { alerts: { rules: { KubeletDown: {}, CoreDNSDown: { enabled: true, labels: {} } } } },
  { alerts: { rules: { KubeletDown: { enabled: false }, "KubeletDown/critical": { for: "1h" } } } },
  { workload: { scrapeInterval: "1:30", logsPerDay: 16 } },
  { tenants: { a: { namespaces: ["a"], mimir: { max_global_series_per_user: "lots", ingestion_rate: -1 } } } },
  { tenants: { a: { namespaces: ["a"], loki: { retention_period: "forever", max_line_size: null } } } },
  { alerts: { routes: [{ receiver: "nobdy" }, { matchers: "x", matcher: [] }, { foo: 1 }, { group_by: ["a", "a"] }] } },
  {
    alerts: {
      routes: [
        { continue: "yes", group_interval: "0s" },
        { group_by: ["...", "a"], match: { "a b": "c" } },
      ],
    },
  },
  {
    alerts: { muteTimes: { nights: [{ weekdays: ["funday"], times: [{ start_time: "25:00", end_time: "26:00" }] }] } },
  },
  { alerts: { inhibitions: [{ source_matchers: ["x"], target_matchers: ['a="b"'], equals: ["cluster"] }] } },
  ...[{}, { nights: [{ weekdays: ["monday"] }], days: [{}] }].map((muteTimes) => ({
    alerts: { muteTimes, receivers: [{ ...many, name: "a", muteDuring: ["nigths"] }] },
  })),
  { images: { pullSecrets: "regcred" } },
  { components: { flowAgent: "on", traces: "off" } },
  {
    components: {
      flowAgent: {
        config: { flows: { max: 10, recordInterval: "often" }, filters: {}, export: { endpoints: [] } },
      },
    },
  },
  { components: { prometheus: { route: { kind: "ingress", host: "prometheus.example.com" } } } },
  { retention: "archive", tenants: { restored: { namespaces: ["a"] } } },
  {
    extra: { rules: [{ name: "a", rules: [{ alert: "A", expr: "up{a='}", annotations: { summary: "{{ $value" } }] }] },
  },
  { extra: { manifests: [{ apiVersion: "apps/v1", kind: "Deploymnt", metadata: { name: "a" } }] } },
  { extra: { rules: [1, 2].map(() => ({ name: "a", rules: [{ record: "a", expr: "1" }] })) } },
  collected({ exporters: { kafak: {} }, pipelines: { "traces/own": { receivers: ["otlp"], exporters: ["kafak"] } } }),
  collected({
    processors: { batch: {}, "attributes/own": {} },
    pipelines: { trace: {}, traces: { processors: ["x"] } },
  }),
  collected({ receivers: { zipkin: { endpoint: "0.0.0.0:9411" } }, pipelines: { traces: { receivers: ["zipkin"] } } }),
  collected({
    exporters: { kafka: { brokers: ["kafka.example.com:9092"], auth: { sasl: { password: "hunter2" } } } },
    pipelines: { logs: { exporters: ["kafka"] } },
  }),
  { components: { otelGateway: "off", otelAgent: "off" }, ...collected({ processors: { attributes: {} } }) },
  { alerts: { templates: { a: '{{ define "a" }}{{ if .Alerts }}{{ end }}', b: "no template" } } },
  {
    alerts: { templates: { a: '{{ define "own" }}{{ end }}', b: '{{ define "own" }}{{ template "owm" . }}{{ end }}' } },
  },
  {
    extra: {
      scrapes: [
        { name: "a", spec: { staticConfigs: [{ targets: "a:1" }] } },
        { name: "a", spec: {} },
      ],
    },
  },
  ...[
    { staticConfigs: [{ targets: ["vm:9100", "http://vm:9100", "vm:99999"] }] },
    { httpSDConfigs: [{ url: "https://a.example.com/#a" }, { url: "https://me:hunter2@a.example.com/?a=b" }] },
    { staticConfigs: [] },
  ].map((spec) => ({ extra: { scrapes: [{ name: "a", spec }] } })),
  { extra: { scrapes: [{ name: "A", spec: [], ports: [0] }] } },
  { components: { prometheus: managed }, extra: { scrapes: [{ name: "a", spec: {} }] } },
  {
    components: {
      grafana: {
        smtp: { host: "smtp://a", from: "me", auth: { username: "a", password: "hunter2" } },
        plugins: ["1.0.0", "latest"].map((version) => ({ id: "grafana-clock-panel", version })),
      },
    },
  },
  {
    components: { grafana: { plugins: ["1.0.0", "1.0.1"].map((version) => ({ id: "grafana-clock-panel", version })) } },
  },
  { components: { grafana: { ...managed, plugins: [{ id: "a", version: "1.0.0" }] } } },
  { extra: { remoteWrites: [{ name: "a", url, headers: { Authorization: "Bearer hunter2", "X-Scope-OrgID": "a" } }] } },
  {
    extra: {
      dataSources: [
        {
          name: "a",
          uid: "a",
          type: "loki",
          url,
          jsonData: { httpHeaderValue1: "hunter2", auth: { password: "hunter2" } },
        },
      ],
    },
  },
  {
    extra: {
      scrapes: [{ name: "a", spec: { staticConfigs: [{ targets: ["a:1"] }], params: { token: ["hunter2"] } } }],
    },
  },
  collected({
    exporters: {
      otlp_http: {
        endpoint: "https://a.example.com/?apikey=hunter2",
        headers: { "x-vendor": "hunter2", "x-other": "$${hunter2}", "x-third": "${env:X:-Bearer hunter2}" },
      },
    },
    extensions: { headers_setter: { headers: [{ key: "x-vendor", value: "hunter2" }] } },
  }),
  ...[["Own", "Own"], ["Metrics"]].map((names) => ({
    extra: { dataSources: names.map((name, index) => ({ name, uid: `own-${index}`, type: "loki", url })) },
  })),
  { extra: { certificateAuthorities: [{ configMap: "ca" }, { configMap: "ca" }, { secret: "ca", key: "ca.crt" }] } },
  { extra: { certificateAuthorities: [{ configMap: "CA" }, { configMap: "a", secret: "b" }] } },
  {
    extra: { certificateAuthorities: [{ configMap: "ca" }] },
    components: { mimir: { extraEnv: { SSL_CERT_DIR: "/certs" } } },
  },
  { extra: { logAlerts: [1, 2].map(() => ({ name: "a", rules: [{ alert: "A", expr: 'rate({a="b"}[5m])' }] })) } },
  {
    extra: { logAlerts: [{ name: "a", rules: [{ alert: "A", expr: "{a=", annotations: { summary: "{{ $value" } }] }] },
  },
  {
    extra: {
      logAlerts: ["a", "b"].map((name) => ({
        name,
        rules: [
          { alert: "A", expr: '{a="b"} |= "c"', labels: { alertname: "B" } },
          { alert: "B", expr: '({a="b"})' },
        ],
      })),
    },
  },
  { extra: { rules: [{ name: "a", rules: [{ alert: "A", expr: "up == 0", labels: { alertname: "B" } }] }] } },
  { extra: { logAlerts: ["a", "b"].map((name) => ({ name, rules: [{ alert: "A", expr: 'rate({a="b"}[400d])' }] })) } },
  {
    components: { loki: managed },
    extra: { logAlerts: [{ name: "a", rules: [{ alert: "A", expr: 'rate({a="b"}[5m])' }] }] },
  },
  ...[
    "stage.drop { expression = ",
    "stage.jsn { }",
    'loki.write "a" { }',
    "a = 1",
    "",
    'stage.match { loki.echo "a" { } }',
  ].map((logStages) => ({ extra: { logStages } })),
  { extra: { logStages: 'stage.template { source = "a", template = "xoxb-1" }'.replace(",", "\n") } },
  { extra: { logStages: "stage.decolorize { }" }, components: { alloy: { enabled: false } } },
  // The structure of a file.
  { cluster: undefined },
  { retention: undefined },
  { scale: undefined },
  { scale: 5 },
  { cluster: "prod" },
  { cluster: { ...least.cluster, name: 5, networkPolicies: "yes" } },
  { cluster: { ...least.cluster, version: undefined } },
  { cluster: { ...least.cluster, zones: "a" } },
  { cluster: { ...least.cluster, zones: [] } },
  { cluster: { ...least.cluster, zones: ["a", "a", "b"] } },
  { cluster: { ...least.cluster, nodeCidrs: ["10.0.0.0/8", 5] } },
  { cluster: { ...least.cluster, dns: { ports: [] } } },
  { workload: { nodes: true, activeSeries: ["a"], scrapeInterval: "15 days", logsPerDay: "often" } },
  { workload: ["nodes"] },
  { components: { otelGateway: { replicas: 1.5 } } },
  { components: { otelGateway: { replicas: "2" } } },
  { components: { grafana: "yes" } },
  { components: { grafana: { route: "ingress" } } },
  { components: { grafana: { route: { kind: "ingres" } } } },
  { components: { grafana: { route: {} } } },
  { components: { grafana: { database: { host: "postgres" } } } },
  { components: { otelGateway: { probePaths: ["/healthz", "healthz", "/healthz"] } } },
  { components: { traces: { backend: "jaeger", storage: { kind: "elastic", urls: [] } } } },
  { objectStorage: {} },
  { components: { grafana: { external: { url: "https://grafana.example.com", tenant: "a" } } } },
  { components: { prometheus: { route: { kind: "ingress", host: "p.example.com" } } } },
  { alerts: { route: { kind: "ingress", host: "a.example.com" } } },
  { workload: { flowsPerSecondPerNode: 500 } },
  { objectStorage: { kind: "s3" } },
  { objectStorage: { ...least.objectStorage, identity: { role: "" } } },
  { retention: { profile: "standard", loki: "30 dayz", mimir: true } },
  { retention: "standard", keep: { loki: "30d" } },
  { priorityClassName: "high" },
  { images: { registries: { docker: "mirror", "dockr.io": "mirror.example.com" }, pullSecrets: ["a", "a"] } },
  { policies: { "pods/host-path": { severity: "bad" }, "pods/other": 5 } },
  { waivers: [{ rule: "", object: "x", owner: "me", reason: "short", expires: "soon" }] },
  {
    waivers: [
      { rule: "pods/host-path", object: "Pod//a", owner: "me", reason: "It has to be.", expires: "2027-02-31" },
    ],
  },
  { prices: { cpuCoreMonth: -1 } },
  { alerts: { receivers: [many, { ...many, name: "a", kind: "webhok" }, { name: "b" }, "c"] } },
  {
    alerts: {
      receivers: [
        { ...many, name: "a" },
        { ...many, name: "a", severities: [], port: "http" },
      ],
    },
  },
  { alerts: { receivers: { name: "a" } } },
  { defaults: { tolerations: [{ operator: "exists" }, { key: "a b" }], affinity: { nodeAffinity: { x: 1 } } } },
  { defaults: { podLabels: { "my label": "x" }, extraEnv: { "A-B": "x", C: { feld: "x" } } } },
  { patches: [{ target: { kind: "Service" } }, { target: { kind: "*", name: "*" } }] },
  {
    patches: [
      {
        target: { kind: "*", name: "*" },
        json: [
          { op: "delete", path: "/spec" },
          { op: "add", path: "spec" },
        ],
      },
    ],
  },
  // The meaning of a file.
  { cluster: { ...least.cluster, nodeCidrs: ["fd00::/64"] } },
  { cluster: { ...least.cluster, version: "1.99" } },
  { ...large, cluster: { ...least.cluster, zones: ["a", "b"] } },
  { ...large, components: { traces: tempo, mimir: "off" } },
  { ...large, components: { traces: { backend: "tempo" } } },
  { ...large, components: { traces: tempo, mimir: { mode: "monolithic" }, loki: { mode: "monolithic" } } },
  { ...large, components: { traces: tempo, mimir: { replicas: 3, workloads: { ingester: { replicas: 2 } } } } },
  { ...large, components: { traces: tempo, loki: { disk: "1Gi", workloads: { ingester: { replicas: 4 } } } } },
  { workload: { spansPerSecond: "90M" }, scale: "xlarge", components: { traces: tempo } },
  { workload: { spansPerSecond: "20k" }, scale: "medium", components: { traces: { backend: "tempo" } } },
  { retention: { profile: "standard", aggregates: "1d", mimir: "30d" } },
  { retention: "extended", components: { mimir: { tenant: "long-term" } } },
  { retention: { profile: "ephemeral", loki: "3d" }, ...large },
  { components: { mimir: { tenant: "long-term", bucketLifecycle: "1d" }, loki: { bucketLifecycle: "1d" } } },
  { components: { grafana: { route: { kind: "ingress" } } } },
  {
    components: { grafana: { host: "g.example.com", route: { kind: "ingress", className: "alb", tlsSecret: "tls" } } },
  },
  ...[
    { "alb.ingress.kubernetes.io/listen-ports": '[{"HTTP": 80}]', "nginx.ingress.kubernetes.io/ssl-redirect": "false" },
  ].flatMap((annotations) => [
    { components: { grafana: { host: "g.example.com", route: { kind: "ingress", annotations } } } },
    {
      components: {
        otelGateway: {
          route: { kind: "ingress", host: "otlp.example.com", authentication: { tokens: reference }, annotations },
        },
      },
    },
  ]),
  ...[
    ["otlp.example.com", "grafana.example.com"],
    ["grafana.example.com", "otlp.example.com"],
    ["otlp.EXAMPLE.com", "10.0.0.1"],
  ].map(([host, grpcHost]) => ({
    components: {
      grafana: { host: "grafana.example.com", route: { kind: "ingress" } },
      otelGateway: { route: { kind: "ingress", host, grpcHost, authentication: { tokens: reference } } },
    },
  })),
  {
    alerts: { route: { ...authenticated, host: "example.com" } },
    components: {
      grafana: { host: "example.com", route: { kind: "ingress" } },
      prometheus: { route: { ...authenticated, host: "EXAMPLE.com" } },
    },
  },
  { components: { grafana: { host: "10.0.0.1", route: { kind: "ingress" } } } },
  { components: { prometheus: { route: { kind: "ingress", host: "prometheus.example.com" } } } },
  { alerts: { route: { kind: "gateway", host: "alerts.example.com", gateway: { name: "main" } } } },
  { components: { prometheus: { controlPlane: ["etcd"] } }, cluster: { ...least.cluster, platform: "eks" } },
  { objectStorage: { kind: "filesystem" }, availability: "single", components: { loki: { disk: "1Gi" } } },
  { ...large, components: { traces: tempo, loki: { workloads: { compactor: { replicas: 2 } } } } },
  { ...large, components: { traces: tempo, mimir: { workloads: { querier: { disk: "1Gi" }, mimr: {} } } } },
  amounts({ resources: { requests: { memory: "4Gi", cpu: 2 }, limits: { memory: "2Gi", cpu: 1 } } }),
  amounts({ replicas: 2 }),
  amounts({ workloads: { ingester: { replicas: 3 } } }),
  amounts({ resources: { limits: { memory: "64Mi", cpu: "1m" } } }),
  amounts({ resources: { requests: { cpu: "lots", memory: "2 GB of it" } }, disk: "100G" }),
  amounts({ podLabels: { "app.kubernetes.io/name": "x" }, podAnnotations: { "checksum/x": "y" } }),
  amounts({ nodeSelector: { "kubernetes.io/os": "windows" }, extraEnv: { GOMEMLIMIT: "1" } }),
  { components: { alertmanager: { replicas: 0 }, pushgateway: { stale: "1s", disk: "1B" } } },
  { components: { prometheus: { workloads: { operator: { replicas: 2, disk: "1Gi" } } } } },
  { components: { traces: { replicas: 2 } } },
  { components: { grafana: { extraEnv: { GF_PATHS_DATA: "/x", GF_SECURITY_ADMIN_USER: "x" } } } },
  {
    alerts: {
      rules: { MimirIngesterUnhealty: { enabled: false }, "Prometheus/Down": { for: "1h" }, Nothing: { for: "1h" } },
    },
  },
  {
    alerts: {
      rules: { Watchdog: { threshold: 5 }, KubePersistentVolumeFillingUp: { threshold: 5, severity: "info" } },
    },
  },
  { retention: "archive", objectStorage: { kind: "filesystem" }, availability: "single" },
  { tenants: { anonymous: { namespaces: ["a"] }, b: { namespaces: ["c", "a"] }, "d/e": { namespaces: ["f"] } } },
  { ...large, scale: "xlarge", components: { traces: tempo }, tenants: { a: { namespaces: ["a"] } } },
  {
    extra: {
      manifests: [
        { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, stringData: { password: "hunter2" } },
        { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "b" } },
        { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "b" } },
      ],
      rules: [{ name: "a", rules: [{ alert: "A", expr: "sum(up" }, { expr: "1" }] }],
      dashboards: [{ json: { uid: "a b", title: "A" } }],
      remoteWrites: [
        { name: "a", url: "https://a.example.com", basicAuth: { username: "me", password: "hunter2" } },
        { name: "long-term", url: "ftp://a.example.com" },
      ],
    },
  },
  {
    extra: {
      manifests: [{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" }, spec: { replicas: "two" } }],
      rules: [
        { name: "a", rules: [{ record: "a", expr: "1" }] },
        { name: "a", rules: [{ record: "b", expr: "1" }] },
      ],
      dashboards: [{ json: { uid: "a", title: "A", panels: [{ targets: [{ expr: "sum(" }] }] } }],
    },
  },
  patch({ merge: { metadata: { name: "other" } } }),
  patch({ json: [{ op: "replace", path: "/metadata/name", value: "other" }] }),
  patch({ json: [{ op: "replace", path: "/spec/other", value: 1 }] }),
  patch({ json: [{ op: "remove", path: "/spec/other" }] }),
  patch({
    json: [
      { op: "add", path: "/spec/x", value: 1 },
      { op: "add", path: "/spec/other/x", value: 1 },
    ],
  }),
  patch({ json: [{ op: "test", path: "/spec/replicas", value: 99 }] }),
  patch({ merge: { spec: { replicas: "two" } } }),
  { patches: [{ target: { kind: "StatefulSet", name: "mimr" }, merge: {} }] },
  { patches: [{ target: { kind: "Statefulset", name: "mimir" }, merge: {} }] },
  { patches: [{ target: { kind: "Frobnicator", name: "x" }, merge: {} }] },
];

/** Every configuration that is rejected. */
export const rejectedConfigs: readonly object[] = [
  ...mistakes.map(([, config]) => config),
  ...[...wrongFormats, ...outOfRange, ...plainSecrets].map(([config]) => ({ ...least, ...config })),
  ...withoutEffect.map(([, config]) => ({ ...least, ...config })),
  ...others.map((config) => ({ ...least, ...config })),
];

const lines = `
  skopos:cluster: { name: c, version: "1.35", networkPolicies: false, context: c }
  skopos:retention: ephemeral
  skopos:scale: small
  skopos:availability: single
`;

/** Stack files that are rejected as a whole, or because of keys outside of `skopos:`. */
export const rejectedFiles: readonly string[] = [
  "",
  "- a\n- b\n",
  "config: on\n",
  `conf:${lines}`,
  "encryptionsalt: v1\n",
  "config: {a: [}\n",
  `config:${lines}  skopo:collectors: native\n`,
  `config:${lines}  collectors: native\n`,
];
