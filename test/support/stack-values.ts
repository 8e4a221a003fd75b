// Two values of each key of a stack file that the generated ones do not suit, and the stacks in which they differ.
import { least } from "./rejected-stacks.ts";

/** A stack file's keys, without `skopos:`. */
export type Config = Readonly<Record<string, unknown>>;

/** One configuration within another: mappings key by key, all else as a whole. */
export function merged(base: unknown, more: unknown): unknown {
  const isMap = (value: unknown): value is Config =>
    value !== null && typeof value === "object" && !Array.isArray(value);
  if (!isMap(base) || !isMap(more)) return more;
  const entries = Object.entries(more).map(([key, value]) => [key, key in base ? merged(base[key], value) : value]);
  return { ...base, ...Object.fromEntries(entries) };
}

const big = {
  scale: "large",
  components: { traces: { backend: "tempo", kafka: { address: "kafka.example.com:9092" } } },
};
const policies = { networkPolicies: true, nodeCidrs: ["10.0.0.0/16"], apiServerCidrs: ["10.1.0.0/16"] };

/** Stacks in one of which each key has an effect. */
export const bases: readonly Config[] = [
  least,
  {
    ...least,
    cluster: { ...least.cluster, ...policies },
    components: { pushgateway: "on", traces: { backend: "tempo" } },
  },
  { ...least, ...big },
  { ...least, components: { grafana: { host: "grafana.example.com" }, prometheus: { controlPlane: ["apiserver"] } } },
].map((base) => base as Config);

const { objectStorage: _, ...bare } = least;
export const secret = { secret: "a", key: "b" };
const component = (name: string, ...values: readonly object[]): readonly unknown[] =>
  values.map((value) => ({ components: { [name]: value } }));
const workload = (...values: readonly object[]) => values.map((value) => ({ workload: value }));
const cluster = (...values: readonly object[]) =>
  values.map((value) => ({ cluster: { ...least.cluster, ...policies, ...value } }));
const retention = (...values: readonly object[]) =>
  values.map((value) => ({ retention: { profile: "extended", ...value } }));
const storage = (...values: readonly object[]) => values.map((value) => ({ objectStorage: value }));
const route = (...values: readonly object[]) =>
  component("grafana", ...values.map((value) => ({ host: "grafana.example.com", route: value })));
const gateway = (...values: readonly object[]) =>
  route(...values.map((value) => ({ kind: "gateway", gateway: { name: "a", ...value } })));
const streams = (...values: readonly object[]) =>
  component(
    "loki",
    ...values.map((value) => ({ streamRetention: [{ selector: '{a="b"}', priority: 1, retention: "3d", ...value }] })),
  );
const rule = (...values: readonly object[]) =>
  values.map((value) => ({ alerts: { rules: { MimirRequestErrors: value } } }));
const alerts = (...values: readonly object[]) =>
  values.map((value) => {
    const team = { kind: "webhook", name: "team", url: secret, muteDuring: ["x"] };
    const muteTimes = { x: [{ weekdays: ["monday"] }], y: [{ weekdays: ["sunday"] }] };
    return { alerts: { receivers: [team], muteTimes, ...value } };
  });
const patch = (...values: readonly object[]) =>
  values.map((value) => ({
    patches: [
      { target: { kind: "Service", name: "*", namespace: "*" }, merge: { metadata: { labels: { a: "b" } } }, ...value },
    ],
  }));
const operations = (...values: readonly object[]) => values.map((value) => patch({ merge: {}, json: [value] })[0]);

const manifest = (...values: readonly object[]) =>
  values.map((value) => ({
    extra: { manifests: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, ...value }] },
  }));
const group = (...values: readonly object[]) =>
  values.map((value) => ({ extra: { rules: [{ name: "g", rules: [{ alert: "A", expr: "up == 0" }], ...value }] } }));
const ownRule = (...values: readonly object[]) =>
  group(...values.map((value) => ({ rules: [{ alert: "A", expr: "up == 0", ...value }] })));
const dashboard = (...values: readonly object[]) =>
  values.map((value) => ({ extra: { dashboards: [{ json: { uid: "a", title: "A" }, ...value }] } }));

