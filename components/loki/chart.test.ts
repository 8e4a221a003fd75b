import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type ObjectStore, selectorLabels } from "../../lib/kubernetes/index.ts";
import { type Retention, retentionProfiles, retentions, type Workload, workloads } from "../../lib/sizing/index.ts";
import { chartProblems, monitoringProblems, objectOf } from "../../test/support/charts.ts";
import { LokiChart, type LokiProps, validateLoki } from "./index.ts";

const s3: ObjectStore = {
  kind: "s3",
  endpoint: "s3.example:9000",
  region: "eu",
  credentials: { accessKeyId: { secret: "s3", key: "id" }, secretAccessKey: { secret: "s3", key: "key" } },
};
const alertmanager = { scheme: "http", host: "alertmanager", port: 9093 } as const;

function render(workload: Workload, props: Partial<LokiProps> = {}, retention: Retention = retentionProfiles.standard) {
  return new LokiChart(new App(), "loki", {
    namespace: "obs",
    workload,
    retention,
    objectStore: s3,
    alertmanager,
    ...props,
  });
}

const configOf = (chart: LokiChart) =>
  parse((objectOf(chart, "ConfigMap", "loki") as unknown as { data: Record<string, string> }).data["loki.yaml"] ?? "");

describe.each(Object.keys(workloads) as (keyof typeof workloads)[])("%s", (scale) => {
  test("objects are valid, and each monitor finds its pods", () => {
    expect(chartProblems(render(workloads[scale]))).toEqual([]);
  });

  test("alerts and panels lead to runbooks, and every query is read by its grammar", () => {
    expect(monitoringProblems(render(workloads[scale]))).toEqual([]);
  });

  test.each(retentions)("%s: what was kept can be asked for, and nothing beyond", (name) => {
    const retention = retentionProfiles[name];
    const { limits_config: limits } = configOf(render(workloads[scale], {}, retention));
    const hours = retention.loki / 3600;
    expect(limits.retention_period).toBe(`${hours}h`);
    expect(limits.max_query_lookback).toBe(`${hours}h`);
    // Loki defaults to 30 d 1 h and would reject a query over the whole retention.
    expect(limits.max_query_length).toBe(`${hours + 1}h`);
  });
});

describe("the configuration", () => {
  const config = configOf(render(workloads.medium));

  test("deletes: retention, and a store for delete requests that is the store of the data", () => {
    expect(config.compactor).toMatchObject({ retention_enabled: true, delete_request_store: "s3" });
    expect(config.schema_config.configs).toMatchObject([{ store: "tsdb", schema: "v13", object_store: "s3" }]);
  });

  test("reports nothing, knows tenants, and leaves keys to the environment", () => {
    expect(config.analytics).toEqual({ reporting_enabled: false });
    expect(config.auth_enabled).toBe(true);
    expect(config.storage_config.object_store.s3).toEqual({
      bucket_name: "loki",
      endpoint: "s3.example:9000",
      region: "eu",
      access_key_id: "${OBJECT_STORE_ACCESS_KEY}",
      secret_access_key: "${OBJECT_STORE_SECRET_KEY}",
    });
  });

  test("streams that are kept for longer can be asked for as long", () => {
    const streamRetention = [{ selector: '{namespace="audit"}', priority: 1, retention: 90 * 86_400 }];
    expect(configOf(render(workloads.medium, { streamRetention })).limits_config).toMatchObject({
      retention_period: "744h",
      retention_stream: [{ selector: '{namespace="audit"}', priority: 1, period: "2160h" }],
      max_query_lookback: "2160h",
      max_query_length: "2161h",
    });
  });

  test("a replayed write-ahead log stays within the pod's memory", () => {
    const chart = render(workloads.medium);
    if (chart.sizing.mode !== "microservices") throw new Error("monolithic");
    const ceiling = Number.parseInt(configOf(chart).ingester.wal.replay_memory_ceiling, 10) * 1e6;
    expect(ceiling).toBeLessThan(chart.sizing.services.ingester.memoryBytes);
  });

  test("one pod alone needs no ring that gossips", () => {
    const alone = configOf(new LokiChart(new App(), "loki", { namespace: "obs" }));
    expect(alone.common).toMatchObject({ replication_factor: 1, ring: { kvstore: { store: "inmemory" } } });
    expect(alone.memberlist).toBeUndefined();
    expect(config.memberlist.cluster_label).toBe("loki.obs");
  });
});

