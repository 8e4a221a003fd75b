// Two real gateways with a route from outside: who has no token is turned away, and what arrives is passed to one gateway.
import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { otlpMessageBytes } from "../../lib/sizing/index.ts";
import { offCluster } from "../../test/data-plane/off-cluster.ts";
import { type RunningProgram, ready, start } from "../../test/data-plane/process.ts";
import { type TraceSink, traceSink } from "../../test/data-plane/trace-sink.ts";
import { until } from "../../test/support/wait.ts";
import { defaultTailSampling } from "./config.ts";
import { OtelGatewayChart } from "./index.ts";
import { type OutsideRoute, outsidePorts } from "./outside.ts";
import { loadOf, type OtelGatewayProps } from "./props.ts";

const gateways = ["127.0.62.1", "127.0.62.2"] as const;
const [first] = gateways;
const basicGateway = "127.0.62.3";
const folder = mkdtempSync(join(tmpdir(), "skopos-outside-"));
const route: OutsideRoute = {
  kind: "gateway",
  gateway: { name: "public", namespace: "ingress", listener: "https" },
  host: "otlp.example.com",
  grpcHost: "otlp-grpc.example.com",
  authentication: { tokens: { secret: "otlp-tokens", key: "tokens" } },
};
const props: OtelGatewayProps = {
  namespace: "observability",
  replicas: 2,
  traces: { scheme: "grpc", host: "jaeger", port: 4317, backend: "jaeger" },
  tailSampling: { ...defaultTailSampling, decisionWaitSeconds: 2, keepPercent: 100 },
  route,
};
const sinks: TraceSink[] = [];
const running: RunningProgram[] = [];

function rendered(of: OtelGatewayProps) {
  const objects = new OtelGatewayChart(new App(), "gateway", of).toJson();
  return parse(objects.find(({ data }) => data?.["collector.yaml"])?.data["collector.yaml"]);
}

/** Files of a Secret as the kubelet writes them: a link to a folder, which is replaced as a whole, and the old one deleted. */
function mountTokens(name: string, text: string): string {
  const mount = join(folder, name);
  const old = existsSync(mount) ? readdirSync(mount).filter((each) => /^\.\.[0-9a-f]{8}$/.test(each)) : [];
  const version = join(mount, `..${randomBytes(4).toString("hex")}`);
  mkdirSync(version, { recursive: true });
  writeFileSync(join(version, "tokens"), text);
  symlinkSync(version, join(mount, "..data_tmp"));
  renameSync(join(mount, "..data_tmp"), join(mount, "..data"));
  const tokens = join(mount, "tokens");
  if (!existsSync(tokens)) symlinkSync("..data/tokens", tokens);
  for (const each of old) rmSync(join(mount, each), { recursive: true });
  return tokens;
}

async function run(host: string, of: OtelGatewayProps, tokens: string): Promise<void> {
  const sink = await traceSink(host.replace("62", "63"));
  sinks.push(sink);
  const config = sink.receivesFrom(offCluster(rendered(of), { host, gateways }));
  const placed = JSON.parse(JSON.stringify(config), (key, value) => (key === "filename" ? tokens : value));
  const file = join(folder, `${host}.yaml`);
  writeFileSync(file, stringify(placed));
  const program = start("otelcol", [`--config=${file}`]);
  running.push(program);
  await ready(program, `http://${host}:13133/`);
}

const authorized = (token?: string, scheme = "Bearer"): Record<string, string> =>
  token === undefined ? {} : { authorization: `${scheme} ${token}` };

/** Status of an OTLP/HTTP request. */
async function post(
  host: string,
  signal: string,
  body: object | string,
  headers: Record<string, string>,
  port: number,
) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const url = `http://${host}:${port}/v1/${signal}`;
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: text,
  });
  return answer.status;
}

