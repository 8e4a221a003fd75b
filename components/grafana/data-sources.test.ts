import { expect, test } from "vitest";
import type { Endpoint } from "../../lib/kubernetes/index.ts";
import { promqlError } from "../../lib/monitoring/promql.ts";
import { dataSourceFile, dataSources, type Sources } from "./data-sources.ts";

const at = (host: string, port: number, more: Partial<Endpoint> = {}): Endpoint => ({
  scheme: "http",
  host,
  port,
  ...more,
});
const all: Required<Sources> = {
  ruler: at("mimir-ruler", 8080, { path: "/prometheus", headers: { "X-Scope-OrgID": "prod" } }),
  aggregates: at("mimir", 8080, { path: "/prometheus", headers: { "X-Scope-OrgID": "long-term" } }),
  mimir: at("mimir", 8080, { path: "/prometheus", headers: { "X-Scope-OrgID": "prod", "X-Extra": "1" } }),
  prometheus: at("prometheus", 9090),
  loki: at("loki", 3100, { headers: { "X-Scope-OrgID": "prod" } }),
  traces: { ...at("jaeger", 16686), backend: "jaeger" },
  alertmanager: at("alertmanager", 9093),
  additional: [],
  tenants: { payments: { mimir: at("mimir", 8080), loki: at("loki", 3100) } },
};
const options = { queryPath: "separate", scrapeIntervalSeconds: 30, spanMetrics: true } as const;
const byUid = (sources: Sources, more: Partial<Parameters<typeof dataSources>[1]> = {}) =>
  Object.fromEntries(dataSources(sources, { ...options, ...more }).map((source) => [source.uid, source]));

test("Mimir is the default data source, and Prometheus the one for recent metrics", () => {
  const known = byUid(all);
  expect(known["skopos-metrics"]).toMatchObject({
    name: "Metrics",
    type: "prometheus",
    isDefault: true,
    url: "http://mimir:8080/prometheus",
    jsonData: { prometheusType: "Mimir", timeInterval: "30s" },
  });
  expect(known["skopos-metrics-recent"]).toMatchObject({
    name: "Metrics (recent)",
    isDefault: false,
    url: "http://prometheus:9090",
  });
});

test("Prometheus is the only data source if it reads older samples from Mimir", () => {
  const known = byUid(all, { queryPath: "prometheus" });
  expect(known["skopos-metrics"]).toMatchObject({ url: "http://prometheus:9090", isDefault: true });
  expect(known).not.toHaveProperty("skopos-metrics-recent");
});

test("aggregates have their own data source with their tenant", () => {
  expect(byUid(all)["skopos-metrics-aggregates"]).toMatchObject({
    secureJsonData: { httpHeaderValue1: "long-term" },
    jsonData: { timeInterval: "300s" },
  });
});

test("rules are queried from their evaluator", () => {
  const asked = (sources: Sources) =>
    dataSources(sources, options).flatMap(({ uid, jsonData }) => (jsonData.manageAlerts ? [uid] : []));
  const { mimir, prometheus, ruler } = all;
  expect(asked({ mimir, prometheus })).toEqual(["skopos-metrics-recent"]);
  expect(asked({ mimir, prometheus, ruler })).toEqual(["skopos-metrics-recent", "skopos-rules"]);
  expect(asked({ mimir, ruler: { ...mimir } })).toEqual(["skopos-metrics"]);
});

test("the metrics data source exists with either Mimir or Prometheus alone", () => {
  for (const source of ["mimir", "prometheus"] as const) {
    const known = byUid({ [source]: all[source] });
    expect(Object.keys(known)).toEqual(["skopos-metrics"]);
  }
});

test("sends the tenant header with every request, with its value in secureJsonData", () => {
  const { jsonData, secureJsonData } = byUid(all)["skopos-metrics"] ?? {};
  expect(jsonData).toMatchObject({ httpHeaderName1: "X-Extra", httpHeaderName2: "X-Scope-OrgID" });
  expect(secureJsonData).toEqual({ httpHeaderValue1: "1", httpHeaderValue2: "prod" });
  expect(byUid(all)["skopos-metrics-recent"]).not.toHaveProperty("secureJsonData");
});

test("links between signals exist only if both data sources do", () => {
  const uids = new Set(Object.keys(byUid(all)));
  const named = (text: string) => [...text.matchAll(/"(?:datasourceUid|alertmanagerUid)":"([^"]+)"/g)].map((m) => m[1]);
  expect(named(JSON.stringify(byUid(all))).length).toBeGreaterThan(5);
  for (const left of [
    [],
    ["mimir", "prometheus", "ruler", "aggregates"],
    ["loki"],
    ["traces"],
    ["alertmanager"],
  ] as const) {
    const some = Object.fromEntries(Object.entries(all).filter(([key]) => !(left as readonly string[]).includes(key)));
    const known = byUid(some);
    for (const uid of named(JSON.stringify(known))) {
      expect(uids.has(uid as string)).toBe(true);
      expect(known).toHaveProperty(uid as string);
    }
  }
});

test("spans link to the logs of their trace, and log lines to their trace", () => {
  const known = byUid(all);
  expect(known["skopos-traces"]?.jsonData.tracesToLogsV2).toMatchObject({
    datasourceUid: "skopos-logs",
    customQuery: true,
    query: expect.stringContaining('{service_name="${__span.tags["service.name"]}"}'),
  });
  const fields = known["skopos-logs"]?.jsonData.derivedFields;
  const [label, text] = fields as { matcherRegex: string }[];
  expect("trace_id").toMatch(new RegExp(`^${label?.matcherRegex}$`));
  const pattern = new RegExp(text?.matcherRegex.replace("(?i)", "") as string, "i");
  for (const line of [
    '{"traceID":"4bf92f3577b34da6a3ce929d0e0e4736"}',
    "x trace_id=4bf92f3577b34da6a3ce929d0e0e4736 y",
  ]) {
    expect(pattern.exec(line)?.[1]).toBe("4bf92f3577b34da6a3ce929d0e0e4736");
  }
});

test("only Tempo has a service graph, and span metric links require span metrics", () => {
  const tempo = byUid({ ...all, traces: { ...at("tempo", 3200), backend: "tempo" } })["skopos-traces"];
  expect(tempo).toMatchObject({ type: "tempo", jsonData: { serviceMap: { datasourceUid: "skopos-metrics" } } });
  expect(byUid(all)["skopos-traces"]?.jsonData).not.toHaveProperty("serviceMap");
  const offered = byUid(all)["skopos-traces"]?.jsonData.tracesToMetrics;
  const { queries } = offered as { queries: { query: string }[] };
  expect(queries).toHaveLength(3);
  // Grafana replaces the tags by the span's own, as label matchers.
  for (const { query } of queries) expect(promqlError(query.replace("$__tags", 'service_name="x"'))).toBeUndefined();
  expect(byUid(all, { spanMetrics: false })["skopos-traces"]?.jsonData).not.toHaveProperty("tracesToMetrics");
});

test("Grafana shows alerts but manages none itself", () => {
  expect(byUid(all)["skopos-alerts"]?.jsonData).toEqual({
    implementation: "prometheus",
    handleGrafanaManagedAlerts: false,
  });
});

test("dollar signs are not expanded as environment variables", () => {
  const file = JSON.stringify(dataSourceFile(dataSources(all, options)));
  expect(file).toContain("$${__value.raw}");
  expect(file.replaceAll("$$", "")).not.toContain("$");
});
