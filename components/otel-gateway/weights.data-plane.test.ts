// The share of traces that a real gateway keeps is noted in their spans, by which Tempo weights the metrics it computes.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { offCluster } from "../../test/data-plane/off-cluster.ts";
import { type RunningProgram, ready, start } from "../../test/data-plane/process.ts";
import { type TraceSink, traceSink } from "../../test/data-plane/trace-sink.ts";
import { objectOf } from "../../test/support/charts.ts";
import { until } from "../../test/support/wait.ts";
import { defaultTailSampling } from "./config.ts";
import { OtelGatewayChart } from "./index.ts";

const host = "127.0.46.1";
const folder = mkdtempSync(join(tmpdir(), "skopos-weights-"));
const gateway = new OtelGatewayChart(new App(), "gateway", {
  namespace: "observability",
  traces: { scheme: "grpc", host: "tempo", port: 4317, backend: "tempo" },
  tailSampling: { ...defaultTailSampling, decisionWaitSeconds: 1, keepPercent: 25 },
});
const ordinary = 400;
const failed = 10;
let program: RunningProgram;
let sink: TraceSink;

beforeAll(async () => {
  sink = await traceSink("127.0.46.2");
  const rendered = gateway.toJson().find(({ data }) => data?.["collector.yaml"])?.data["collector.yaml"];
  const file = join(folder, "gateway.yaml");
  writeFileSync(file, stringify(sink.receivesFrom(offCluster(parse(rendered), { host }))));
  const [{ args }] = objectOf(gateway, "StatefulSet", "otel-gateway-collector").spec.template.spec.containers;
  program = start(
    "otelcol",
    (args as string[]).map((arg) => (arg.startsWith("--config=") ? `--config=${file}` : arg)),
  );
  await ready(program, `http://${host}:13133/`);
});
afterAll(async () => {
  await program?.stop();
  sink?.close();
  rmSync(folder, { recursive: true });
});

test("kept spans stand for those that were not kept, failed ones only for themselves", async () => {
  const at = `${BigInt(Date.now()) * 1_000_000n}`;
  const span = (name: string, code: number) => ({
    traceId: randomBytes(16).toString("hex"),
    spanId: randomBytes(8).toString("hex"),
    name,
    kind: 2,
    startTimeUnixNano: at,
    endTimeUnixNano: at,
    status: { code },
  });
  const spans = [
    ...Array.from({ length: ordinary }, () => span("ordinary", 0)),
    ...Array.from({ length: failed }, () => span("failed", 2)),
  ];
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
  const answer = await fetch(`http://${host}:4318/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }),
  });
  expect(answer.ok).toBe(true);
  const named = (name: string) => sink.spans.filter((each) => each.name === name);
  await until("the failed spans", () => named("failed").length === failed && named("ordinary").length > 0);
  // A threshold of c is three quarters of all: a quarter is kept.
  expect(new Set(named("ordinary").map(({ traceState }) => traceState))).toEqual(new Set(["ot=th:c"]));
  expect(new Set(named("failed").map(({ traceState }) => traceState))).toEqual(new Set(["ot=th:0"]));
});
