// What Alloy is told to do with OTLP of applications, done by a real collector: Alloy's components are the collector's.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { type ParsedBlock, parseAlloy } from "../../lib/alloy/index.ts";
import { labelLimits } from "../../lib/kubernetes/index.ts";
import { healthCheck } from "../../lib/otel/index.ts";
import { type RunningProgram, ready, start } from "../../test/data-plane/process.ts";
import { attribute, find } from "../../test/support/alloy-blocks.ts";
import { until } from "../../test/support/wait.ts";
import { AlloyChart } from "./index.ts";

const host = "127.0.64.1";
const folder = mkdtempSync(join(tmpdir(), "skopos-alloy-otlp-"));
const alloy = new AlloyChart(new App(), "alloy", {
  namespace: "obs",
  gateway: { otlp: { scheme: "grpc", host: "gateway.obs.svc", port: 4317 } },
});
const text = alloy.toJson().find(({ data }) => data?.["config.alloy"])?.data["config.alloy"];
const blocks = parseAlloy(text);

/** Statements of a signal as the printed configuration has them. */
const statementsOf = (signal: string) =>
  find(blocks, "otelcol.processor.transform.applications")
    .blocks.filter(({ name }) => name === `${signal}_statements`)
    .map((each: ParsedBlock) => ({ context: attribute(each, "context"), statements: attribute(each, "statements") }));

let program: RunningProgram;

beforeAll(async () => {
  const transform = {
    error_mode: "propagate",
    trace_statements: statementsOf("trace"),
    metric_statements: statementsOf("metric"),
    log_statements: statementsOf("log"),
  };
  const pipeline = { receivers: ["otlp"], processors: ["transform"] };
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: `${host}:4318` } } } },
    processors: { transform },
    exporters: {
      prometheus: { endpoint: `${host}:8889`, resource_to_telemetry_conversion: { enabled: true } },
      debug: {},
    },
    extensions: { health_check: { ...healthCheck.health_check, endpoint: `${host}:13133` } },
    service: {
      extensions: ["health_check"],
      telemetry: { metrics: { level: "none" } },
      pipelines: {
        metrics: { ...pipeline, exporters: ["prometheus"] },
        traces: { ...pipeline, exporters: ["debug"] },
        logs: { ...pipeline, exporters: ["debug"] },
      },
    },
  };
  const path = join(folder, "collector.yaml");
  writeFileSync(path, stringify(config));
  program = start("otelcol", [`--config=${path}`]);
  await ready(program, `http://${host}:13133/`);
});

afterAll(async () => {
  await program?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("attributes are cleaned, completed and truncated by the statements that Alloy gets", async () => {
  const attributes = {
    "service.name": "shop",
    "k8s.pod.name": "shop-0",
    "process.command_line": "java -Dpassword=secret",
    "build.notes": "x".repeat(5_000),
  };
  const list = Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const point = { asDouble: 7, timeUnixNano: `${BigInt(Date.now()) * 1_000_000n}` };
  const metrics = [{ name: "stock", gauge: { dataPoints: [point] } }];
  const resourceMetrics = [{ resource: { attributes: list }, scopeMetrics: [{ metrics }] }];
  const answer = await fetch(`http://${host}:4318/v1/metrics`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceMetrics }),
  });
  expect(answer.status).toBe(200);
  const line = async () => /^stock\{.*$/m.exec(await (await fetch(`http://${host}:8889/metrics`)).text())?.[0];
  await until("the series", async () => (await line()) !== undefined, { explain: program.output });
  const series = (await line()) as string;
  expect(series).toContain('service_instance_id="shop-0"');
  expect(series).toContain('skopos_attributes_cut="true"');
  expect(series).not.toContain("password");
  expect(/build_notes="(x+)"/.exec(series)?.[1]).toHaveLength(labelLimits.valueBytes);
});
