// Three instances, a real Prometheus that scrapes all of them, and the queries of the source as they are written there.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningProgram, ready, start as startProgram } from "../../../test/data-plane/process.ts";
import type { Flowplane } from "../src/serve.ts";
import { call, seed, start } from "./client.ts";

const folder = mkdtempSync(join(tmpdir(), "flowplane-"));
const hosts = ["127.0.93.1", "127.0.93.2", "127.0.93.3"];
const url = `http://${hosts[0]}:9091`;
const instances: Flowplane[] = [];
let prometheus: RunningProgram;
let token: string;

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

async function query(expression: string): Promise<readonly Sample[]> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const { data, error } = (await response.json()) as { data: { result: Sample[] }; error?: string };
  if (error !== undefined) throw new Error(`${expression}: ${error}`);
  return data.result;
}

const values = async (expression: string) => (await query(expression)).map(({ value }) => Number(value?.[1]));

beforeAll(async () => {
  const secret = join(folder, "token");
  for (const host of hosts) {
    const leader = instances[0];
    if (leader) writeFileSync(secret, leader.adminToken);
    instances.push(
      await start({
        METRICS_HOST: host,
        METRICS_PORT: "9090",
        ...(leader && { FLOWPLANE_LEADER: leader.url, FLOWPLANE_ADMIN_TOKEN_FILE: secret }),
      }),
    );
  }
  const config = join(folder, "prometheus.yml");
  const targets = hosts.map((host) => `${host}:9090`);
  const jobs = [{ job_name: "flowplane", static_configs: [{ targets }] }];
  writeFileSync(config, JSON.stringify({ global: { scrape_interval: "1s" }, scrape_configs: jobs }));
  prometheus = startProgram("prometheus", [
    `--config.file=${config}`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=${hosts[0]}:9091`,
  ]);
  await ready(prometheus, `${url}/-/ready`);
  token = await seed(instances[0]!, "payments", 4);
  await seed(instances[0]!, "billing");
}, 120_000);

afterAll(async () => {
  await prometheus?.stop();
  for (const instance of instances.toReversed()) await instance[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test("every instance is a target of the job, and shows what the leader serves", async () => {
  await expect.poll(() => values('up{job="flowplane"}'), { timeout: 60_000 }).toEqual([1, 1, 1]);
  const payments = 'xds_team_resources_total{team="payments", resource_type="cluster"}';
  await expect.poll(() => values(payments), { timeout: 60_000 }).toEqual([4, 4, 4]);
});

test("the gauge's queries of the source answer as they are written", async () => {
  const asWritten = [
    ['xds_team_resources_total{resource_type="cluster"}', 6],
    ['xds_team_resources_total{team="payments"}', 9],
    ["sum(xds_team_resources_total)", 1],
    ["sum by (team) (xds_team_resources_total)", 2],
    ["sum by (resource_type) (xds_team_resources_total)", 3],
    ["avg_over_time(xds_team_resources_total[5m])", 18],
    ['xds_team_resources_total{team="payments"}[5m]', 9],
    ["xds_team_resources_total[30d:10s]", 18],
  ] as const;
  // The steps of a subquery are multiples of ten seconds, so that the first one may still be to come.
  for (const [expression, series] of asWritten)
    await expect.poll(() => query(expression), { timeout: 60_000, message: expression }).toHaveLength(series);
  // Each instance serves all resources: over instances, resources are not added up.
  expect(await values("sum(max by (team, resource_type) (xds_team_resources_total))")).toEqual([4 + 1 + 1 + 3]);
});

test("attempts across teams at any instance are counted, and survive in the sum", async () => {
  for (const [index, times] of [7, 5, 3].entries())
    for (let i = 0; i < times; i++)
      expect((await call(instances[index]!.url, token, "GET", "/api/v1/teams/billing/routes")).status).toBe(403);
  await expect.poll(() => values("sum(auth_cross_team_access_attempts_total)"), { timeout: 60_000 }).toEqual([15]);
  const [sample] = await query("sum by (from_team, to_team, resource_type) (auth_cross_team_access_attempts_total)");
  expect(sample?.metric).toEqual({ from_team: "payments", to_team: "billing", resource_type: "route" });
  // A counter that began between two scrapes has no rate: another attempt after the first scrape has one.
  for (const { url: api } of instances) await call(api, token, "GET", "/api/v1/teams/billing/routes");
  const rate = "rate(auth_cross_team_access_attempts_total[5m])";
  const rising = (expression: string) => async () => (await values(expression)).filter((value) => value > 0).length;
  await expect.poll(rising(rate), { timeout: 60_000 }).toBe(3);
  expect(await rising(`${rate} * 60`)()).toBe(3);
  expect(await rising("increase(auth_cross_team_access_attempts_total[1h])")()).toBe(3);
});
