import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { ObjectStore } from "../../lib/kubernetes/index.ts";
import { retentionProfiles, type Workload, workloads } from "../../lib/sizing/index.ts";
import { chartProblems, monitoringProblems, objectOf } from "../../test/support/charts.ts";
import { checkTraces, type JaegerStorage, sizeTraces, TracesChart, type TracesProps } from "./index.ts";

const retention = retentionProfiles.standard;
const search: JaegerStorage = {
  kind: "elasticsearch",
  urls: ["https://search.example:9243", "https://other.example"],
  credentials: { username: { secret: "search", key: "user" }, password: { secret: "search", key: "password" } },
};
const s3: ObjectStore = { kind: "s3", endpoint: "s3.example", region: "eu" };
const kafka = { address: "kafka.example:9093", tls: true };

const render = (props: Partial<TracesProps>) => new TracesChart(new App(), "traces", { namespace: "obs", ...props });
const fileOf = (chart: TracesChart, file: string) =>
  parse((objectOf(chart, "ConfigMap", chart.name) as unknown as { data: Record<string, string> }).data[file] ?? "");

test.each([
  ["badger", {}],
  ["a search engine", { storage: search }],
  ["a search engine with a lifecycle", { storage: { ...search, retention: "ilm" as const } }],
  ["Tempo", { backend: "tempo" as const }],
  ["Tempo on S3", { backend: "tempo" as const, objectStore: s3 }],
  ["Tempo behind Kafka", { backend: "tempo" as const, objectStore: s3, kafka, workload: workloads.large }],
])("%s: objects are valid, each monitor finds its pods, and each alert its runbook", (_, props) => {
  expect(chartProblems(render(props))).toEqual([]);
  expect(monitoringProblems(render(props))).toEqual([]);
});

describe("Jaeger", () => {
  test("does not send its own spans to itself", () => {
    const { env } = objectOf(render({}), "StatefulSet", "jaeger").spec.template.spec.containers[0];
    expect(env).toContainEqual({ name: "OTEL_TRACES_SAMPLER", value: "always_off" });
  });

  test("badger deletes after the retention, and keeps what is on disk", () => {
    const { jaeger_storage } = fileOf(render({}), "jaeger.yaml").extensions;
    expect(jaeger_storage.backends.main.badger).toMatchObject({ ephemeral: false, ttl: { spans: "168h" } });
  });

  test("a search engine's password is a file, its user an environment variable", () => {
    const chart = render({ storage: search });
    const { auth } = fileOf(chart, "jaeger.yaml").extensions.jaeger_storage.backends.main.elasticsearch;
    expect(auth.basic).toEqual({ username: "${env:SEARCH_USERNAME}", password_file: "/etc/jaeger/search/password" });
    const [container] = objectOf(chart, "Deployment", "jaeger").spec.template.spec.containers;
    expect(container.volumeMounts).toContainEqual({ name: "search", mountPath: "/etc/jaeger/search", readOnly: true });
    expect(container.env).toContainEqual({
      name: "SEARCH_USERNAME",
      valueFrom: { secretKeyRef: { name: "search", key: "user" } },
    });
  });

  test("a date layout stays a string to readers of YAML 1.1", () => {
    const { data } = objectOf(render({ storage: search }), "ConfigMap", "jaeger") as unknown as {
      data: Record<string, string>;
    };
    expect(data["jaeger.yaml"]).toContain('date_layout: "2006-01-02"');
  });

  test("old indices are deleted by a CronJob, or by a lifecycle of the search engine's own", () => {
    const cleaner = objectOf(render({ storage: search }), "CronJob", "jaeger-index-cleaner");
    expect(cleaner.spec.jobTemplate.spec.template.spec.containers[0].args).toEqual([
      "7",
      "https://search.example:9243",
    ]);
    const managed = render({ storage: { ...search, retention: "ilm" } });
    expect(() => objectOf(managed, "CronJob", "jaeger-index-cleaner")).toThrow();
    const { elasticsearch } = fileOf(managed, "jaeger.yaml").extensions.jaeger_storage.backends.main;
    expect(elasticsearch).toMatchObject({ use_ilm: true, use_aliases: true, create_mappings: false });
  });

  test("its way to the search engine is declared, by each URL's port", () => {
    const [edge] = render({ storage: search }).edges;
    expect(edge?.ports).toEqual([443, 9243]);
  });
});

