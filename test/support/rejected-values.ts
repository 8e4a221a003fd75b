// Values that stack files and charts reject, and values that both accept.
import type { Construct } from "constructs";
import { AlloyChart } from "../../components/alloy/index.ts";
import { GrafanaChart } from "../../components/grafana/index.ts";
import { KubePrometheusChart } from "../../components/kube-prometheus/index.ts";
import { LokiChart } from "../../components/loki/index.ts";
import { MimirChart } from "../../components/mimir/index.ts";
import { OtelAgentChart } from "../../components/otel-agent/index.ts";
import { OtelGatewayChart } from "../../components/otel-gateway/index.ts";
import { PushgatewayChart } from "../../components/pushgateway/index.ts";
import { TracesChart } from "../../components/traces/index.ts";

export type Chart = new (scope: Construct, id: string, props: never) => object;
export type Value = Readonly<Record<string, unknown>>;

const identity = { "example.com/role": "r" };
export const s3 = { kind: "s3", endpoint: "s3.example.com", region: "eu", identity } as const;
const cluster = { name: "c", version: "1.35", platform: "kubernetes" } as const;
export const endpoint = { scheme: "http", host: "gateway", port: 4317 } as const;
const secret = { secret: "s", key: "k" };
export const gateway = { otlp: endpoint };

/** The least that a stack must say. */
export const stackBase = {
  cluster: { name: "c", version: "1.35", networkPolicies: false, context: "c" },
  retention: "standard",
  scale: "small",
  objectStorage: s3,
};

const component = (name: string, more: Value): Value => ({ components: { [name]: more } });
const receiver = (more: Value) => ({ kind: "webhook", name: "team", url: secret, ...more });
const mail = (more: Value) => ({
  kind: "email",
  name: "m",
  to: "a@b.example",
  from: "c@d.example",
  server: { host: "smtp.example.com", port: 587 },
  ...more,
});
const alerts = (one: Value) => ({ alerts: { receivers: [one] } });
const oidc = (more: Value) => ({
  access: {
    oidc: {
      clientId: "i",
      clientSecret: secret,
      authUrl: "https://a.example",
      tokenUrl: "https://t.example",
      apiUrl: "https://u.example",
      ...more,
    },
  },
});
const database = (more: Value) => ({
  database: { host: "postgres.example.com", name: "g", user: "g", password: secret, ...more },
});
const search = (more: Value) => ({
  backend: "jaeger",
  storage: { kind: "elasticsearch", urls: ["https://search.example.com:9200"], ...more },
});
const kafka = (more: Value) => ({ backend: "tempo", objectStore: s3, kafka: { address: "kafka:9092", ...more } });
/** The stack gives its object storage to Tempo itself. */
const kafkaKey = (more: Value) => ({ backend: "tempo", kafka: { address: "kafka:9092", ...more } });

/** What the text is, the keys and the props that hold it, bad values, good values. */
type Row = readonly [
  what: string,
  key: (value: string) => Value,
  chart: Chart,
  prop: (value: string) => Value,
  bad: readonly string[],
  good: readonly string[],
];

const hosts = ["https://g", "g:80", "g/sub", "a b", "", "undefined", "-a", "999.1.1.1"];
const urls = ["search:9200", "ftp://s", "https://u:p@s", "https://s?x=1", "https://s:99999", "null", ""];
const hostPorts = ["https://m", "m/bucket", "m:99999", "m:0", "m:x", "[::1", "", "NaN"];