describe("zones", () => {
  const zones = ["a", "b", "c"].map((zone) => `loki-ingester-zone-${zone}`);
  const chart = render(workloads.large, {
    cluster: { name: "prod", version: "1.36", platform: "eks", zones: ["eu-1a", "eu-1b", "eu-1c"] },
  });

  test("are three workloads, pinned, that change one after the other", () => {
    for (const [index, name] of zones.entries()) {
      const { metadata, spec } = objectOf(chart, "StatefulSet", name);
      const { annotations } = metadata as { annotations?: Record<string, string> };
      expect(annotations).toEqual({ "argocd.argoproj.io/sync-wave": String(index) });
      const letter = name.slice(-1);
      expect(spec.template.spec.containers[0].args).toContain(`-ingester.availability-zone=zone-${letter}`);
      const [term] =
        spec.template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
      expect(term.matchExpressions).toContainEqual({
        key: "topology.kubernetes.io/zone",
        operator: "In",
        values: [`eu-1${letter}`],
      });
    }
    expect(configOf(chart).ingester.lifecycler.ring.zone_awareness_enabled).toBe(true);
  });

  test("the one Service in front selects the ingesters of all of them", () => {
    const { spec } = objectOf(chart, "Service", "loki-ingester");
    for (const name of zones) {
      const { labels } = objectOf(chart, "StatefulSet", name).spec.template.metadata;
      expect(labels).toMatchObject(spec.selector);
    }
  });
});

