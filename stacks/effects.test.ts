// A setting that cannot take effect in a combination is rejected; where it can, it is accepted.
import { expect, test } from "vitest";
import { ConfigurationError } from "./problem.ts";
import { resolve } from "./resolve.ts";

const least = {
  cluster: { name: "c", version: "1.35", networkPolicies: false, context: "c" },
  retention: "standard",
  scale: "small",
  objectStorage: { kind: "s3", endpoint: "s3.example.com", region: "eu", identity: { role: "r" } },
};
const disks = { objectStorage: { kind: "filesystem" }, availability: "single" };
const secret = { secret: "s", key: "k" };
const alerts = { receivers: [{ kind: "webhook", name: "team", url: secret }], deadMansSwitch: secret };
const url = "https://x.example.com";
const external = { url };
const traces = { backend: "tempo", otlp: "https://x.example.com:4317", query: url };
const search = { kind: "elasticsearch", urls: [url] };
const kafka = { address: "kafka:9092" };

function withoutEffect(config: object): readonly string[] {
  try {
    resolve({ ...least, ...config }, { stack: "s" });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.filter(({ code }) => code === "SKP1013").map(({ path }) => path.slice("skopos:".length));
  }
  return [];
}

test.each<[readonly string[], object]>([
  [["alerts.receivers", "alerts.deadMansSwitch"], { alerts, components: { alertmanager: { external } } }],
  [["alerts.receivers", "alerts.deadMansSwitch"], { alerts, components: { prometheus: "off" } }],
  [["grafanaAdminPassword"], { grafanaAdminPassword: { secure: "v1" }, components: { grafana: "off" } }],
  [["components.prometheus.remoteRead"], { components: { prometheus: { remoteRead: true }, mimir: "off" } }],
  [["components.alloy.logSource"], { components: { alloy: { logSource: "api" }, loki: "off" } }],
  [["components.mimir.bucketLifecycle"], { ...disks, components: { mimir: { bucketLifecycle: "10y" } } }],
  [["components.loki.bucketLifecycle"], { ...disks, components: { loki: { bucketLifecycle: "10y" } } }],
  [["components.traces.storage"], { components: { traces: { backend: "tempo", storage: search } } }],
  [["components.traces.kafka"], { components: { traces: { backend: "jaeger", kafka } } }],
  [["cluster.networkEngine"], { cluster: { ...least.cluster, networkEngine: "cilium" } }],
  [["cluster.loadBalancerCidrs"], { cluster: { ...least.cluster, loadBalancerCidrs: ["10.3.0.0/24"] } }],
  [
    ["cluster.tunnelCidrs"],
    { cluster: { ...least.cluster, networkPolicies: true, networkEngine: "cilium", tunnelCidrs: ["10.4.0.0/16"] } },
  ],
  [["components.mimir.mode"], { components: { mimir: { external, mode: "monolithic" } } }],
  [["components.loki.mode"], { components: { loki: { external, mode: "monolithic" } } }],
  [
    ["components.loki.streamRetention"],
    {
      components: {
        loki: { external, streamRetention: [{ selector: '{a="b"}', priority: 1, retention: "24h" }] },
      },
    },
  ],
  [["components.traces.kafka"], { components: { traces: { external: traces, backend: "tempo", kafka } } }],
  [["tenants.a.mimir"], { components: { mimir: "off" }, tenants: { a: { namespaces: ["a"], mimir: {}, loki: {} } } }],
  [["tenants"], { components: { mimir: { external }, loki: { external } }, tenants: { a: { namespaces: ["a"] } } }],
  [["tenants.a.folder"], { components: { grafana: { external } }, tenants: { a: { namespaces: ["a"], folder: "A" } } }],
  [["components.grafana.host"], { components: { grafana: { external, host: "grafana.example.com" } } }],
])("%o is rejected where it has no effect", (paths, config) => {
  expect(withoutEffect(config)).toEqual(paths);
});

test.each([
  { alerts },
  { tenants: { a: { namespaces: ["a"], mimir: {}, loki: {}, folder: "A" } } },
  { grafanaAdminPassword: { secure: "v1" } },
  { components: { prometheus: { remoteRead: true } } },
  { components: { alloy: { logSource: "api" } } },
  { components: { mimir: { bucketLifecycle: "10y", mode: "monolithic" } } },
  { components: { traces: { backend: "tempo", kafka } } },
  { components: { traces: { backend: "jaeger", storage: search } } },
])("%o is accepted where it has one", (config) => {
  expect(withoutEffect(config)).toEqual([]);
});
