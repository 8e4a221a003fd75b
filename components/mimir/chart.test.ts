import { existsSync } from "node:fs";
import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { ObjectStore } from "../../lib/kubernetes/index.ts";
import { retentionProfiles, retentions, type Scale, scales, workloads } from "../../lib/sizing/index.ts";
import { chartProblems, objectOf } from "../../test/charts.ts";
import { MimirChart, type MimirProps, MimirRulesChart } from "./index.ts";

const s3: ObjectStore = {
  kind: "s3",
  endpoint: "s3.example:9000",
  region: "eu",
  credentials: { accessKeyId: { secret: "s3", key: "id" }, secretAccessKey: { secret: "s3", key: "key" } },
};
const alertmanager = { scheme: "http", host: "alertmanager-operated.obs.svc", port: 9093 } as const;
const cluster = { name: "prod", version: "1.36", platform: "eks", zones: ["eu-1a", "eu-1b", "eu-1c"] } as const;

function render(scale: Scale, props: Partial<MimirProps> = {}) {
  return new MimirChart(new App(), "mimir", {
    namespace: "obs",
    workload: workloads[scale],
    objectStore: s3,
    alertmanager,
    ...props,
  });
}

const fileOf = (chart: MimirChart, name: string, file: string) =>
  parse((objectOf(chart, "ConfigMap", name) as unknown as { data: Record<string, string> }).data[file] ?? "");
const configOf = (chart: MimirChart) => fileOf(chart, "mimir", "mimir.yaml");

describe.each(scales)("%s", (scale) => {
  test.each(retentions)("%s: objects are valid, and each monitor finds its pods", (retention) => {
    const chart = render(scale, { retention: retentionProfiles[retention], evaluator: "mimir" });
    expect(chartProblems(chart)).toEqual([]);
  });
});

describe("the configuration", () => {
  const config = configOf(render("large", { retention: retentionProfiles.extended, evaluator: "mimir" }));

  test("is classic: no Kafka, no Alertmanager of its own, nothing reported", () => {
    expect(config.ingest_storage).toEqual({ enabled: false });
    expect(config.usage_stats).toEqual({ enabled: false });
    expect(config.alertmanager).toBeUndefined();
    expect(config.multitenancy_enabled).toBe(true);
  });

  test("limits come from the workload", () => {
    expect(config.limits).toMatchObject({
      ingestion_rate: 666_667,
      max_global_series_per_user: 20_000_000,
      compactor_blocks_retention_period: "365d",
      compactor_split_and_merge_shards: 2,
      ruler_alertmanager_client_config: { alertmanager_url: "dns+http://alertmanager-operated.obs.svc:9093" },
    });
  });

  test("a query may ask for more than is kept, and finds what only ingesters hold", () => {
    expect(config.limits.max_total_query_length).toBe("366d");
    expect(config.limits.query_ingesters_within).toBe("13h");
    expect(config.querier.query_store_after).toBe("12h");
  });

  test("directories do not overlap: Mimir would refuse to start", () => {
    const { tsdb, bucket_store } = config.blocks_storage;
    const folders = [tsdb.dir, bucket_store.sync_dir, config.compactor.data_dir, config.ruler.rule_path];
    expect(new Set(folders).size).toBe(folders.length);
    for (const folder of folders)
      expect(folders.filter((other) => `${other}/`.startsWith(`${folder}/`))).toEqual([folder]);
  });

  test("aggregates have a tenant with its own retention, written by the ruler from the main one", () => {
    const chart = render("large", { retention: retentionProfiles.extended, evaluator: "mimir" });
    const { overrides } = fileOf(chart, "mimir-runtime", "runtime.yaml");
    expect(overrides["long-term"]).toMatchObject({
      compactor_blocks_retention_period: "730d",
      max_total_query_length: "731d",
    });
    expect(config.ruler.tenant_federation).toEqual({ enabled: true });
    expect(config.tenant_federation).toEqual({ enabled: true });
    expect(chart.endpoints.longTerm?.headers).toEqual({ "X-Scope-OrgID": "long-term" });
  });

  test("one process: no scheduler's address, which would let queries hang, and one copy", () => {
    const alone = configOf(new MimirChart(new App(), "mimir", { namespace: "obs" }));
    expect(alone.frontend.scheduler_address).toBeUndefined();
    expect(alone.frontend_worker).toBeUndefined();
    expect(alone.ingester.ring).toMatchObject({ replication_factor: 1, zone_awareness_enabled: false });
    expect(alone.store_gateway.sharding_ring.replication_factor).toBe(1);
  });

  test("a label that tells shards apart is not stored; `cluster` is", () => {
    const of = (props: Partial<MimirProps>) => configOf(render("medium", props)).limits;
    expect(of({})).toMatchObject({ ha_cluster_label: "cluster", ha_replica_label: "__replica__", drop_labels: [] });
    expect(of({ haClusterLabel: "prometheus_shard" }).drop_labels).toEqual(["prometheus_shard"]);
  });

  test("caches take no more than a share of small pods", () => {
    const alone = configOf(new MimirChart(new App(), "mimir", { namespace: "obs", workload: workloads.small }));
    const { index_cache, series_hash_cache_max_size_bytes } = alone.blocks_storage.bucket_store;
    const pod = new MimirChart(new App(), "mimir", { namespace: "obs" }).sizing;
    if (pod.mode !== "monolithic") throw new Error("microservices");
    expect(index_cache.inmemory.max_size_bytes + series_hash_cache_max_size_bytes).toBeLessThan(
      pod.mimir.memoryBytes / 5,
    );
  });
});