/** Additions to a collector, in a pipeline of their own. */
function collectorKeys(name: "otelAgent" | "otelGateway") {
  const pair = (...values: readonly object[]) => [
    values.map((value) => ({ extra: { collectors: { [name]: value } } })),
  ];
  const added = (more: object, pipeline: object = {}) => ({
    exporters: { kafka: { brokers: ["a.example.com:1"] } },
    ...more,
    pipelines: { "traces/own": { receivers: ["otlp"], exporters: ["kafka"], ...pipeline } },
  });
  const zipkin = (port: number) =>
    added({ receivers: { zipkin: { endpoint: `0.0.0.0:${port}` } } }, { receivers: ["zipkin"] });
  const attributes = (action: string) =>
    added({ processors: { attributes: { action } } }, { processors: ["attributes"] });
  const forward = (a: string) => added({ connectors: { forward: { a } } }, { receivers: ["otlp", "forward"] });
  const keyed = (key: object) =>
    added({ exporters: { kafka: { brokers: ["a:1"], client_id: "${env:A}" } }, secrets: { A: { ...secret, ...key } } });
  const exporter = (id: string) => added({ exporters: { [id]: { brokers: ["a:1"] } } }, { exporters: [id] });
  const [agreed, other] = [keyed({}), keyed({ secret: "c" })];
  return {
    [`extra.collectors.${name}.receivers.*.*`]: pair(zipkin(9411), zipkin(9412)),
    [`extra.collectors.${name}.processors.*.*`]: pair(attributes("insert"), attributes("upsert")),
    [`extra.collectors.${name}.exporters.*.*`]: pair(exporter("kafka"), added({})),
    [`extra.collectors.${name}.connectors.*.*`]: pair(forward("b"), forward("c")),
    [`extra.collectors.${name}.extensions.*.*`]: pair(
      ...["b", "c"].map((a) => added({ extensions: { basicauth: { a } } })),
    ),
    [`extra.collectors.${name}.pipelines.*.receivers[]`]: pair(added({}), zipkin(9411)),
    [`extra.collectors.${name}.pipelines.*.processors[]`]: pair(added({}), attributes("insert")),
    [`extra.collectors.${name}.pipelines.*.exporters[]`]: pair(exporter("kafka"), exporter("kafka/b")),
    [`extra.collectors.${name}.secrets.*.secret`]: pair(agreed, other),
    [`extra.collectors.${name}.secrets.*.key`]: pair(agreed, keyed({ key: "c" })),
  } as unknown as Readonly<Record<string, readonly [readonly unknown[]]>>;
}