/** gRPC status of an export of no spans. */
function grpcStatus(host: string, headers: Record<string, string>): Promise<number> {
  const session = connect(`http://${host}:${outsidePorts.grpc}`);
  return new Promise<number>((done, failed) => {
    session.once("error", failed);
    const request = session.request({
      ":method": "POST",
      ":path": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    const seen = (fields: object) => {
      const status = (fields as Record<string, string>)["grpc-status"];
      if (status !== undefined) done(Number(status));
    };
    request.on("response", seen).on("trailers", seen).on("error", failed).resume();
    request.end(Buffer.alloc(5));
  }).finally(() => session.close());
}

const strings = (of: Readonly<Record<string, string>>) =>
  Object.entries(of).map(([key, stringValue]) => ({ key, value: { stringValue } }));

function span(traceId: string): object {
  const at = `${BigInt(Date.now()) * 1_000_000n}`;
  const own = { traceId, spanId: randomBytes(8).toString("hex"), name: "GET /orders", kind: 2 };
  const resource = { attributes: strings({ "service.name": "browser" }) };
  const spans = [{ ...own, startTimeUnixNano: at, endTimeUnixNano: at }];
  return { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] };
}

const empty = { resourceSpans: [] };

beforeAll(async () => {
  const tokens = mountTokens("bearer", "token-a\ntoken-b  of team b\n");
  for (const host of gateways) await run(host, props, tokens);
  const authentication = { tokens: { secret: "otlp-users", key: "users" }, scheme: "Basic" } as const;
  await run(
    basicGateway,
    { ...props, replicas: 1, route: { ...route, authentication } },
    mountTokens("basic", `${btoa("user:password")}\n`),
  );
});

afterAll(async () => {
  await Promise.all(running.map((program) => program.stop()));
  for (const sink of sinks) sink.close();
  rmSync(folder, { recursive: true, force: true });
});

/** HTTP and gRPC status of a request with these headers. */
const statuses = async (host: string, headers: Record<string, string>) => [
  await post(host, "traces", empty, headers, outsidePorts.http),
  await grpcStatus(host, headers),
];

const accepted = [200, 0];
const unauthenticated = [401, 16];

test.each([
  ["the first token", authorized("token-a"), accepted],
  ["the second token", authorized("token-b"), accepted],
  ["no token", authorized(), unauthenticated],
  ["another token", authorized("token-c"), unauthenticated],
  ["an empty token", authorized(""), unauthenticated],
  ["a comment behind a token", authorized("token-b  of team b"), unauthenticated],
  ["another scheme", authorized("token-a", "Basic"), unauthenticated],
])("a request with %s is answered the same by OTLP/HTTP and OTLP/gRPC", async (_, headers, expected) => {
  expect(await statuses(first, headers)).toEqual(expected);
});

test("with basic authentication, a user with the password is accepted, and nobody else", async () => {
  expect(await statuses(basicGateway, authorized(btoa("user:password"), "Basic"))).toEqual(accepted);
  expect(await statuses(basicGateway, authorized(btoa("user:other"), "Basic"))).toEqual(unauthenticated);
  expect(await statuses(basicGateway, authorized("token-a"))).toEqual(unauthenticated);
});

test("applications inside the cluster need no token", async () => {
  expect(await post(first, "traces", empty, {}, 4318)).toBe(200);
});

test("the path of health checks is answered with the status that load balancers expect", async () => {
  expect((await fetch(`http://${first}:${outsidePorts.http}/`)).status).toBe(401);
});

test("a request above the largest message is rejected before it is read as telemetry", async () => {
  const body = JSON.stringify({ resourceSpans: [], padding: "x".repeat(otlpMessageBytes) });
  const status = await post(first, "traces", body, authorized("token-a"), outsidePorts.http);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
});

test("spans of a trace that arrive at different gateways are sampled by one, and each gateway has some", async () => {
  const traces = Array.from({ length: 24 }, () => randomBytes(16).toString("hex"));
  for (const traceId of traces) {
    for (const host of gateways)
      expect(await post(host, "traces", span(traceId), authorized("token-a"), outsidePorts.http)).toBe(200);
  }
  const byGateway = () => sinks.slice(0, 2).map(({ spans }) => spans.map(({ traceId }) => traceId));
  await until("all spans", async () => byGateway().flat().length >= 2 * traces.length);
  const [a = [], b = []] = byGateway()
    .map((ids) => new Set(ids))
    .map((ids) => [...ids]);
  expect([...a, ...b].sort()).toEqual([...traces].sort());
  expect(Math.min(a.length, b.length)).toBeGreaterThan(0);
});

test("a series that arrives at both gateways is exposed by one", async () => {
  const timeUnixNano = `${BigInt(Date.now()) * 1_000_000n}`;
  const metrics = [{ name: "stock", gauge: { dataPoints: [{ asDouble: 7, timeUnixNano }] } }];
  const resources = Array.from({ length: 16 }, (_, index) => ({
    resource: { attributes: strings({ "service.name": `shop-${index}` }) },
    scopeMetrics: [{ metrics }],
  }));
  for (const host of gateways) {
    const body = { resourceMetrics: resources };
    expect(await post(host, "metrics", body, authorized("token-b"), outsidePorts.http)).toBe(200);
  }
  const exposed = async () => {
    const texts = await Promise.all(gateways.map(async (host) => (await fetch(`http://${host}:8889/metrics`)).text()));
    return texts.map((text) => [...text.matchAll(/^stock\{.*service_name="([^"]+)"/gm)].map(([, name]) => name));
  };
  await until("all series", async () => new Set((await exposed()).flat()).size === resources.length);
  // Whatever was sent to the other gateway has arrived by now too: both requests were in the same queues.
  const [a = [], b = []] = await exposed();
  expect(a.length + b.length).toBe(resources.length);
  expect(Math.min(a.length, b.length)).toBeGreaterThan(0);
});

test("memory is planned for every queue that telemetry from outside waits in", () => {
  const balancers = Object.keys(rendered(props).exporters).filter((name) => name.startsWith("load_balancing"));
  expect(loadOf(props).outsideQueues).toBe(balancers.length);
});

test("tokens change without a restart", async () => {
  mountTokens("bearer", "token-d\n");
  await until("the new token", async () => (await statuses(first, authorized("token-d"))).join() === accepted.join());
  expect(await statuses(first, authorized("token-a"))).toEqual(unauthenticated);
});