describe("keys", () => {
  test("come from Secrets, and are quoted in the file", () => {
    const chart = render("medium");
    const { data } = objectOf(chart, "ConfigMap", "mimir") as unknown as { data: Record<string, string> };
    expect(data["mimir.yaml"]).toContain("access_key_id: '${OBJECT_STORE_ACCESS_KEY}'");
    const { args, env } = objectOf(chart, "Deployment", "mimir-distributor").spec.template.spec.containers[0];
    expect(args).toContain("-config.expand-env=true");
    expect(env).toContainEqual({
      name: "OBJECT_STORE_SECRET_KEY",
      valueFrom: { secretKeyRef: { name: "s3", key: "key" } },
    });
  });

  test("are not needed with workload identity", () => {
    const identity = { "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/mimir" };
    const chart = render("medium", { objectStore: { kind: "s3", endpoint: "s3.example", region: "eu", identity } });
    expect(objectOf(chart, "ServiceAccount", "mimir").metadata).toMatchObject({ annotations: identity });
    const { spec } = objectOf(chart, "Deployment", "mimir-querier").spec.template;
    expect(spec.serviceAccountName).toBe("mimir");
    expect(spec.containers[0].args).not.toContain("-config.expand-env=true");
  });
});

describe("zones", () => {
  const parts = ["ingester", "store-gateway"];
  const zones = ["zone-a", "zone-b", "zone-c"];
  const flags = {
    ingester: "-ingester.ring.instance-availability-zone",
    "store-gateway": "-store-gateway.sharding-ring.instance-availability-zone",
  } as const;

  test.each(Object.entries(flags))(
    "of %s: three workloads, pinned, told their zone, one after the other",
    (part, flag) => {
      const chart = render("large", { cluster });
      zones.forEach((zone, index) => {
        const { metadata, spec } = objectOf(chart, "StatefulSet", `mimir-${part}-${zone}`);
        expect(metadata).toMatchObject({ annotations: { "argocd.argoproj.io/sync-wave": String(index) } });
        const pod = spec.template.spec;
        expect(pod.containers[0].args).toContain(`${flag}=${zone}`);
        const [term] = pod.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
        expect(term.matchExpressions).toContainEqual({
          key: "topology.kubernetes.io/zone",
          operator: "In",
          values: [cluster.zones[index]],
        });
        const before = zones[index - 1];
        const dependencies = chart.node.findChild(`StatefulSet-mimir-${part}-${zone}`).node.dependencies;
        expect(dependencies.map(({ id }) => `${id}`).length).toBe(before ? 1 : 0);
      });
    },
  );

  test("share one Service and one disruption budget", () => {
    const chart = render("large", { cluster });
    for (const part of parts) {
      const budgets = chart
        .toJson()
        .filter(({ kind, metadata }) => kind === "PodDisruptionBudget" && metadata.name.startsWith(`mimir-${part}`));
      expect(budgets).toMatchObject([{ metadata: { name: `mimir-${part}` }, spec: { maxUnavailable: 1 } }]);
      const { spec } = objectOf(chart, "Service", `mimir-${part}`);
      for (const zone of zones) {
        const { labels } = objectOf(chart, "StatefulSet", `mimir-${part}-${zone}`).spec.template.metadata;
        expect(labels).toMatchObject(spec.selector);
        expect(labels).toMatchObject(budgets[0].spec.selector.matchLabels);
      }
    }
  });

  test("are kept on different nodes where the cluster's own are not known", () => {
    const { spec } = objectOf(render("medium"), "StatefulSet", "mimir-ingester-zone-b").spec.template;
    const [term] = spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    expect(term.labelSelector.matchExpressions).toEqual([
      { key: "skopos.dev/zone", operator: "NotIn", values: ["zone-b"] },
    ]);
  });
});

