// Private authorities: real programs trust servers whose certificates are theirs, and no others.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import type { IContainer } from "kubernetes-models/v1/Container";
import type { IVolume } from "kubernetes-models/v1/Volume";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { MimirChart } from "../../components/mimir/index.ts";
import { OtelGatewayChart } from "../../components/otel-gateway/index.ts";
import type { CertificateAuthority, ComponentChart } from "../../lib/kubernetes/index.ts";
import { retentionProfiles } from "../../lib/sizing/index.ts";
import { devWorkload } from "../support/mimir.ts";
import { until } from "../support/wait.ts";
import { type Authority, newAuthority } from "../support/x509.ts";
import { configFile, type MimirContainer, mimirContainers, startMimir } from "./mimir.ts";
import { type S3Server, secretEnv, startS3 } from "./object-store.ts";
import { offCluster } from "./off-cluster.ts";
import { type RunningProgram, ready, start } from "./process.ts";
import { remoteWrite } from "./remote-write.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-authorities-"));
const host = "127.0.66.1";
const certificateAuthorities: readonly CertificateAuthority[] = [{ secret: "lab" }, { configMap: "corporate" }];
/** Of which the second one issues the certificates. */
let authorities: Readonly<Record<string, Authority>>;
let s3: S3Server;

beforeAll(async () => {
  authorities = { lab: await newAuthority("lab"), corporate: await newAuthority("corporate") };
  s3 = await startS3(folder, host, ["mimir"], await authorities.corporate?.issue({ commonName: "s3", serves: [host] }));
});
afterAll(async () => {
  await s3?.program.stop();
  rmSync(folder, { recursive: true });
});

/** The variable of a chart's only workload, with the files of its volume as the kubelet mounts them: links to links. */
function trusted(chart: ComponentChart, name: string): Readonly<Record<string, string>> {
  const { spec } = chart.toJson().find(({ kind }) => kind === "StatefulSet").spec.template;
  const { env, volumeMounts } = (spec.containers as IContainer[])[0] as IContainer;
  const volume = (spec.volumes as IVolume[]).find(({ projected }) => projected);
  const mount = volumeMounts?.find((each) => each.name === volume?.name);
  const value = env?.find((each) => each.name === "SSL_CERT_DIR")?.value ?? "";
  expect(value.split(":")).toContain(mount?.mountPath);
  const root = join(folder, name);
  mkdirSync(join(root, "..2026"), { recursive: true });
  symlinkSync("..2026", join(root, "..data"));
  for (const { secret, configMap } of volume?.projected?.sources ?? []) {
    const { items, name: source = "" } = secret ?? configMap ?? {};
    for (const { key, path } of items ?? []) {
      expect(key).toBe("ca.crt");
      writeFileSync(join(root, "..2026", path), (authorities[source] as Authority).certificate);
      symlinkSync(`..data/${path}`, join(root, path));
    }
  }
  return { SSL_CERT_DIR: value.replace(mount?.mountPath ?? "", root) };
}

function mimir(): MimirChart {
  return new MimirChart(new App(), "mimir", {
    bucket: "mimir",
    namespace: "observability",
    workload: devWorkload,
    availability: "single",
    retention: retentionProfiles.standard,
    objectStore: s3.store,
    certificateAuthorities,
  });
}

function run(chart: MimirChart, disk: string, env: Readonly<Record<string, string>>): RunningProgram {
  const [container] = mimirContainers(chart);
  const placement = { host, folder: join(folder, disk) };
  return startMimir(chart, container as MimirContainer, placement, { flags: [], env: { ...secretEnv(chart), ...env } });
}

test("Mimir stores blocks in a bucket behind TLS", async () => {
  const chart = mimir();
  await using program = run(chart, "trusting", trusted(chart, "mimir-authorities"));
  await ready(program, `http://${host}:8080/ready`);
  const { push } = chart.endpoints;
  const headers = push.headers ?? {};
  const series = [{ labels: { __name__: "orders" }, samples: [[Date.now(), 7]] as const }];
  expect(await remoteWrite(`http://${host}:8080${push.path}`, series, headers)).toMatchObject({ status: 200 });
  await fetch(`http://${host}:8080/ingester/flush?wait=true`, { method: "POST", headers });
  await expect
    .poll(() => s3.objects("mimir"), { timeout: 60_000 })
    .toContainEqual(expect.stringMatching(/^anonymous\/[0-9A-Z]{26}\/chunks\/000001$/));
}, 120_000);

test("without the authorities, Mimir does not start", async () => {
  await using program = run(mimir(), "wary", {});
  await until("a refusal", async () => /certificate signed by unknown authority/.test(program.output()), {
    every: 200,
  });
}, 120_000);

test("the collector exports to a server behind TLS, and not without the authorities", async () => {
  const certificate = await authorities.corporate?.issue({ commonName: "vendor", serves: [host] });
  const paths: string[] = [];
  const server = createServer({ cert: certificate?.certificate, key: certificate?.key }, (request, response) => {
    paths.push(request.url ?? "");
    request.resume().on("end", () => response.writeHead(200, { "content-type": "application/json" }).end("{}"));
  });
  await new Promise<void>((done) => server.listen(19_466, host, done));
  const chart = new OtelGatewayChart(new App(), "otel-gateway", {
    namespace: "observability",
    certificateAuthorities,
    additions: {
      exporters: { "otlp_http/vendor": { endpoint: `https://${host}:19466`, retry_on_failure: { enabled: false } } },
      pipelines: { "logs/vendor": { receivers: ["otlp"], exporters: ["otlp_http/vendor"] } },
      // The address is on loopback, which is not taken for a destination.
      destinations: [`${host}:19466`],
    },
  });
  const config = parse(configFile(chart, "otel-gateway-collector", "collector.yaml"));
  const file = join(folder, "collector.yaml");
  writeFileSync(file, stringify(offCluster(config, { host })));
  const send = async () => {
    const body = JSON.stringify({
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "hello" }, severityNumber: 9 }] }] }],
    });
    const headers = { "content-type": "application/json" };
    expect((await fetch(`http://${host}:4318/v1/logs`, { method: "POST", headers, body })).status).toBe(200);
  };
  try {
    {
      await using collector = start("otelcol", [`--config=${file}`]);
      await ready(collector, `http://${host}:13133/`);
      await send();
      await until("a refusal", async () => /signed by unknown authority/.test(collector.output()), { every: 200 });
      expect(paths).toEqual([]);
    }
    await using collector = start("otelcol", [`--config=${file}`], trusted(chart, "collector-authorities"));
    await ready(collector, `http://${host}:13133/`);
    await send();
    await until("the log line at the server", async () => paths.includes("/v1/logs"), { every: 200 });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}, 120_000);
