import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { retentionProfiles, workloads } from "../../lib/sizing/index.ts";
import { chartProblems, monitoringProblems, objectOf } from "../../test/support/charts.ts";
import { type JaegerStorage, TracesChart, type TracesProps, validateTraces } from "./index.ts";

const search: JaegerStorage = {
  kind: "elasticsearch",
  urls: ["https://search.example:9243", "https://other.example"],
  credentials: { username: { secret: "search", key: "user" }, password: { secret: "search", key: "password" } },
};
const s3 = {
  kind: "s3",
  endpoint: "s3.example",
  region: "eu",
  credentials: { accessKeyId: { secret: "s3", key: "id" }, secretAccessKey: { secret: "s3", key: "key" } },
} as const;
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

  test("badger applies the retention and is persistent", () => {
    const { jaeger_storage } = fileOf(render({}), "jaeger.yaml").extensions;
    expect(jaeger_storage.backends.main.badger).toMatchObject({ ephemeral: false, ttl: { spans: "168h" } });
  });

  test("a search engine's password is a file, and its user name an environment variable", () => {
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

  test("date layouts remain strings in YAML 1.1", () => {
    const { data } = objectOf(render({ storage: search }), "ConfigMap", "jaeger") as unknown as {
      data: Record<string, string>;
    };
    expect(data["jaeger.yaml"]).toContain('date_layout: "2006-01-02"');
  });

  test("old indexes are deleted by a CronJob, or by the search engine's lifecycle policy", () => {
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

  test("its connections to the search engine are declared by the ports of the URLs", () => {
    const [edge] = render({ storage: search }).edges;
    expect(edge?.ports).toEqual([9243, 443]);
  });
});

describe("Tempo", () => {
  test("scheduler and worker have the same retention", () => {
    const config = fileOf(render({ backend: "tempo" }), "tempo.yaml");
    const kept = { block_retention: "168h", compacted_block_retention: "1h" };
    expect(config.backend_scheduler.provider.compaction.compaction).toEqual(kept);
    expect(config.backend_worker.compaction).toEqual(kept);
    expect(config.usage_report).toEqual({ reporting_enabled: false });
  });

  test("has no key that Tempo 3 rejects", () => {
    for (const props of [{}, { kafka }]) {
      const config = fileOf(render({ backend: "tempo", objectStore: s3, ...props }), "tempo.yaml");
      for (const gone of ["ingester", "ingester_client", "compactor"]) expect(config).not.toHaveProperty(gone);
    }
  });

  test("span metrics are sent to Mimir with its tenant, or not generated", () => {
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

  test("searches everything that is kept, and limits series and concurrent jobs", () => {
    const config = fileOf(render({ backend: "tempo", retention: retentionProfiles.extended }), "tempo.yaml");
    expect(config.query_frontend.search.max_duration).toBe("336h");
    expect(config.querier.max_concurrent_queries).toBe(4);
  });

  test("limits are overridden in a file that is reloaded", () => {
    const limits = { ingestion: { max_traces_per_user: 100_000 } };
    const chart = render({ backend: "tempo", limits });
    const { data } = objectOf(chart, "ConfigMap", "tempo-overrides") as unknown as { data: Record<string, string> };
    expect(parse(data["overrides.yaml"] ?? "")).toEqual({ overrides: { "single-tenant": limits } });
    const pods = (props: Partial<TracesProps>) =>
      JSON.stringify(objectOf(render({ backend: "tempo", ...props }), "StatefulSet", "tempo").spec.template);
    expect(pods({ limits })).toBe(pods({}));
  });

  test("with Kafka, live-stores are in two zones that roll out sequentially", () => {
    const chart = render({ backend: "tempo", objectStore: s3, kafka });
    const waves = ["zone-a", "zone-b"].map((zone) => {
      const { metadata, spec } = objectOf(chart, "StatefulSet", `tempo-live-store-${zone}`);
      expect(spec.template.spec.containers[0].args).toContain(`-live-store.instance-availability-zone=${zone}`);
      return (metadata as { annotations?: Record<string, string> }).annotations?.["argocd.argoproj.io/sync-wave"];
    });
    expect(waves).toEqual(["0", "1"]);
    const budgets = chart.toJson().filter(({ kind }) => kind === "PodDisruptionBudget");
    expect(budgets.map(({ metadata }) => metadata.name)).toContain("tempo-live-store");
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
  expect(render({ backend: "tempo", objectStore: s3, kafka }).endpoints).toMatchObject({
    otlp: { host: "tempo-distributor.obs.svc.cluster.local", backend: "tempo" },
    query: { host: "tempo-query-frontend.obs.svc.cluster.local", port: 3200 },
  });
});

describe("validation", () => {
  const { medium, large, xlarge } = workloads;
  const of = (props: Partial<TracesProps>) =>
    validateTraces({ namespace: "obs", availability: "redundant", keepPercent: 50, ...props }).map(
      ({ code, at }) => `${code} ${at}`,
    );
  const tempo = { backend: "tempo", objectStore: s3 } as const;

  test("badger carries the small workload, and nothing larger", () => {
    expect(of({})).toEqual([]);
    expect(of({ workload: medium })).toEqual(["SKP1214 backend"]);
    expect(of({ workload: medium, storage: search })).toEqual([]);
    expect(of({ storage: { ...search, urls: [] } })).toEqual(["SKP1233 storage.urls"]);
  });

  test("a single Tempo carries 22 k kept spans/s", () => {
    const at = (kept: number) => ({ ...tempo, workload: { ...large, spansPerSecond: kept / 0.525 } });
    expect(of(at(21_999))).toEqual([]);
    expect(of(at(22_001))).toEqual(["SKP1214 backend"]);
  });

  test("microservices mode needs Kafka and object storage, and has an upper limit", () => {
    const scaled = { ...tempo, mode: "microservices" } as const;
    expect(of({ ...scaled, workload: xlarge })).toEqual(["SKP1233 kafka"]);
    expect(of({ ...scaled, workload: xlarge, kafka })).toEqual([]);
    expect(of({ ...scaled, objectStore: { kind: "filesystem" }, kafka })).toEqual(["SKP1211 objectStore"]);
    const absurd = { ...xlarge, spansPerSecond: 30_000_000 };
    expect(of({ ...scaled, workload: absurd, kafka })).toEqual(["SKP1214 backend"]);
  });

  test("a retention of one second is rejected by the chart, also when it is used alone", () => {
    const retention = { ...retentionProfiles.standard, traces: 1 };
    expect(of({ retention })).toEqual(["SKP1221 retention.traces"]);
    expect(of({ ...tempo, retention })).toEqual(["SKP1221 retention.traces"]);
    expect(() => render({ retention })).toThrow(/SKP1221 retention.traces: 1s/);
  });

  test("Tempo on S3 needs credentials or an identity, which may be empty", () => {
    const { credentials: _, ...anonymous } = s3;
    expect(of({ ...tempo, objectStore: anonymous })).toEqual(["SKP1207 objectStore"]);
    expect(of({ ...tempo, objectStore: { ...anonymous, identity: {} } })).toEqual([]);
    expect(of({ ...tempo, bucket: "" })).toEqual(["SKP1012 bucket"]);
  });
});