describe("clients", () => {
  test("write to distributors and read from query-frontends, with the tenant", () => {
    const { endpoints } = render("large", { tenant: "prod", evaluator: "mimir" });
    const headers = { "X-Scope-OrgID": "prod" };
    expect(endpoints.push).toMatchObject({
      host: "mimir-distributor.obs.svc.cluster.local",
      path: "/api/v1/push",
      headers,
    });
    expect(endpoints.otlp).toMatchObject({ host: "mimir-distributor.obs.svc.cluster.local", path: "/otlp" });
    expect(endpoints.query).toMatchObject({ host: "mimir-query-frontend.obs.svc.cluster.local", path: "/prometheus" });
    expect(endpoints.remoteRead.path).toBe("/prometheus/api/v1/read");
    expect(endpoints.ruler).toMatchObject({ host: "mimir-ruler.obs.svc.cluster.local", path: "/prometheus", headers });
  });

  test("from outside come through a Gateway that is there", () => {
    const chart = render("large", {
      evaluator: "mimir",
      gatewayRoute: { gateway: { name: "public", namespace: "gateways" }, hostnames: ["mimir.example"] },
    });
    expect(chartProblems(chart)).toEqual([]);
    const { rules } = objectOf(chart, "HTTPRoute", "mimir").spec as unknown as {
      rules: { matches: { path: { value: string } }[]; backendRefs: { name: string }[] }[];
    };
    const backends = Object.fromEntries(
      rules.map(({ matches, backendRefs }) => [matches[0]?.path.value, backendRefs[0]?.name]),
    );
    expect(backends).toMatchObject({
      "/api/v1/push": "mimir-distributor",
      "/prometheus": "mimir-query-frontend",
      "/prometheus/api/v1/rules": "mimir-ruler",
    });
  });
});

describe("rules", () => {
  const evaluated = (evaluator: "mimir" | "prometheus", retention = retentionProfiles.standard) => {
    const chart = render("large", { evaluator, retention });
    const rendered = new MimirRulesChart(new App(), "r", {
      namespace: "obs",
      evaluator,
      mimir: chart,
      charts: [chart],
    });
    return Object.fromEntries(
      rendered
        .toJson()
        .map(({ metadata, data }) => [
          metadata.name,
          Object.values(data as Record<string, string>).flatMap((text) => parse(text).groups),
        ]),
    );
  };

  test("about the way to Mimir stay with Prometheus, whoever evaluates the rest", () => {
    const names = evaluated("mimir")["mimir-rules-anonymous"].map(({ name }: { name: string }) => name);
    expect(names).toEqual(["mimir"]);
  });

  test("none is Mimir's where Prometheus evaluates, but those that write to another tenant", () => {
    expect(evaluated("prometheus")).toEqual({ "mimir-rules-anonymous": [] });
    const extended = evaluated("prometheus", retentionProfiles.extended);
    expect(extended["mimir-rules-anonymous"]).toEqual([]);
    for (const group of extended["mimir-rules-long-term"]) {
      expect(group).toMatchObject({ source_tenants: ["anonymous"], interval: "5m" });
    }
  });

  test("are the groups of the PrometheusRule objects, in files of the ruler's form", () => {
    const chart = render("large", { evaluator: "mimir" });
    const object = objectOf(chart, "PrometheusRule", "mimir-ruler") as unknown as {
      metadata: { labels: Record<string, string> };
      spec: { groups: { name: string; rules: { expr: string }[] }[] };
    };
    expect(object.metadata.labels.release).toBeUndefined();
    const files = evaluated("mimir")["mimir-rules-anonymous"];
    const shape = (groups: { name: string; rules: { expr: string }[] }[]) =>
      groups.map(({ name, rules }) => [name, rules.map(({ expr }) => expr)]);
    expect(shape(files)).toEqual(shape(object.spec.groups));
  });

  test("reach the ruler without a restart: mounted by name, without a hash", () => {
    const { metadata, spec } = objectOf(render("large", { evaluator: "mimir" }), "Deployment", "mimir-ruler").spec
      .template;
    expect(spec.containers[0].volumeMounts).toContainEqual(
      expect.objectContaining({ name: "mimir-rules-anonymous", mountPath: "/etc/mimir/rules/anonymous" }),
    );
    expect(spec.volumes).toContainEqual({
      name: "mimir-rules-anonymous",
      configMap: { name: "mimir-rules-anonymous", optional: true },
    });
    expect(Object.keys(metadata.annotations)).toEqual(["checksum/mimir"]);
  });
});

test("every alert has its runbook page", () => {
  const chart = render("large", { evaluator: "mimir" });
  const alerts = chart.ruleGroups.flatMap(({ rules }) =>
    rules.flatMap((rule) => ("alert" in rule ? [rule.alert] : [])),
  );
  expect(alerts.length).toBeGreaterThan(15);
  expect(new Set(alerts).size).toBe(alerts.length);
  expect(alerts.filter((alert) => !existsSync(new URL(`../../docs/runbooks/${alert}.md`, import.meta.url)))).toEqual(
    [],
  );
});

test("mistakes are told all at once, with code and fix", () => {
  const broken = () =>
    render("medium", { objectStore: { kind: "filesystem" }, availability: "redundant", tenant: "a/b" });
  expect(broken).toThrow(/SKP1211 objectStore: .*\n.*SKP1212 tenant: /);
});
