import { expect, test } from "vitest";
import { parse } from "yaml";
import { readStackFile } from "../../stacks/load.ts";
import { ConfigurationError } from "../../stacks/problem.ts";
import { resolve } from "../../stacks/resolve.ts";
import { objectsOf, renderStack } from "../../stacks/stack.ts";
import { validateGrafana } from "./index.ts";

const source = {
  name: "Orders",
  uid: "orders-db",
  type: "grafana-postgresql-datasource",
  url: "http://postgres.shop.svc:5432",
  jsonData: { database: "or$ers", sslmode: "disable" },
  basicAuthUser: "grafana",
  secrets: { password: { secret: "orders", key: "password" }, basicAuthPassword: { secret: "orders", key: "basic" } },
};

const render = (dataSources: readonly object[], changes: object = {}) =>
  renderStack(resolve({ ...readStackFile("stacks", "dev").raw, ...changes, extra: { dataSources } }, { stack: "dev" }));

function problems(dataSources: readonly object[], changes: object = {}): readonly string[] {
  try {
    render(dataSources, changes);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ code, path }) => `${code} ${path}`);
  }
  return [];
}

test("a data source refers to its secrets by variables of Grafana's container, and keeps its dollar signs", () => {
  const objects = objectsOf(render([source, { ...source, uid: "plain", name: "Plain", secrets: undefined }])).map(
    ({ object }) => object,
  );
  const file = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "grafana-data-sources");
  const { datasources } = parse((file as unknown as { data: Record<string, string> }).data["skopos.yaml"] as string);
  expect(datasources.find(({ uid }: { uid: string }) => uid === "orders-db")).toEqual({
    name: "Orders",
    uid: "orders-db",
    type: "grafana-postgresql-datasource",
    url: "http://postgres.shop.svc:5432",
    access: "proxy",
    isDefault: false,
    editable: false,
    basicAuth: true,
    basicAuthUser: "grafana",
    jsonData: { database: "or$$ers", sslmode: "disable" },
    secureJsonData: {
      password: expect.stringMatching(/^\$\{DATA_SOURCE_ORDERS_DB_PASSWORD_[0-9A-F]{16}\}$/),
      basicAuthPassword: expect.stringMatching(/^\$\{DATA_SOURCE_ORDERS_DB_BASICAUTHPASSWORD_[0-9A-F]{16}\}$/),
    },
  });
  expect(datasources.find(({ uid }: { uid: string }) => uid === "plain")).not.toHaveProperty("secureJsonData");
  const grafana = objects.find(({ kind, metadata }) => kind === "Deployment" && metadata.name === "grafana");
  const [container] = grafana?.spec.template.spec.containers ?? [];
  expect(container.env).toContainEqual({
    name: expect.stringMatching(/^DATA_SOURCE_ORDERS_DB_PASSWORD_/),
    valueFrom: { secretKeyRef: { name: "orders", key: "password" } },
  });
});

test("each data source has its own secret, however alike their UIDs are", () => {
  const sources = ["orders-db", "orders_db", "Orders-db"].map((uid) => ({
    ...source,
    uid,
    name: uid,
    secrets: { password: { secret: `secret-of-${uid.toLowerCase().replace("_", "-x-")}`, key: "password" } },
  }));
  const objects = objectsOf(render(sources)).map(({ object }) => object);
  const grafana = objects.find(({ kind, metadata }) => kind === "Deployment" && metadata.name === "grafana");
  const env = grafana?.spec.template.spec.containers[0].env.filter(({ name }: { name: string }) =>
    name.startsWith("DATA_SOURCE_"),
  );
  expect(new Set(env.map(({ name }: { name: string }) => name)).size).toBe(3);
  expect(
    env.map(({ valueFrom }: { valueFrom: { secretKeyRef: { name: string } } }) => valueFrom.secretKeyRef.name),
  ).toEqual(sources.map(({ secrets }) => secrets.password.secret));
});

test("a name is taken once, by data sources of the stack and of its tenants too", () => {
  const named = ["Orders", "Orders", "Metrics", "Metrics (recent)", "Logs (payments)", "Other"].map((name, index) => ({
    ...source,
    name,
    uid: `own-${index}`,
  }));
  expect(problems(named, { tenants: { payments: { namespaces: ["payments"] } } })).toEqual(
    [1, 2, 3, 4].map((index) => `SKP1321 skopos:extra.dataSources[${index}]`),
  );
  const findings = validateGrafana({
    namespace: "observability",
    sources: { additional: named },
  });
  expect(findings.map(({ code, at }) => `${code} ${at}`)).toEqual(
    [1, 2, 3].map((index) => `SKP1321 sources.additional[${index}]`),
  );
});

test("secrets among the plain settings of a data source are found", () => {
  const jsonData = {
    httpHeaderName1: "X-Api-Key",
    httpHeaderValue1: "hunter2",
    azure: { clientSecret: "hunter2", authType: "clientsecret" },
    derivedFields: [{ url: "https://a.example.com/?token=hunter2", matcherRegex: "token=(\\w+)" }],
    tokenUri: "https://a.example.com/token",
  };
  expect(problems([{ ...source, jsonData }])).toEqual([
    "SKP1010 skopos:extra.dataSources[0].jsonData.httpHeaderValue1",
    "SKP1010 skopos:extra.dataSources[0].jsonData.azure.clientSecret",
    "SKP1010 skopos:extra.dataSources[0].jsonData.derivedFields[0].url",
  ]);
});

test("the network policies admit the ports of data sources", () => {
  const grafana = render([source]).charts.find(({ node }) => node.id === "grafana");
  expect(grafana?.edges.find(({ why }) => why === "data source Orders")?.ports).toEqual([5432]);
});

test("a UID is taken once, secrets are references, and need the stack's own Grafana", () => {
  expect(problems([source, { ...source, name: "Again" }, { ...source, uid: "skopos-logs" }])).toEqual([
    "SKP1321 skopos:extra.dataSources[1]",
    "SKP1321 skopos:extra.dataSources[2]",
  ]);
  expect(problems([{ ...source, secrets: { password: "hunter2" } }])).toEqual([
    "SKP1010 skopos:extra.dataSources[0].secrets.password",
  ]);
  const external = { components: { grafana: { external: { url: "https://grafana.example.com" } } } };
  expect(problems([source], external)).toContain("SKP1013 skopos:extra.dataSources");
  expect(problems([{ ...source, secrets: undefined }], external)).not.toContain("SKP1013 skopos:extra.dataSources");
});
