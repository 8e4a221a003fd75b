// An additional store, configured by the operator's code: a real Prometheus writes into another real Prometheus with a password.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import { workloads } from "../../../lib/sizing/index.ts";
import { type RunningProgram, ready, requireProgram, start } from "../../../test/data-plane/process.ts";
import { offCluster, operatedConfig } from "../../../test/data-plane/prometheus.ts";
import { type AdditionalRemoteWrite, KubePrometheusChart } from "../index.ts";

const host = "127.0.48.1";
const folder = mkdtempSync(join(tmpdir(), "skopos-writes-"));
const running: RunningProgram[] = [];
/** Headers of the requests that the store got. */
const received: NodeJS.Dict<string | string[]>[] = [];
let target: Server;
let front: Server;

const additionalWrites: readonly AdditionalRemoteWrite[] = [
  {
    name: "vendor",
    url: `http://${host}:19050/api/v1/write`,
    headers: { "X-Tenant": "shop" },
    basicAuth: { username: { secret: "vendor", key: "user" }, password: { secret: "vendor", key: "password" } },
    metrics: "shop_.+",
  },
  { name: "token", url: "https://metrics.example.com:8443/write", bearerToken: { secret: "token", key: "token" } },
  {
    name: "aws",
    url: "https://aps.example.com/write",
    sigv4: { region: "eu-west-1" },
    replicaLabel: "__replica__",
  },
];

const chart = (replicas = 2, writes = additionalWrites) =>
  new KubePrometheusChart(new App(), "metrics", {
    namespace: "observability",
    agentsNamespace: "observability-agents",
    crds: false,
    workload: { ...workloads.small, nodes: 1, pods: 30, activeSeries: 20_000 },
    replicas,
    additionalWrites: writes,
  });

const secret = (name: string, data: Readonly<Record<string, string>>) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace: "observability" },
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")])),
});
const secrets = {
  toJson: () => [secret("vendor", { user: "shop", password: "p$1 word" }), secret("token", { token: "t" })],
} as unknown as ComponentChart;

async function startPrometheus(name: string, port: number, text: string, ...args: string[]): Promise<void> {
  const home = join(folder, name);
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "prometheus.yaml"), text);
  const program = start("prometheus", [
    `--config.file=${join(home, "prometheus.yaml")}`,
    `--storage.tsdb.path=${join(home, "data")}`,
    `--web.listen-address=${host}:${port}`,
    ...args,
  ]);
  running.push(program);
  await ready(program, `http://${host}:${port}/-/ready`);
}

beforeAll(async () => {
  requireProgram("prometheus-config");
  target = createServer((_, response) => {
    response.setHeader("content-type", "text/plain; version=0.0.4");
    response.end("# TYPE shop_orders gauge\nshop_orders 1\n# TYPE other gauge\nother 1\n");
  });
  await new Promise<void>((done) => target.listen(0, host, done));
  await startPrometheus("store", 19_051, "global: {}\n", "--web.enable-remote-write-receiver");
  // Passes requests on, and remembers how they were authenticated.
  front = createServer((incoming, outgoing) => {
    received.push(incoming.headers);
    const { method, url: path, headers } = incoming;
    const onward = request({ host, port: 19_051, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.writeHead(502).end());
    incoming.pipe(onward);
  });
  await new Promise<void>((done) => front.listen(19_050, host, done));
  // Without credentials of AWS, Prometheus does not start.
  const placed = offCluster(operatedConfig(chart(2, additionalWrites.slice(0, 1)), secrets), {
    pod: "prometheus-kube-prometheus-0",
    shard: 0,
    job: "serviceMonitor/observability/kube-prometheus-prometheus/0",
    targets: [`${host}:${(target.address() as AddressInfo).port}`],
    discovered: {
      ...Object.fromEntries(
        Object.entries({ name: "kube-prometheus", instance: "kube-prometheus", component: "prometheus" }).flatMap(
          ([key, value]) => [
            [`__meta_kubernetes_service_label_app_kubernetes_io_${key}`, value],
            [`__meta_kubernetes_service_labelpresent_app_kubernetes_io_${key}`, "true"],
          ],
        ),
      ),
      __meta_kubernetes_endpointslice_port_name: "web",
      __meta_kubernetes_namespace: "observability",
      __meta_kubernetes_service_name: "kube-prometheus-prometheus",
    },
  });
  await startPrometheus("writer", 19_052, placed, "--storage.remote.flush-deadline=1s");
});

afterAll(async () => {
  // The writer first: it sends to the store until it stops.
  for (const program of running.toReversed()) await program.stop();
  target?.close();
  front?.close();
  rmSync(folder, { recursive: true });
});

test("the store gets the chosen metrics, the name of the replica, and the password", async () => {
  const query = encodeURIComponent('{__name__=~".+"}');
  const ask = async () => {
    const answer = await fetch(`http://${host}:19051/api/v1/query?query=${query}`);
    return ((await answer.json()) as { data: { result: { metric: Record<string, string> }[] } }).data.result;
  };
  await expect.poll(async () => (await ask()).length, { timeout: 30_000 }).toBe(1);
  const [series] = await ask();
  expect(series?.metric).toMatchObject({
    __name__: "shop_orders",
    namespace: "observability",
    prometheus_replica: "prometheus-kube-prometheus-0",
  });
  const basic = Buffer.from("shop:p$1 word").toString("base64");
  expect(received[0]).toMatchObject({ "x-tenant": "shop", authorization: `Basic ${basic}` });
});

test("every kind of authentication is in the operator's configuration, which the real promtool reads", () => {
  const config = operatedConfig(chart(), secrets);
  const [, token, aws] = (parse(config) as { remote_write: Record<string, unknown>[] }).remote_write;
  expect(token).toMatchObject({ url: "https://metrics.example.com:8443/write", authorization: { type: "Bearer" } });
  expect(aws).toMatchObject({ sigv4: { region: "eu-west-1" } });
  expect(aws?.write_relabel_configs).toEqual([
    expect.objectContaining({ target_label: "__replica__", replacement: "$(POD_NAME)" }),
  ]);
  const file = join(folder, "all.yaml");
  writeFileSync(file, config);
  execFileSync(requireProgram("promtool"), ["check", "config", "--syntax-only", file], { stdio: "pipe" });
});

test("a single replica needs no label, and each port is admitted by the network policies", () => {
  const one = chart(1);
  const { spec } = one.toJson().find(({ kind }) => kind === "Prometheus");
  expect(spec.remoteWrite[1].writeRelabelConfigs).toEqual([]);
  const edges = one.edges.filter(({ why }) => why.startsWith("remote write"));
  expect(edges.map(({ why, ports }) => [why, ports])).toEqual([
    ["remote write: vendor", [19_050]],
    ["remote write: token", [8443]],
    ["remote write: aws", [443]],
  ]);
});
