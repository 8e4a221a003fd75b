import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, expect, test } from "vitest";
import { workloads } from "../../lib/sizing/index.ts";
import { offCluster, writeConfig } from "../../test/data-plane/loki.ts";
import { configFile } from "../../test/data-plane/mimir.ts";
import { type RunningProgram, ready, start } from "../../test/data-plane/process.ts";
import { until } from "../../test/support/wait.ts";
import { dataSources } from "../grafana/data-sources.ts";
import { LokiChart } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-loki-messages-"));
const chart = new LokiChart(new App(), "loki", { namespace: "obs", workload: workloads.small });
const { otlp, query } = chart.endpoints;
const place = { host: "127.0.36.1", httpPort: 3100, folder };
const at = (path: string) => `http://${place.host}:${place.httpPort}${path}`;
let loki: RunningProgram;

beforeAll(async () => {
  const file = writeConfig(folder, offCluster(configFile(chart, "loki", "loki.yaml"), place));
  loki = start("loki", [`-config.file=${file}`, "-target=all"]);
  await ready(loki, at("/ready"));
});
afterAll(async () => {
  await loki?.stop();
  rmSync(folder, { recursive: true });
});

const queryLines = async (limit: number) => {
  const asked = encodeURIComponent('{service_name="shop"}');
  const path = `/loki/api/v1/query_range?query=${asked}&limit=${limit}`;
  const answer = await fetch(at(path), { headers: query.headers ?? {} });
  return { status: answer.status, body: await answer.text() };
};

/** A full batch of a collector: 8,192 records of 1.5 KiB, from one container. 12 MiB, three times gRPC's default limit. */
const records = 8_192;
const line = "order placed ".repeat(118);

test("a full batch of OTLP records passes from the distributor to the ingester", async () => {
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
  const now = BigInt(Date.now()) * 1_000_000n;
  const logRecords = Array.from({ length: records }, (_, index) => ({
    timeUnixNano: `${now + BigInt(index)}`,
    body: { stringValue: `${line}${index}` },
  }));
  const answer = await fetch(at(`${otlp.path}/v1/logs`), {
    method: "POST",
    headers: { "content-type": "application/json", ...otlp.headers },
    body: JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] }),
  });
  expect([answer.status, await answer.text()]).toEqual([204, ""]);
});

test("a query for 5,000 lines passes from the ingester through the querier to the frontend", async () => {
  const lines = await until(
    "an answer",
    async () => {
      const { status, body } = await queryLines(5_000);
      // A message above the limit is an error, not a shorter answer.
      if (status !== 200) return [`${status} ${body}`];
      const { data } = JSON.parse(body) as { data: { result: { values: string[][] }[] } };
      const found = data.result.flatMap(({ values }) => values);
      return found.length > 0 && found;
    },
    { within: 30_000 },
  );
  expect(lines).toHaveLength(5_000);
});

test("the link from a span finds the logs of its trace: those of pods by their text, those of OTLP by their field", async () => {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const now = `${Date.now()}000000`;
  const send = (path: string, body: object) =>
    fetch(at(path), {
      method: "POST",
      headers: { "content-type": "application/json", ...otlp.headers },
      body: JSON.stringify(body),
    });
  const streams = ["with", "without"].map((kind) => ({
    stream: { app: "cart", kind },
    values: [[now, kind === "with" ? `paid trace_id=${traceId}` : "paid"]],
  }));
  expect((await send("/loki/api/v1/push", { streams })).status).toBe(204);
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "cart" } }] };
  const logRecords = [traceId, undefined].map((id) => ({
    timeUnixNano: now,
    body: { stringValue: `sent ${id !== undefined}` },
    ...(id && { traceId: id }),
  }));
  expect(
    (await send(`${otlp.path}/v1/logs`, { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] })).status,
  ).toBe(204);

  const sources = dataSources(
    { loki: query, traces: { scheme: "http", host: "tempo", port: 3200, backend: "tempo" } },
    { queryPath: "separate", scrapeIntervalSeconds: 30, spanMetrics: false },
  );
  const traces = sources.find(({ uid }) => uid === "skopos-traces");
  const link = (traces?.jsonData.tracesToLogsV2 as { query: string } | undefined)?.query ?? "";
  const asked = link.replace('${__span.tags["service.name"]}', "cart").replace("${__span.traceId}", traceId);
  const lines = await until("both lines", async () => {
    const path = `/loki/api/v1/query_range?query=${encodeURIComponent(asked)}`;
    const answer = await fetch(at(path), { headers: query.headers ?? {} });
    const { data } = (await answer.json()) as { data: { result: { values: string[][] }[] } };
    const found = data.result.flatMap(({ values }) => values.map(([, text]) => text ?? ""));
    return found.length >= 2 && found.sort();
  });
  expect(lines).toEqual([expect.stringMatching(/^paid/), expect.stringMatching(/^sent true/)]);
});

test("a limit of the runtime file applies without a restart", async () => {
  expect((await queryLines(5_001)).status).toBe(400);
  const raised = new LokiChart(new App(), "loki", {
    namespace: "obs",
    tenants: { anonymous: { max_entries_limit_per_query: 6_000 } },
  });
  writeFileSync(join(folder, "etc/runtime/runtime.yaml"), configFile(raised, "loki-runtime", "runtime.yaml"));
  await until("the new limit", async () => (await queryLines(5_001)).status === 200, { within: 60_000 });
});
