import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { retentionProfiles, retentions, type Workload, workloads } from "../../lib/sizing/index.ts";
import { programPath } from "../../test/binaries/find.ts";
import { unrecorded } from "../../test/catalogues/harvest.ts";
import { type RunningProgram, ready, requireProgram, start } from "../../test/data-plane/process.ts";
import { askedSeries, objectOf } from "../../test/support/charts.ts";
import { until } from "../../test/support/wait.ts";
import { type JaegerStorage, TracesChart, type TracesProps } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-traces-"));
afterAll(() => rmSync(folder, { recursive: true }));

const dev: Workload = { ...workloads.small, nodes: 1, pods: 30, spansPerSecond: 50 };
const credentials = { username: { secret: "search", key: "user" }, password: { secret: "search", key: "password" } };
const storages: Readonly<Record<string, JaegerStorage>> = {
  badger: { kind: "badger" },
  elasticsearch: { kind: "elasticsearch", urls: ["https://search.example:9200"], credentials },
  "opensearch with a lifecycle": { kind: "opensearch", urls: ["https://search.example"], retention: "ilm" },
};

const render = (props: Partial<TracesProps>) =>
  new TracesChart(new App(), "traces", { namespace: "observability", ...props });

const fileOf = (chart: TracesChart, name: string) =>
  (objectOf(chart, "ConfigMap", chart.name) as unknown as { data: Record<string, string> }).data[name] ?? "";

/** A rendered Jaeger configuration on one loopback address, its store and its password under the test's folder. */
function offCluster(config: string, host: string): string {
  const home = mkdtempSync(join(folder, "home-"));
  mkdirSync(join(home, "search"));
  writeFileSync(join(home, "search/password"), "secret");
  const file = join(home, "jaeger.yaml");
  const moved = config
    .replaceAll("0.0.0.0", host)
    .replaceAll("/var/jaeger", join(home, "data"))
    .replaceAll("/etc/jaeger/search", join(home, "search"));
  writeFileSync(file, moved);
  return file;
}

const cases = Object.entries(storages).flatMap(([name, storage]) =>
  retentions.map((retention) => ({ name, storage, retention })),
);

test.each(cases)("the real Jaeger accepts its configuration: $name, $retention", ({ storage, retention }) => {
  const chart = render({ storage, retention: retentionProfiles[retention] });
  const file = offCluster(fileOf(chart, "jaeger.yaml"), "127.0.0.1");
  execFileSync(requireProgram("jaeger"), ["validate", `--config=${file}`], {
    env: { SEARCH_USERNAME: "u" },
    stdio: "pipe",
  });
});

test("the real Jaeger rejects an unknown store", () => {
  const file = offCluster(fileOf(render({}), "jaeger.yaml").replace("badger:", "nosuch:"), "127.0.0.1");
  const { status } = spawnSync(requireProgram("jaeger"), ["validate", `--config=${file}`], { env: {} });
  expect(status).not.toBe(0);
});

describe("a started Jaeger", () => {
  const host = "127.0.34.1";
  const chart = render({ workload: dev, retention: retentionProfiles.ephemeral });
  const { otlp, query } = chart.endpoints;
  let jaeger: RunningProgram;

  const file = offCluster(fileOf(chart, "jaeger.yaml"), host);
  const { env } = objectOf(chart, "StatefulSet", "jaeger").spec.template.spec.containers[0];
  const values = Object.fromEntries(env.map((each: { name: string; value: string }) => [each.name, each.value]));

  async function run() {
    jaeger = start("jaeger", [`--config=${file}`], values);
    await ready(jaeger, `http://${host}:13133/status`);
  }
  beforeAll(run);
  afterAll(() => jaeger?.stop());

  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

  /** What Jaeger answers, asked again until it finds something. */
  async function ask(path: string): Promise<unknown> {
    return until(`an answer to ${path}`, async () => {
      const answer = await fetch(`http://${host}:${query.port}${path}`);
      return answer.ok && answer.json();
    });
  }

  test("finds a span by its trace ID", async () => {
    const now = `${Date.now()}000000`;
    const span = {
      traceId,
      spanId: "00f067aa0ba902b7",
      name: "GET /orders",
      kind: 2,
      startTimeUnixNano: now,
      endTimeUnixNano: now,
    };
    const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
    const response = await fetch(`http://${host}:4318/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }),
    });
    expect(response.status).toBe(200);
    expect(await ask(`/api/traces/${traceId}`)).toMatchObject({
      data: [{ spans: [{ operationName: "GET /orders" }] }],
    });
    expect(otlp).toMatchObject({ scheme: "grpc", backend: "jaeger" });
  });

  test("exposes every series that its alerts and dashboard query", async () => {
    const text = await (await fetch(`http://${host}:8888/metrics`)).text();
    expect(askedSeries(chart).filter((name) => !text.includes(`# TYPE ${name.replace(/_bucket$/, "")} `))).toEqual([]);
    expect(unrecorded("jaeger", text)).toEqual([]);
  });

  test("keeps its traces across a restart", async () => {
    expect(await jaeger.stop()).toBe(0);
    expect(jaeger.output()).not.toMatch(/deprecat/i);
    await run();
    expect(await ask(`/api/traces/${traceId}`)).toMatchObject({ data: [{ traceID: traceId }] });
  });
});

const tempo = programPath("tempo");
test("the real Tempo accepts its configuration", ({ skip }) => {
  skip(tempo === undefined, "there is no tempo on PATH");
  for (const props of [{}, { kafka: { address: "kafka.example:9092" } }]) {
    const chart = render({ backend: "tempo", ...props });
    const file = join(mkdtempSync(join(folder, "tempo-")), "tempo.yaml");
    writeFileSync(file, fileOf(chart, "tempo.yaml"));
    execFileSync(tempo as string, [`-config.file=${file}`, "-config.verify"], { env: {}, stdio: "pipe" });
  }
});