export const table: readonly Row[] = [
  [
    "tenant of Loki",
    (tenant) => component("loki", { tenant }),
    LokiChart,
    (tenant) => ({ tenant }),
    ["a/b", "", ".", "..", "a b", "a".repeat(151), "ä"],
    ["Team_A", "a'b(c)"],
  ],
  [
    "tenant of Mimir",
    (tenant) => component("mimir", { tenant }),
    MimirChart,
    (tenant) => ({ tenant }),
    ["a/b", "", "..", "a b"],
    ["Team_A"],
  ],
  [
    "selector",
    (selector) => component("loki", { streamRetention: [{ selector, priority: 1, retention: "24h" }] }),
    LokiChart,
    (selector) => ({ streamRetention: [{ selector, priority: 1, retention: 86_400 }] }),
    ["{}", "a", '{a=~"("}', '{a="b"} |= "c"', '{a=~".*"}', '{a=~"(?=x)"}'],
    ['{a="}"}', '{a=~"b|c"}'],
  ],
  [
    "endpoint",
    (endpoint) => ({ objectStorage: { ...s3, endpoint } }),
    LokiChart,
    (endpoint) => ({ objectStore: { ...s3, endpoint } }),
    hostPorts,
    ["minio.s.svc:9000", "[fd00::1]:9000", "10.0.0.1"],
  ],
  [
    "region",
    (region) => ({ objectStorage: { ...s3, region } }),
    MimirChart,
    (region) => ({ objectStore: { ...s3, region } }),
    ["EU West", "", "eu_1"],
    ["eu-central-1"],
  ],
  [
    "storage account",
    (account) => ({ objectStorage: { kind: "azure", account, identity } }),
    MimirChart,
    (account) => ({ objectStore: { kind: "azure", account, identity } }),
    ["My-Account", "ab"],
    ["observability1"],
  ],
  [
    "cluster name",
    (name) => ({ cluster: { ...stackBase.cluster, name } }),
    LokiChart,
    (name) => ({ cluster: { ...cluster, name } }),
    ["a,b=c", "", "a b", "-a"],
    ["arn:aws:eks:eu:1:cluster/p"],
  ],
  [
    "storage class",
    (storageClass) => ({ cluster: { ...stackBase.cluster, storageClass } }),
    MimirChart,
    (storageClass) => ({ cluster: { ...cluster, storageClass } }),
    ["Fast SSD", ""],
    ["gp3"],
  ],
  [
    "CIDR of the nodes",
    (cidr) => ({ cluster: { ...stackBase.cluster, nodeCidrs: [cidr] } }),
    AlloyChart,
    (cidr) => ({ cluster: { ...cluster, nodeCidrs: [cidr] } }),
    ["10.0.0.0/99", "10.0.0/8", "fd00::/129", "10.0.0.0"],
    ["10.0.0.0/8"],
  ],
  [
    "DNS domain",
    (dnsDomain) => ({ cluster: { ...stackBase.cluster, dnsDomain } }),
    AlloyChart,
    (dnsDomain) => ({ cluster: { ...cluster, dnsDomain } }),
    ["Cluster.Local", "a..b", ".local"],
    ["k8s.example"],
  ],
  [
    "registry",
    (mirror) => ({ images: { registries: { "docker.io": mirror } } }),
    GrafanaChart,
    (mirror) => ({ images: { registries: { "docker.io": mirror } } }),
    ["https://m", "M/x", "m/", ""],
    ["m.example.com:5000/docker"],
  ],
  [
    "pull secret",
    (name) => ({ images: { pullSecrets: [name] } }),
    GrafanaChart,
    (name) => ({ images: { pullSecrets: [name] } }),
    ["A", "a_b", ""],
    ["regcred"],
  ],
  [
    "runbooks",
    (runbooks) => ({ runbooks }),
    PushgatewayChart,
    (runbooks) => ({ runbooks }),
    ["https://r?x", "a b", ""],
    ["https://r.example.com/x"],
  ],
  [
    "namespace",
    (stack) => ({ namespaces: { stack } }),
    LokiChart,
    (namespace) => ({ namespace }),
    ["Observability", "a.b", "a".repeat(64), ""],
    ["telemetry"],
  ],
  [
    "node selector's key",
    (key) => component("otelAgent", { nodeSelector: { [key]: "x" } }),
    OtelAgentChart,
    (key) => ({ nodeSelector: { [key]: "x" } }),
    ["a b", "-a", "a/b/c", ""],
    ["topology.kubernetes.io/zone"],
  ],
  [
    "node selector's value",
    (value) => component("otelAgent", { nodeSelector: { a: value } }),
    OtelAgentChart,
    (value) => ({ nodeSelector: { a: value } }),
    ["a b", "-a", "a".repeat(64)],
    ["x.y_Z", ""],
  ],
  [
    "probe path",
    (path) => component("otelGateway", { probePaths: [path] }),
    OtelGatewayChart,
    (path) => ({ probePaths: [path] }),
    ["healthz", "/a b", '/"', "/a?b", ""],
    ["/healthz"],
  ],
  [
    "attribute",
    (name) => component("otelGateway", { resourceLabels: [name] }),
    OtelGatewayChart,
    (name) => ({ resourceLabels: [name] }),
    ["a b", "1a", ""],
    ["k8s.pod.name"],
  ],
  [
    "host of Grafana",
    (host) => component("grafana", { host }),
    GrafanaChart,
    (host) => ({ host }),
    hosts,
    ["grafana.example.com", "10.0.0.1"],
  ],
  [
    "database",
    (host) => component("grafana", database({ host })),
    GrafanaChart,
    (host) => database({ host }),
    hostPorts,
    ["postgres:5433"],
  ],
  [
    "authorization endpoint",
    (authUrl) => component("grafana", oidc({ authUrl })),
    GrafanaChart,
    (authUrl) => oidc({ authUrl }),
    urls,
    ["https://id.example.com:8443/auth"],
  ],
  [
    "login domain",
    (domain) => component("grafana", oidc({ allowedDomains: [domain] })),
    GrafanaChart,
    (domain) => oidc({ allowedDomains: [domain] }),
    ["a b", "@a.example", "https://a"],
    ["a.example"],
  ],
  [
    "admin secret",
    (name) => component("grafana", { adminSecret: { name } }),
    GrafanaChart,
    (name) => ({ adminSecret: { name, userKey: "u", passwordKey: "p" } }),
    ["A B", ""],
    ["admin"],
  ],
  [
    "key of a secret",
    (key) => component("grafana", { encryptionKey: { secret: "s", key } }),
    GrafanaChart,
    (key) => ({ encryptionKey: { secret: "s", key } }),
    ["a/b", "", "a b"],
    ["key.pem"],
  ],
  [
    "team",
    (name) => component("grafana", { teams: { [name]: "Folder" } }),
    GrafanaChart,
    (name) => ({ teams: { [name]: "Folder" } }),
    ["../x", "a b", "a".repeat(36), ""],
    ["payments"],
  ],
  [
    "address of the search engine",
    (url) => component("traces", search({ urls: [url] })),
    TracesChart,
    (url) => search({ urls: [url] }),
    urls,
    ["http://search:9200/base"],
  ],
  [
    "index prefix",
    (indexPrefix) => component("traces", search({ indexPrefix })),
    TracesChart,
    (indexPrefix) => search({ indexPrefix }),
    ["Prod", "_a", "a*", ""],
    ["prod"],
  ],
  [
    "Kafka",
    (address) => component("traces", kafkaKey({ address })),
    TracesChart,
    (address) => kafka({ address }),
    hostPorts,
    ["kafka:9093"],
  ],
  [
    "topic",
    (topic) => component("traces", kafkaKey({ topic })),
    TracesChart,
    (topic) => kafka({ topic }),
    ["a b", "", "a".repeat(250)],
    ["spans"],
  ],
  [
    "label of a receiver",
    (label) => alerts(receiver({ labels: { [label]: "x" } })),
    KubePrometheusChart,
    (label) => alerts(receiver({ labels: { [label]: "x" } })),
    ["my team", "1a", "a-b", ""],
    ["team"],
  ],
  [
    "severity",
    (severity) => alerts(receiver({ severities: [severity] })),
    KubePrometheusChart,
    (severity) => alerts(receiver({ severities: [severity] })),
    ["urgent", ""],
    ["critical"],
  ],
  [
    "name of a receiver",
    (name) => alerts(receiver({ name })),
    KubePrometheusChart,
    (name) => alerts(receiver({ name })),
    ["", " a", "a\nb"],
    ["Team A"],
  ],
  [
    "mail server",
    (host) => alerts(mail({ server: { host, port: 587 } })),
    KubePrometheusChart,
    (host) => alerts(mail({ server: { host, port: 587 } })),
    ["smtp:587", ...hosts],
    ["smtp.example.com"],
  ],
  [
    "recipient",
    (to) => alerts(mail({ to })),
    KubePrometheusChart,
    (to) => alerts(mail({ to })),
    ["a", "a b@c", ""],
    ["a@b.example, c@d.example"],
  ],
  [
    "secret of a receiver",
    (name) => alerts(receiver({ url: { secret: name, key: "k" } })),
    KubePrometheusChart,
    (name) => alerts(receiver({ url: { secret: name, key: "k" } })),
    ["A_B", ""],
    ["hook"],
  ],
];
