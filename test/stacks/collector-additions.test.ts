// Additions to the collectors that would not work are rejected before anything is deployed.

import { Testing } from "cdk8s";
import { expect, test } from "vitest";
import { OtelGatewayChart } from "../../components/otel-gateway/index.ts";
import { readStackFile } from "../../stacks/load.ts";
import { ConfigurationError } from "../../stacks/problem.ts";
import { resolve } from "../../stacks/resolve.ts";
import { renderStack } from "../../stacks/stack.ts";

function problems(otelGateway: object, stack = "dev", more: object = {}): readonly string[] {
  try {
    const raw = { ...(readStackFile("stacks", stack).raw as object), ...more, extra: { collectors: { otelGateway } } };
    renderStack(resolve(raw, { stack }));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ code, path, message, fix }) =>
      `${code} ${path}: ${message} | ${fix}`.replaceAll("skopos:extra.collectors.otelGateway", "@"),
    );
  }
  return [];
}

const kafka = { brokers: ["kafka.example.com:9092"] };
const own = (exporter = "kafka") => ({ receivers: ["otlp"], exporters: [exporter] });

test("what works is accepted", () => {
  expect(
    problems({ exporters: { kafka }, pipelines: { "traces/own": own(), logs: { exporters: ["kafka"] } } }),
  ).toEqual([]);
});

test("component types are those of the shipped collector", () => {
  expect(problems({ exporters: { kafak: kafka, otlphttp: {}, frobnicate: {} }, pipelines: {} })).toEqual([
    expect.stringMatching(
      /^SKP1322 @.exporters.kafak: the collector 0.159.0 has no exporter kafak: did you mean kafka\?/,
    ),
    expect.stringMatching(/^SKP1322 @.exporters.otlphttp: .* did you mean otlp_http\?/),
    expect.stringMatching(
      /^SKP1322 @.exporters.frobnicate: .*; it has alibabacloud_logservice, awscloudwatchlogs, .*zipkin/,
    ),
    ...["kafak", "otlphttp", "frobnicate"].map((name) =>
      expect.stringContaining(`@.exporters.${name}: is in no pipeline`),
    ),
    ...["otlphttp", "frobnicate"].map((name) => expect.stringContaining(`@.exporters.${name}: states no address`)),
  ]);
});

test("names, ports and variables of the collector are its own", () => {
  const found = problems({
    receivers: {
      otlp: { protocols: { grpc: { endpoint: "0.0.0.0:4320" } } },
      "zipkin/a": { endpoint: "0.0.0.0:4317" },
      "zipkin/b": { endpoint: "0.0.0.0:9411" },
      "zipkin/c": { endpoint: "${env:MY_POD_IP}:9411" },
      "zipkin/d": { endpoint: "localhost:9412" },
    },
    processors: { batch: { timeout: "5s" } },
    exporters: { "kafka/a": { ...kafka, client_id: "${env:CLIENT}" } },
    pipelines: {
      "traces/own": {
        receivers: ["otlp", "zipkin/a", "zipkin/b", "zipkin/c", "zipkin/d"],
        processors: ["batch", "memory_limiter"],
        exporters: ["kafka/a"],
      },
    },
    secrets: { GOMEMLIMIT: { secret: "s", key: "k" }, OTHER: { secret: "s", key: "k" } },
  });
  expect(found.map((each) => each.split(" | ")[0])).toEqual([
    "SKP1321 @.receivers.otlp: otlp of the collector exists already",
    "SKP1321 @.processors.batch: batch of the collector exists already",
    'SKP1322 @.pipelines["traces/own"].processors[0]: batch is in every pipeline already',
    'SKP1322 @.pipelines["traces/own"].processors[1]: memory_limiter is in every pipeline already',
    'SKP1321 @.receivers["zipkin/a"]: port 4317 of the collector exists already',
    'SKP1321 @.receivers["zipkin/c"]: port 9411 of zipkin/b exists already',
    'SKP1322 @.receivers["zipkin/d"]: listens on loopback, where no other pod reaches it',
    "SKP1321 @.secrets.GOMEMLIMIT: the variable GOMEMLIMIT exists already",
    "SKP1322 @.secrets.OTHER: no component refers to ${env:OTHER}",
    "SKP1322 @.secrets: the components refer to ${env:MY_POD_IP}, which is not set",
    "SKP1322 @.secrets: the components refer to ${env:CLIENT}, which is not set",
  ]);
});

test("pipelines name components that exist, each once", () => {
  const found = problems({
    exporters: { kafka, "kafka/unused": kafka },
    pipelines: {
      "traces/a": { exporters: ["kafka", "kafka"] },
      "traces/b": { receivers: ["otpl"], processors: ["attributes/x"], exporters: ["kafka"] },
      traces: { receivers: ["otlp"] },
    },
  });
  expect(found.map((each) => each.split(" | ")[0])).toEqual([
    'SKP1321 @.pipelines["traces/a"].exporters[1]: kafka in the pipeline exists already',
    expect.stringMatching(
      /^SKP1322 @.pipelines\["traces\/a"\]: has no receivers, and the collector has no pipeline of this name/,
    ),
    'SKP1322 @.pipelines["traces/b"].receivers[0]: there is no receiver otpl: did you mean otlp?',
    'SKP1322 @.pipelines["traces/b"].processors[0]: there is no processor attributes/x',
    "SKP1321 @.pipelines.traces.receivers[0]: otlp in the pipeline exists already",
    'SKP1322 @.exporters["kafka/unused"]: is in no pipeline',
  ]);
});

