import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LokiChart } from "../../components/loki/index.ts";
import { MimirChart } from "../../components/mimir/index.ts";
import { retentionProfiles } from "../../lib/sizing/index.ts";
import { devWorkload } from "../support/mimir.ts";
import { offCluster, writeConfig } from "./loki.ts";
import { configFile, type MimirContainer, mimirContainers, startMimir } from "./mimir.ts";
import { type S3Server, secretEnv, startS3 } from "./object-store.ts";
import { type RunningProgram, ready, start } from "./process.ts";
import { remoteWrite } from "./remote-write.ts";

// The rendered configurations on a real S3 server: what one process wrote, another one with an empty disk reads.
const folder = mkdtempSync(join(tmpdir(), "skopos-s3-"));
const host = "127.0.40.1";
const retention = retentionProfiles.standard;
const namespace = "observability";
let s3: S3Server;
beforeAll(async () => {
  s3 = await startS3(folder, host, ["mimir", "loki"]);
});
afterAll(async () => {
  await s3?.program.stop();
  rmSync(folder, { recursive: true });
});

describe("Mimir", () => {
  const at = (path: string) => `http://${host}:8080${path}`;
  /** Older than queries ask ingesters for: what is found was read from the bucket. */
  const fourteenHoursAgo = Date.now() - 14 * 3_600_000;

  /** On an empty disk. It looks into the bucket every second, instead of every quarter of an hour. */
  const startOn = async (disk: string): Promise<[RunningProgram, MimirChart]> => {
    const chart = new MimirChart(new App(), "mimir", {
      bucket: "mimir",
      namespace,
      workload: devWorkload,
      availability: "single",
      retention,
      objectStore: s3.store,
    });
    const [container] = mimirContainers(chart);
    const often = ["compactor.cleanup-interval", "blocks-storage.bucket-store.sync-interval"];
    const flags = often.map((flag) => `-${flag}=1s`);
    const placement = { host, folder: join(folder, disk) };
    const program = startMimir(chart, container as MimirContainer, placement, { flags, env: secretEnv(chart) });
    await ready(program, at("/ready"));
    return [program, chart];
  };

  test("uploads blocks to the bucket and reads them back", async () => {
    const [first, { endpoints }] = await startOn("mimir-1");
    const { push, query } = endpoints;
    const headers = push.headers ?? {};
    const series = [{ labels: { __name__: "shop_orders" }, samples: [[fourteenHoursAgo, 7]] as const }];
    expect(await remoteWrite(at(push.path ?? ""), series, headers)).toMatchObject({ status: 200 });
    await fetch(at("/ingester/flush?wait=true"), { method: "POST", headers });
    await expect
      .poll(() => s3.objects("mimir"), { timeout: 30_000 })
      .toContainEqual(expect.stringMatching(/^anonymous\/[0-9A-Z]{26}\/chunks\/000001$/));
    await first.stop();

    const [second] = await startOn("mimir-2");
    const time = fourteenHoursAgo / 1000;
    const ask = async () => {
      const url = at(`${query.path}/api/v1/query?query=shop_orders&time=${time}`);
      const answer = await fetch(url, { headers: query.headers ?? {} });
      return (await answer.json()) as object;
    };
    await expect
      .poll(ask, { timeout: 60_000, interval: 500 })
      .toMatchObject({ data: { result: [{ value: [time, "7"] }] } });
    await second.stop();
  });
});

describe("Loki", () => {
  const place = { host, httpPort: 3100 };
  const at = (path: string) => `http://${host}:${place.httpPort}${path}`;

  const startOn = async (disk: string): Promise<[RunningProgram, LokiChart]> => {
    const chart = new LokiChart(new App(), "loki", {
      bucket: "loki",
      namespace,
      retention,
      objectStore: s3.store,
      workload: devWorkload,
      availability: "single",
    });
    const own = join(folder, disk);
    const file = writeConfig(folder, offCluster(configFile(chart, "loki", "loki.yaml"), { ...place, folder: own }));
    // An ingester is ready at once, as Mimir's is.
    const args = [`-config.file=${file}`, "-target=all", "-config.expand-env=true", "-ingester.min-ready-duration=0s"];
    const program = start("loki", args, secretEnv(chart));
    await ready(program, at("/ready"));
    return [program, chart];
  };

  test("writes chunks and index to the bucket and reads them back", async () => {
    const [first, { endpoints }] = await startOn("loki-1");
    const { push, query } = endpoints;
    const streams = [{ stream: { app: "shop" }, values: [[`${Date.now()}000000`, "order 1 placed"]] }];
    const pushed = await fetch(at(push.path ?? ""), {
      method: "POST",
      headers: { "content-type": "application/json", ...push.headers },
      body: JSON.stringify({ streams }),
    });
    expect(pushed.status).toBe(204);
    await first.stop();
    const written = s3.objects("loki");
    expect(written).toContainEqual(expect.stringMatching(/^anonymous\//));
    expect(written).toContainEqual(expect.stringMatching(/^index\//));

    const [second] = await startOn("loki-2");
    const ask = async () => {
      const url = at(`/loki/api/v1/query_range?query=${encodeURIComponent('{app="shop"}')}`);
      return (await (await fetch(url, { headers: query.headers ?? {} })).json()) as object;
    };
    await expect
      .poll(ask, { timeout: 60_000, interval: 500 })
      .toMatchObject({ data: { result: [{ values: [[expect.any(String), "order 1 placed"]] }] } });
    await second.stop();
  });
});