describe("the ruler", () => {
  test("sends to the one Alertmanager, and reads the tenant's rules from a ConfigMap", () => {
    const chart = render(workloads.medium, { tenant: "prod" });
    expect(configOf(chart).ruler).toMatchObject({ alertmanager_url: "http://alertmanager:9093" });
    expect(configOf(chart).ruler).not.toHaveProperty("enable_alertmanager_discovery");
    const { volumeMounts } = objectOf(chart, "Deployment", "loki-ruler").spec.template.spec.containers[0];
    expect(volumeMounts).toContainEqual({ name: "rules", mountPath: "/etc/loki/rules/prod", readOnly: true });
  });

  test("reads the same rules for every tenant", () => {
    const chart = render(workloads.medium, { tenant: "prod", federatedTenants: ["pay", "shop"] });
    const { containers, volumes } = objectOf(chart, "Deployment", "loki-ruler").spec.template.spec;
    const paths = containers[0].volumeMounts.filter(({ name }: { name: string }) => name === "rules");
    expect(paths.map(({ mountPath }: { mountPath: string }) => mountPath)).toEqual(
      ["prod", "pay", "shop"].map((tenant) => `/etc/loki/rules/${tenant}`),
    );
    expect(volumes.filter(({ name }: { name: string }) => name === "rules")).toHaveLength(1);
  });

  test("sends to every Alertmanager behind a headless Service", () => {
    const headless = { ...alertmanager, host: "alertmanager-operated.obs.svc.cluster.local", portName: "web" };
    expect(configOf(render(workloads.medium, { alertmanager: headless })).ruler).toMatchObject({
      alertmanager_url: "http://_web._tcp.alertmanager-operated.obs.svc.cluster.local",
      enable_alertmanager_discovery: true,
    });
  });

  test("is not there without one", () => {
    const workload = workloads.medium;
    const chart = new LokiChart(new App(), "loki", { namespace: "obs", workload, objectStore: s3 });
    expect(chart.footprints.map(({ name }) => name)).not.toContain("loki-ruler");
    expect(
      chart.edges.some(({ from }) => typeof from === "object" && "identity" in from && from.identity.part === "ruler"),
    ).toBe(false);
    expect(configOf(chart).ruler).toBeUndefined();
  });

  test("log alerts must be LogQL", () => {
    const rule = { alert: "X", expr: "sum(", severity: "info", summary: "x", description: "x" } as const;
    const logAlerts = [{ name: "x", rules: [rule] }];
    expect(() => render(workloads.small, { logAlerts })).toThrow(/invalid LogQL: sum\(/);
  });
});

test("endpoints: writes go to the distributor, queries to the frontend, each with its tenant", () => {
  const { push, otlp, query } = render(workloads.medium, { tenant: "prod" }).endpoints;
  expect(push).toMatchObject({ host: "loki-distributor.obs.svc.cluster.local", port: 3100, path: "/loki/api/v1/push" });
  expect(otlp).toMatchObject({ host: push.host, path: "/otlp", headers: { "X-Scope-OrgID": "prod" } });
  expect(query).toMatchObject({
    host: "loki-query-frontend.obs.svc.cluster.local",
    headers: { "X-Scope-OrgID": "prod" },
  });
  expect(render(workloads.small).endpoints.query.host).toBe("loki.obs.svc.cluster.local");
});

test("two in one namespace share no object and no pod", () => {
  const app = new App();
  const [a, b] = ["loki", "audit"].map((name) => new LokiChart(app, name, { namespace: "obs", name }));
  const names = (chart: LokiChart | undefined) =>
    chart?.toJson().map(({ kind, metadata }) => `${kind}/${metadata.name}`) ?? [];
  expect(names(a).filter((name) => names(b).includes(name))).toEqual([]);
  expect(selectorLabels(a?.identity("loki") as never)).not.toEqual(selectorLabels(b?.identity("loki") as never));
});

describe("validation", () => {
  const valid: LokiProps = { namespace: "obs", workload: workloads.medium, objectStore: s3 };
  const of = (changes: Partial<LokiProps> = {}) =>
    validateLoki({ ...valid, ...changes }).map(({ code, at }) => `${code} ${at}`);
  const kept = retentionProfiles.standard.loki;

  test("accepts computed sizes", () => expect(of()).toEqual([]));

  test("rejects a retention of 12 h, which -verify-config accepts", () => {
    expect(of({ retention: { ...retentionProfiles.standard, loki: 12 * 3600 } })).toEqual(["SKP1221 retention.loki"]);
    const streamRetention = [{ selector: '{level="debug"}', priority: 1, retention: 3600 }];
    expect(of({ streamRetention })).toEqual(["SKP1221 streamRetention[0].retention"]);
  });

  test("is done by the chart, also when it is used alone", () => {
    const retention = { ...retentionProfiles.standard, loki: 3600 };
    expect(() => new LokiChart(new App(), "loki", { ...valid, retention, tenant: "a/b" })).toThrow(
      /SKP1012 tenant: .*\n.*\nSKP1221 retention.loki: 1h /,
    );
  });

  test("rejects selectors with a pipeline or without braces", () => {
    const streamRetention = ['{a="b"} |= "c"', "level=debug"].map((selector) => ({
      selector,
      priority: 1,
      retention: 86_400,
    }));
    expect(of({ streamRetention })).toEqual([
      "SKP1012 streamRetention[0].selector",
      "SKP1012 streamRetention[1].selector",
    ]);
  });

  test("rejects a bucket lifecycle that deletes live data", () => {
    expect(of({ bucketLifecycle: kept + 7_200 })).toEqual(["SKP1223 bucketLifecycle"]);
    expect(of({ bucketLifecycle: kept + 7_201 })).toEqual([]);
  });

  test("rejects log alerts about lines instead of numbers, and with ranges beyond the longest query", () => {
    const rules = [
      'rate({a="b"}[1d])',
      '{a="b"} |= "c"',
      'sum(rate({a="b"}[1y4w])) > 0',
      'sum(rate({a="b"}[5m] offset 2y)) > 1',
    ].map((expr) => ({ alert: "A", expr }));
    const groups = ["a", "b"].map((name) => ({ name, rules }));
    expect(of({ additionalAlerts: groups })).toEqual(
      expect.arrayContaining(
        [0, 1].flatMap((group) => [
          `SKP1012 additionalAlerts[${group}].rules[1].expr`,
          `SKP1214 additionalAlerts[${group}].rules[2].expr`,
        ]),
      ),
    );
    expect(of({ additionalAlerts: groups })).toHaveLength(4);
    const labels = { team: "shop", alertname: "B" };
    expect(of({ additionalAlerts: [{ name: "a", rules: [{ alert: "A", expr: "vector(1)", labels }] }] })).toEqual([
      "SKP1012 additionalAlerts[0].rules[0].labels.alertname",
    ]);
  });

  test("rejects volumes that pods do not share, and a bucket without a name", () => {
    const redundant = { availability: "redundant", objectStore: { kind: "filesystem" } } as const;
    expect(of(redundant)).toEqual(["SKP1211 objectStore"]);
    expect(of({ bucket: "" })).toEqual(["SKP1012 bucket"]);
  });

  test("rejects fewer ingesters than copies, and numbers that zones cannot share", () => {
    expect(of({ overrides: { ingester: { replicas: 2 } } })).toEqual(["SKP1225 workloads.ingester.replicas"]);
    const large = { workload: workloads.large, overrides: { ingester: { minReplicas: 100 } } };
    expect(of(large)).toEqual(["SKP1227 workloads.ingester.replicas"]);
  });

  test("rejects a single process beyond its load, on a volume that is too small", () => {
    expect(of({ mode: "monolithic" })).toEqual(["SKP1214 mode"]);
    const small = { overrides: { loki: { diskBytes: 2 ** 30 } } };
    expect(of({ objectStore: { kind: "filesystem" }, mode: "monolithic", ...small })).toEqual([
      "SKP1231 disk",
      "SKP1214 mode",
    ]);
  });
});
