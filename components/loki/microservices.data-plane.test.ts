import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { retentionProfiles, workloads } from "../../lib/sizing/index.ts";
import { writeConfig } from "../../test/data-plane/loki.ts";
import { type RunningProgram, ready, start } from "../../test/data-plane/process.ts";
import { objectOf } from "../../test/support/charts.ts";
import { until } from "../../test/support/wait.ts";
import { LokiChart } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-loki-"));
const retention = retentionProfiles.standard;
const chart = new LokiChart(new App(), "loki", {
  namespace: "obs",
  retention,
  workload: workloads.large,
  objectStore: { kind: "s3", endpoint: "s3.example", region: "eu", identity: {} },
  alertmanager: { scheme: "http", host: "127.0.0.1", port: 9 },
});

/** One process of each workload, in the order of the manifests, each on an address of its own. */
const processes = chart
  .toJson()
  .filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet")
  .filter(({ metadata }) => !metadata.name.endsWith("-cache"))
  .map(({ metadata, spec }, index) => ({
    name: metadata.name as string,
    args: spec.template.spec.containers[0].args as string[],
    host: `127.0.35.${index + 1}`,
  }));
const hostOf = (name: string): string => {
  const found = processes.find((process) => process.name === name || process.name.startsWith(`${name}-zone-a`));
  if (!found) throw new Error(`no process of ${name}`);
  return found.host;
};

/**
 * The rendered configuration for one process outside a cluster. All that is changed:
 * - names of Services are the addresses of their one process; listeners and rings use the process' own
 * - no memcached: queries ask the store itself
 * - S3 is a folder that all share; `/var/loki` and `/etc/loki` lie under a folder of the process
 */
function offCluster(host: string): string {
  const { data } = objectOf(chart, "ConfigMap", "loki") as unknown as { data: Record<string, string> };
  const { query_range, chunk_store_config: _, ...rest } = parse(data["loki.yaml"] ?? "");
  delete query_range.results_cache;
  const named = stringify({ ...rest, query_range }, { lineWidth: 0 }).replaceAll(
    /loki-([a-z-]+)\.obs\.svc\.cluster\.local/g,
    (_, service) => hostOf(`loki-${service === "memberlist" ? "ingester" : service}`),
  );
  const home = join(folder, host);
  mkdirSync(join(home, "rules/anonymous"), { recursive: true });
  const rules = objectOf(chart, "ConfigMap", "loki-rules") as unknown as { data: Record<string, string> };
  writeFileSync(join(home, "rules/anonymous/rules.yaml"), rules.data["rules.yaml"] ?? "");
  mkdirSync(join(home, "runtime"), { recursive: true });
  const runtime = objectOf(chart, "ConfigMap", "loki-runtime") as unknown as { data: Record<string, string> };
  writeFileSync(join(home, "runtime/runtime.yaml"), runtime.data["runtime.yaml"] ?? "");
  const moved = parse(named.replaceAll("/var/loki", home).replaceAll("/etc/loki", home));
  Object.assign(moved.server, { http_listen_address: host, grpc_listen_address: host });
  Object.assign(moved.common, { instance_addr: host });
  Object.assign(moved.common.ring, { instance_addr: host, instance_id: host });
  Object.assign(moved.memberlist, { bind_addr: [host], advertise_addr: host });
  moved.storage_config.object_store = { filesystem: { dir: join(folder, "bucket") } };
  for (const period of moved.schema_config.configs) period.object_store = "filesystem";
  moved.compactor.delete_request_store = "filesystem";
  return stringify(moved, { lineWidth: 0 });
}

const running = new Map<string, RunningProgram>();
const headers = { "content-type": "application/json", ...chart.endpoints.query.headers };
const at = (name: string, path: string) => `http://${hostOf(name)}:3100${path}`;

beforeAll(async () => {
  for (const { name, args, host } of processes) {
    const file = writeConfig(folder, offCluster(host));
    running.set(
      name,
      start(
        "loki",
        args.map((arg) => (arg.startsWith("-config.file=") ? `-config.file=${file}` : arg)),
      ),
    );
  }
  for (const { name, host } of processes) {
    await ready(running.get(name) as RunningProgram, `http://${host}:3100/ready`);
  }
});
afterAll(async () => {
  await Promise.all([...running.values()].map((program) => program.stop()));
  rmSync(folder, { recursive: true });
});

async function push(line: string): Promise<number> {
  const streams = [{ stream: { app: "shop" }, values: [[`${Date.now()}000000`, line]] }];
  const { path } = chart.endpoints.push;
  const answer = await fetch(at("loki-distributor", path ?? ""), {
    method: "POST",
    headers,
    body: JSON.stringify({ streams }),
  });
  return answer.status;
}

/** The lines that a query through the frontend finds, once there are as many as wanted. */
async function lines(wanted: number): Promise<readonly string[]> {
  return until(`${wanted} lines`, async () => {
    const query = encodeURIComponent('{app="shop"}');
    const answer = await fetch(at("loki-query-frontend", `/loki/api/v1/query_range?query=${query}`), { headers });
    const { data } = (await answer.json()) as { data: { result: { values: [string, string][] }[] } };
    const found = data.result.flatMap(({ values }) => values.map(([, line]) => line));
    return found.length >= wanted && found.sort();
  });
}

test("every service of a zone-aware Loki runs, and a log line passes through all of them", async () => {
  expect(processes.map(({ name }) => name.replace("loki-", "")).sort()).toEqual([
    "compactor",
    "distributor",
    "index-gateway",
    "ingester-zone-a",
    "ingester-zone-b",
    "ingester-zone-c",
    "querier",
    "query-frontend",
    "query-scheduler",
    "ruler",
  ]);
  const ring = (await (
    await fetch(at("loki-distributor", "/ring"), { headers: { accept: "application/json" } })
  ).json()) as {
    shards: { zone: string; state: string }[];
  };
  expect(ring.shards.map(({ zone, state }) => `${zone} ${state}`).sort()).toEqual([
    "zone-a ACTIVE",
    "zone-b ACTIVE",
    "zone-c ACTIVE",
  ]);
  expect(await push("first")).toBe(204);
  expect(await lines(1)).toEqual(["first"]);
});

test("a ruler without log alerts loads an empty rule file", async () => {
  const answer = await fetch(at("loki-ruler", "/prometheus/api/v1/rules"), { headers });
  expect(await answer.json()).toMatchObject({ status: "success", data: { groups: [] } });
  expect(running.get("loki-ruler")?.output()).not.toContain("rules.yaml");
});

test("accepts and returns log lines while a whole zone is down", async () => {
  await running.get("loki-ingester-zone-c")?.stop("SIGKILL");
  expect(await push("second")).toBe(204);
  expect(await lines(2)).toEqual(["first", "second"]);
});
