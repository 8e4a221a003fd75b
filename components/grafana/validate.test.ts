import { App } from "cdk8s";
import { expect, test } from "vitest";
import { workloads } from "../../lib/sizing/index.ts";
import { GrafanaChart, type GrafanaProps, validateGrafana } from "./index.ts";

const database = {
  host: "postgres:5432",
  name: "grafana",
  user: "grafana",
  password: { secret: "db", key: "password" },
};
const found = (props: Partial<GrafanaProps>) =>
  validateGrafana({ namespace: "observability", ...props }).map(({ code, at }) => `${code} ${at}`);

test("accepts the defaults, and several replicas with a database", () => {
  expect(found({})).toEqual([]);
  expect(found({ replicas: 3, database })).toEqual([]);
});

test.each<[string, Partial<GrafanaProps>]>([
  ["SKP1215 replicas", { replicas: 2 }],
  ["SKP1011 replicas", { replicas: 0 }],
  ["SKP1248 route", { route: { kind: "ingress" } }],
  ["SKP1011 workload.queriesPerSecond", { workload: { ...workloads.small, queriesPerSecond: -1 } }],
])("rejects %s", (finding, props) => {
  expect(found(props)).toEqual([finding]);
});

test("the chart reports every finding at once", () => {
  const build = () =>
    new GrafanaChart(new App(), "g", { namespace: "observability", replicas: 2, route: { kind: "ingress" } });
  expect(build).toThrow(/SKP1215 replicas: 2 replicas, each with its own SQLite file\n {2}fix: [\s\S]+SKP1248 route/);
});

test("the number of replicas is an override", () => {
  const { sizing } = new GrafanaChart(new App(), "g", { namespace: "observability", replicas: 3, database });
  expect(sizing.grafana).toMatchObject({ replicas: 3, reasons: { replicas: "set explicitly" } });
});