/** Values for keys that the generated ones do not suit: two configurations, from which base. */
export const chosen: Readonly<Record<string, readonly [values: readonly unknown[], base?: Config]>> = {
  ...collectorKeys("otelAgent"),
  ...collectorKeys("otelGateway"),
  "cluster.version": [cluster({ version: "1.31" }, { version: "1.36" })],
  "cluster.nodeCidrs[]": [cluster({}, { nodeCidrs: ["10.5.0.0/16"] })],
  "cluster.apiServerCidrs[]": [cluster({}, { apiServerCidrs: ["10.5.0.0/16"] })],
  "cluster.dns.pods.labels[].*": [
    cluster(...["a", "b"].map((label) => ({ dns: { pods: { namespace: "dns", labels: [{ app: label }] } } }))),
  ],
  "cluster.ipFamilies[]": [cluster({}, { ipFamilies: ["IPv4", "IPv6"] })],
  "cluster.tunnelCidrs[]": [
    cluster({}, { tunnelCidrs: ["10.5.0.0/16"] }).map((each) => merged(route({ kind: "ingress" })[0], each)),
  ],
  "cluster.loadBalancerCidrs[]": [
    cluster({ loadBalancerCidrs: ["10.6.0.0/16"] }, { loadBalancerCidrs: ["10.5.0.0/16"] }).map((each) =>
      merged(route({ kind: "ingress" })[0], each),
    ),
  ],
  "cluster.ingressControllers[].namespace": [
    cluster(...["a", "b"].map((namespace) => ({ ingressControllers: [{ namespace }] }))).map((each) =>
      merged(route({ kind: "ingress" })[0], each),
    ),
  ],
  "cluster.ingressControllers[].labels.*": [
    cluster(...["a", "b"].map((app) => ({ ingressControllers: [{ namespace: "ingress", labels: { app } }] }))).map(
      (each) => merged(route({ kind: "ingress" })[0], each),
    ),
  ],
  "retention.prometheus": [retention({ prometheus: "10d" }, { prometheus: "20d" })],
  "retention.mimir": [retention({ mimir: "10d" }, { mimir: "20d" })],
  "retention.aggregates": [retention({ aggregates: "0s" }, { aggregates: "5y" })],
  "retention.loki": [retention({ loki: "10d" }, { loki: "20d" })],
  "retention.traces": [retention({ traces: "10d" }, { traces: "20d" })],
  "retention.archive": [retention({ archive: "0s" }, { archive: "7y" })],
  "workload.nodes": [workload({ nodes: 5 }, { nodes: 10 })],
  "workload.scrapeInterval": [workload({ scrapeInterval: "15s" }, { scrapeInterval: "60s" })],
  "workload.spansPerSecond": [workload({ spansPerSecond: 10 }, { spansPerSecond: 500 })],
  "workload.flowsPerSecondPerNode": [
    [10, 40].map((flowsPerSecondPerNode) => ({
      components: { flowAgent: "on" },
      workload: { flowsPerSecondPerNode },
    })),
  ],
  "components.flowAgent.config.*": [
    component("flowAgent", ...["20s", "30s"].map((recordInterval) => ({ config: { flows: { recordInterval } } }))),
  ],
  "components.otelAgent.routing": [
    ["trace-id", "any"].map((routing) => ({
      components: { otelAgent: { routing }, otelGateway: { replicas: 1 } },
    })),
  ],
  "components.otelGateway.route.grpcHost": [
    component(
      "otelGateway",
      ...["one.example.com", "two.example.com"].map((grpcHost) => ({
        route: { kind: "ingress", host: "otlp.example.com", grpcHost, authentication: { tokens: secret } },
      })),
    ),
  ],
  "components.otelGateway.enabled": [
    [true, false].map((enabled) => ({ components: { otelGateway: { enabled }, otelAgent: "off" } })),
  ],
  "components.otelGateway.tailSampling.decisionWait": [
    component("otelGateway", ...["10s", "20s"].map((decisionWait) => ({ tailSampling: { decisionWait } }))),
  ],
  "components.pushgateway.stale": [component("pushgateway", { stale: "1d" }, { stale: "2d" })],
  "components.grafana.route.className": [route({ kind: "ingress" }, { kind: "ingress", className: "a" })],
  "components.grafana.route.tlsSecret": [route({ kind: "ingress" }, { kind: "ingress", tlsSecret: "a" })],
  "components.grafana.route.annotations.*": [
    route({ kind: "ingress", annotations: { a: "b" } }, { kind: "ingress", annotations: { a: "c" } }),
  ],
  "components.grafana.route.gateway.name": [gateway({}, { name: "b" })],
  "components.grafana.route.gateway.namespace": [gateway({}, { namespace: "b" })],
  "components.grafana.route.gateway.listener": [gateway({}, { listener: "b" })],
  "components.mimir.archiveBucket": [
    component("mimir", { archiveBucket: "archive-a" }, { archiveBucket: "archive-b" }).map((each) =>
      merged({ retention: "archive" }, each),
    ),
  ],
  "components.loki.streamRetention[].selector": [streams({}, { selector: '{c="d"}' })],
  "components.loki.streamRetention[].priority": [streams({}, { priority: 2 })],
  "components.loki.streamRetention[].retention": [streams({}, { retention: "4d" })],
  "components.traces.storage.urls[]": [
    component(
      "traces",
      ...["a", "b"].map((host) => ({ storage: { kind: "elasticsearch", urls: [`https://${host}.example.com`] } })),
    ),
  ],
  "objectStorage.credentials.serviceAccount.secret": [
    storage(
      ...[secret, { ...secret, secret: "x" }].map((each) => ({ kind: "gcs", credentials: { serviceAccount: each } })),
    ),
    bare,
  ],
  "objectStorage.credentials.serviceAccount.key": [
    storage(
      ...[secret, { ...secret, key: "x" }].map((each) => ({ kind: "gcs", credentials: { serviceAccount: each } })),
    ),
    bare,
  ],
  "objectStorage.account": [
    storage(...["one", "two"].map((account) => ({ kind: "azure", account, identity: { a: "b" } }))),
    bare,
  ],
  "objectStorage.credentials.accountKey.secret": [
    storage(
      ...["x", "y"].map((name) => ({
        kind: "azure",
        account: "one",
        credentials: { accountKey: { secret: name, key: "k" } },
      })),
    ),
    bare,
  ],
  "objectStorage.credentials.accountKey.key": [
    storage(
      ...["x", "y"].map((key) => ({
        kind: "azure",
        account: "one",
        credentials: { accountKey: { secret: "s", key } },
      })),
    ),
    bare,
  ],
  "alerts.rules.*.enabled": [[{}, ...rule({ enabled: false })]],
  "alerts.rules.*.threshold": [rule({ threshold: 1 }, { threshold: 2 })],
  "alerts.rules.*.for": [rule({ for: "1h" }, { for: "2h" })],
  "alerts.rules.*.severity": [rule({ severity: "info" }, { severity: "critical" })],
  "alerts.rules.*.labels.*": [rule({ labels: { a: "b" } }, { labels: { a: "c" } })],
  "alerts.rules.*.summary": [rule({ summary: "One." }, { summary: "Another." })],
  "alerts.receivers[].muteDuring[]": [
    alerts({}, { receivers: [{ kind: "webhook", name: "team", url: secret, muteDuring: ["y"] }] }),
  ],
  "alerts.muteTimes.*[].*": [alerts({}, { muteTimes: { x: [{ weekdays: ["friday"] }] } })],
  "alerts.routes[].*": [
    alerts(...["b", "c"].map((value) => ({ routes: [{ receiver: "team", matchers: [`a="${value}"`] }] }))),
  ],
  "alerts.inhibitions[].*": [
    alerts(
      ...["b", "c"].map((value) => ({
        inhibitions: [{ source_matchers: [`a="${value}"`], target_matchers: ['d="e"'], equal: ["cluster"] }],
      })),
    ),
  ],
  "alerts.configNamespaces[]": [["a", "b"].map((name) => ({ alerts: { configNamespaces: [name] } }))],
  "tenants.*.namespaces[]": [["a", "b"].map((name) => ({ tenants: { t: { namespaces: [name] } } }))],
  "tenants.*.mimir.*": [
    [1, 2].map((n) => ({ tenants: { t: { namespaces: ["a"], mimir: { max_global_series_per_user: n } } } })),
  ],
  "tenants.*.loki.*": [[1, 2].map((n) => ({ tenants: { t: { namespaces: ["a"], loki: { ingestion_rate_mb: n } } } }))],
  "extra.manifests[].apiVersion": [
    manifest(...["a.example/v1", "a.example/v2"].map((apiVersion) => ({ apiVersion, kind: "Thing" }))),
  ],
  "extra.manifests[].kind": [manifest({}, { kind: "Secret" })],
  "extra.manifests[].metadata.name": [manifest({}, { metadata: { name: "b" } })],
  "extra.manifests[].metadata.namespace": [manifest({}, { metadata: { name: "a", namespace: "b" } })],
  "extra.rules[].name": [group({}, { name: "h" })],
  "extra.rules[].interval": [group({}, { interval: "2m" })],
  "extra.rules[].rules[].alert": [ownRule({}, { alert: "B" })],
  "extra.rules[].rules[].record": [group(...["a:b", "a:c"].map((record) => ({ rules: [{ record, expr: "up" }] })))],
  "extra.rules[].rules[].expr": [ownRule({}, { expr: "up == 1" })],
  "extra.rules[].rules[].for": [ownRule({}, { for: "2m" })],
  "extra.rules[].rules[].keep_firing_for": [ownRule({}, { keep_firing_for: "2m" })],
  "extra.rules[].rules[].labels.*": [ownRule({ labels: { a: "b" } }, { labels: { a: "c" } })],
  "extra.rules[].rules[].annotations.*": [ownRule({ annotations: { a: "b" } }, { annotations: { a: "c" } })],
  "extra.scrapes[].spec.*": [
    ["a", "b"].map((host) => ({
      extra: { scrapes: [{ name: "a", spec: { staticConfigs: [{ targets: [`${host}.example.com:9100`] }] } }] },
    })),
  ],
  "extra.scrapes[].name": [
    ["a", "b"].map((name) => ({ extra: { scrapes: [{ name, spec: { fileSDConfigs: [{ files: ["/a.json"] }] } }] } })),
  ],
  "extra.scrapes[].ports[]": [
    [1, 2].map((port) =>
      merged(cluster({})[0], {
        extra: { scrapes: [{ name: "a", spec: { fileSDConfigs: [{ files: ["/a.json"] }] }, ports: [port] }] },
      }),
    ),
  ],
  "alerts.templates.*": [
    alerts(...["a", "b"].map((text) => ({ templates: { a: `{{ define "a" }}${text}{{ end }}` } }))),
  ],
  ...Object.fromEntries(
    (["labels", "annotations"] as const).map((key) => [
      `extra.logAlerts[].rules[].${key}.*`,
      [
        ["a", "b"].map((text) => ({
          extra: {
            logAlerts: [{ name: "g", rules: [{ alert: "A", expr: 'rate({a="b"}[5m])', [key]: { team: text } }] }],
          },
        })),
      ] as const,
    ]),
  ),
  "extra.remoteWrites[].replicaLabel": [
    ["a", "b"].map((replicaLabel) => ({
      extra: { remoteWrites: [{ name: "w", url: "https://w.example.com", replicaLabel }] },
    })),
    bases[2],
  ],
  "extra.dashboards[].folder": [dashboard({}, { folder: "F" })],
  "extra.dashboards[].json.uid": [dashboard({}, { json: { uid: "b", title: "A" } })],
  "extra.dashboards[].json.title": [dashboard({}, { json: { uid: "a", title: "B" } })],
  ...Object.fromEntries(
    [
      ["components.prometheus.route", (value: object) => ({ components: { prometheus: { route: value } } })] as const,
      ["alerts.route", (value: object) => ({ alerts: { route: value } })] as const,
    ].flatMap(([key, at]) => {
      const annotations = { "auth-url": "a" };
      const ingress = (...values: readonly object[]) =>
        values.map((value) => at({ kind: "ingress", host: "a.example.com", annotations, ...value }));
      const authentication = { group: "a.example", kind: "A", name: "a" };
      const byGateway = (...values: readonly object[]) =>
        values.map((value) =>
          at({ kind: "gateway", host: "a.example.com", gateway: { name: "a" }, authentication, ...value }),
        );
      const pairs: Readonly<Record<string, readonly object[]>> = {
        host: ingress({}, { host: "b.example.com" }),
        className: ingress({}, { className: "a" }),
        tlsSecret: ingress({}, { tlsSecret: "a" }),
        "annotations.*": ingress({}, { annotations: { "auth-url": "b" } }),
        "gateway.name": byGateway({}, { gateway: { name: "b" } }),
        "gateway.namespace": byGateway({}, { gateway: { name: "a", namespace: "b" } }),
        "gateway.listener": byGateway({}, { gateway: { name: "a", listener: "b" } }),
        "authentication.group": byGateway({}, { authentication: { ...authentication, group: "b.example" } }),
        "authentication.kind": byGateway({}, { authentication: { ...authentication, kind: "B" } }),
        "authentication.name": byGateway({}, { authentication: { ...authentication, name: "b" } }),
      };
      return Object.entries(pairs).map(([name, values]) => [`${key}.${name}`, [values]] as const);
    }),
  ),
  "patches[].target.kind": [patch({}, { target: { kind: "ConfigMap", name: "*" } })],
  "patches[].target.name": [patch({}, { target: { kind: "Service", name: "mimir*" } })],
  "patches[].target.namespace": [
    patch({}, { target: { kind: "Service", name: "*", namespace: "observability-agents" } }),
  ],
  "patches[].merge.*": [patch({}, { merge: { metadata: { labels: { a: "c" } } } })],
  "patches[].json[].path": [
    operations(...["a", "b"].map((key) => ({ op: "add", path: `/metadata/labels/${key}`, value: "x" }))),
  ],
  "patches[].json[].value": [
    operations(...["a", "b"].map((value) => ({ op: "add", path: "/metadata/labels/x", value }))),
  ],
  "patches[].json[].from": [
    operations(
      ...["name", "instance"].map((name) => ({
        op: "copy",
        from: `/metadata/labels/app.kubernetes.io~1${name}`,
        path: "/metadata/labels/x",
      })),
    ),
  ],
};