describe("Tempo", () => {
  test("scheduler and worker are told the same retention", () => {
    const config = fileOf(render({ backend: "tempo" }), "tempo.yaml");
    const kept = { block_retention: "168h", compacted_block_retention: "1h" };
    expect(config.backend_scheduler.provider.compaction.compaction).toEqual(kept);
    expect(config.backend_worker.compaction).toEqual(kept);
    expect(config.usage_report).toEqual({ reporting_enabled: false });
  });

  test("has nothing that Tempo 3 refuses", () => {
    for (const props of [{}, { kafka }]) {
      const config = fileOf(render({ backend: "tempo", ...props }), "tempo.yaml");
      for (const gone of ["ingester", "ingester_client", "compactor"]) expect(config).not.toHaveProperty(gone);
    }
  });

  test("span metrics go to Mimir with its tenant, or are not made", () => {
    const metrics = {
      scheme: "http",
      host: "mimir",
      port: 8080,
      path: "/api/v1/push",
      headers: { "X-Scope-OrgID": "prod" },
    } as const;
    const config = fileOf(render({ backend: "tempo", metrics }), "tempo.yaml");
    expect(config.metrics_generator.storage.remote_write).toEqual([
      { url: "http://mimir:8080/api/v1/push", send_exemplars: true, headers: { "X-Scope-OrgID": "prod" } },
    ]);
    expect(config.overrides.defaults.metrics_generator.processors).toEqual(["service-graphs", "span-metrics"]);
    expect(fileOf(render({ backend: "tempo" }), "tempo.yaml").overrides.defaults.metrics_generator).toBeUndefined();
  });

  test("behind Kafka, live stores stand in two zones that change one after the other", () => {
    const chart = render({ backend: "tempo", kafka });
    const waves = ["zone-a", "zone-b"].map((zone) => {
      const { metadata, spec } = objectOf(chart, "StatefulSet", `tempo-live-store-${zone}`);
      expect(spec.template.spec.containers[0].args).toContain(`-live-store.instance-availability-zone=${zone}`);
      return (metadata as { annotations?: Record<string, string> }).annotations?.["argocd.argoproj.io/sync-wave"];
    });
    expect(waves).toEqual(["0", "1"]);
    expect(fileOf(chart, "tempo.yaml").ingest.kafka).toMatchObject({
      address: "kafka.example:9093",
      tls_enabled: true,
    });
  });
});

test("endpoints name the backend", () => {
  expect(render({}).endpoints).toMatchObject({
    otlp: { scheme: "grpc", host: "jaeger.obs.svc.cluster.local", port: 4317, backend: "jaeger" },
    query: { scheme: "http", port: 16686, backend: "jaeger" },
  });
  expect(render({ backend: "tempo", kafka }).endpoints).toMatchObject({
    otlp: { host: "tempo-distributor.obs.svc.cluster.local", backend: "tempo" },
    query: { host: "tempo-query-frontend.obs.svc.cluster.local", port: 3200 },
  });
});

describe("checks", () => {
  const check = (
    workload: Workload,
    load: { backend: "jaeger" | "tempo"; scalable?: boolean; storage?: "elasticsearch" },
    more = {},
  ) => {
    const sizing = sizeTraces({ workload, availability: "redundant", retention, keepPercent: 50, ...load });
    return checkTraces({ sizing, retentionSeconds: retention.traces, ...more }).map(({ code, at }) => `${code} ${at}`);
  };

  test("badger carries the small workload and is refused beyond", () => {
    expect(check(workloads.small, { backend: "jaeger" })).toEqual([]);
    expect(check(workloads.medium, { backend: "jaeger" })).toEqual(["SKP1214 traces.backend"]);
    expect(check(workloads.medium, { backend: "jaeger", storage: "elasticsearch" }, { storage: search })).toEqual([]);
  });

  test("one Tempo carries 55 k kept spans/s, no more", () => {
    const at = (kept: number) => ({ ...workloads.large, spansPerSecond: kept / 0.525 });
    expect(check(at(54_999), { backend: "tempo" })).toEqual([]);
    expect(check(at(55_001), { backend: "tempo" })).toEqual(["SKP1214 traces.backend"]);
  });

  test("the scalable form needs a Kafka, and has an end too", () => {
    expect(check(workloads.xlarge, { backend: "tempo", scalable: true })).toEqual(["SKP1207 traces.kafka"]);
    expect(check(workloads.xlarge, { backend: "tempo", scalable: true }, { kafka })).toEqual([]);
    const absurd = { ...workloads.xlarge, spansPerSecond: 30_000_000 };
    expect(check(absurd, { backend: "tempo", scalable: true }, { kafka })).toEqual(["SKP1214 traces.backend"]);
  });
});