test("several gateways receive nothing themselves that is routed to one of them", () => {
  const receivers = { zipkin: { endpoint: "0.0.0.0:9411" } };
  const sampled = { receivers, pipelines: { traces: { receivers: ["zipkin"] } } };
  expect(problems(sampled, "dev")).toEqual([]);
  expect(problems(sampled, "staging", { components: { otelGateway: { replicas: 2 } } })).toEqual([
    expect.stringContaining("SKP1323 @.pipelines.traces.receivers[0]: zipkin receives at every gateway"),
  ]);
  const counted = { receivers: ["zipkin"], exporters: ["prometheus"] };
  expect(
    problems({ receivers, pipelines: { "metrics/own": counted } }, "staging", {
      components: { otelGateway: { replicas: 2 } },
    }),
  ).toEqual([expect.stringContaining('SKP1323 @.pipelines["metrics/own"].receivers[0]')]);
});

test("secrets in plain text are found and not repeated", () => {
  const found = problems({
    exporters: {
      "otlp_http/a": { endpoint: "https://a.example.com", headers: { "api-key": "hunter2" } },
      "otlp_http/b": { endpoint: "https://b.example.com", headers: { Authorization: "Basic hunter2" } },
      "kafka/token-service": { ...kafka, auth: { sasl: { username: "u", password: "hunter2", mechanism: "PLAIN" } } },
    },
    extensions: { "bearertokenauth/x": { token: "hunter2", scheme: "Bearer" } },
    pipelines: { logs: { exporters: ["otlp_http/a", "otlp_http/b", "kafka/token-service"] } },
  });
  expect(found.map((each) => each.split(": ")[0])).toEqual([
    'SKP1010 @.exporters["otlp_http/a"].headers.api-key',
    'SKP1010 @.exporters["otlp_http/b"].headers.Authorization',
    'SKP1010 @.exporters["kafka/token-service"].auth.sasl.password',
    'SKP1010 @.extensions["bearertokenauth/x"].token',
  ]);
  expect(found.join()).not.toContain("hunter2");
});

test("headers and secret settings are references, without defaults and escaped dollar signs", () => {
  const found = problems({
    exporters: {
      "otlp_http/a": {
        endpoint: "https://a.example.com?apikey=hunter2",
        headers: {
          "x-vendor": "hunter2",
          "x-number": 4711,
          "x-escaped": "$${hunter2}",
          "x-default": "${env:KEY:-Bearer hunter2}",
          authorization: "Bearer ${env:KEY}",
          "x-file": "${file:/key}",
          "X-Scope-OrgID": "team-a",
          "Content-Type": "application/json",
        },
      },
      "otlp_http/b": {
        endpoint: "https://${env:KEY}.example.com?token=${env:KEY}",
        compression: "${env:KEY:-Bearer hunter2}",
        auth: { password: "$${hunter2}", token: "${env:KEY}" },
      },
    },
    extensions: {
      "headers_setter/a": {
        headers: [
          { key: "x-a", value: "hunter2" },
          { key: "x-b", value: "${env:KEY}" },
        ],
      },
    },
    pipelines: { logs: { exporters: ["otlp_http/a", "otlp_http/b"] } },
    secrets: { KEY: { secret: "s", key: "k" } },
  });
  expect(found.filter((each) => each.startsWith("SKP1010")).map((each) => each.split(": ")[0])).toEqual([
    'SKP1010 @.exporters["otlp_http/a"].endpoint',
    ...["vendor", "number", "escaped", "default"].map((name) => `SKP1010 @.exporters["otlp_http/a"].headers.x-${name}`),
    'SKP1010 @.exporters["otlp_http/b"].compression',
    'SKP1010 @.exporters["otlp_http/b"].auth.password',
    'SKP1010 @.extensions["headers_setter/a"].headers[0].value',
  ]);
  expect(found.join()).not.toContain("hunter2");
});

test("a thousand exporters are rendered", () => {
  const names = Array.from({ length: 1000 }, (_, index) => `kafka/${index}`);
  const chart = new OtelGatewayChart(Testing.app(), "otel-gateway", {
    namespace: "observability",
    additions: {
      exporters: Object.fromEntries(names.map((name) => [name, kafka])),
      pipelines: { "traces/own": { receivers: ["otlp"], exporters: names } },
    },
  });
  expect(chart.edges.filter(({ why }) => why.startsWith("telemetry of kafka/"))).toHaveLength(1000);
});
