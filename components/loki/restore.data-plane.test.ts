// Logs that Loki has deleted, restored from a replica of its bucket: on the real S3 server, with the real Loki and rclone.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, expect, test } from "vitest";
import { envVar, type RemoteStore, rcloneRemote } from "../../lib/kubernetes/index.ts";
import { type Retention, retentionProfiles } from "../../lib/sizing/index.ts";
import { offCluster, writeConfig } from "../../test/data-plane/loki.ts";
import { configFile } from "../../test/data-plane/mimir.ts";
import { type S3Server, secretEnv, secretValues, startS3 } from "../../test/data-plane/object-store.ts";
import { type RunningProgram, ready, requireProgram, start } from "../../test/data-plane/process.ts";
import { devWorkload } from "../../test/support/mimir.ts";
import { LokiChart } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-loki-restore-"));
const host = "127.0.44.1";
const place = { host, httpPort: 3100 };
const at = (path: string) => `http://${host}:${place.httpPort}${path}`;
const day = 86_400_000;
/** Beyond the retention of logs. */
const expired = Date.now() - 100 * day;

let s3: S3Server;
beforeAll(async () => {
  s3 = await startS3(folder, host, ["loki", "loki-replica", "loki-restored"]);
});
afterAll(async () => {
  await s3?.program.stop();
  rmSync(folder, { recursive: true });
});

/** A single process on an empty disk. */
async function startOn(bucket: string, retention: Retention, flags: readonly string[] = []): Promise<RunningProgram> {
  const chart = new LokiChart(new App(), "loki", {
    bucket,
    namespace: "observability",
    retention,
    objectStore: s3.store,
    workload: devWorkload,
    availability: "single",
  });
  const own = mkdtempSync(join(folder, "disk-"));
  const file = writeConfig(own, offCluster(configFile(chart, "loki", "loki.yaml"), { ...place, folder: own }));
  const args = [`-config.file=${file}`, "-target=all", "-config.expand-env=true", "-ingester.min-ready-duration=0s"];
  const program = start("loki", [...args, ...flags], secretEnv(chart));
  await ready(program, at("/ready"));
  return program;
}

/** Copies objects between buckets, as a provider's replication does. */
function copy(from: string, to: string): void {
  const remote = rcloneRemote("store", s3.store as RemoteStore);
  const env = secretValues(Object.entries(remote).map(([name, value]) => envVar(name, value)));
  execFileSync(requireProgram("rclone"), ["copy", `store:${from}`, `store:${to}`], { env: { HOME: folder, ...env } });
}

async function lines(): Promise<string[]> {
  const range = `start=${expired - day}000000&end=${expired + day}000000`;
  const answer = await fetch(at(`/loki/api/v1/query_range?query=${encodeURIComponent('{app="shop"}')}&${range}`), {
    headers: { "X-Scope-OrgID": "anonymous" },
  });
  const { data } = (await answer.json()) as { data?: { result: { values: [string, string][] }[] } };
  return (data?.result ?? []).flatMap(({ values }) => values.map(([, line]) => line));
}

const chunks = (bucket: string) => s3.objects(bucket).filter((name) => name.startsWith("anonymous/"));

test("logs whose retention is over come back from a replica of the bucket and answer queries", async () => {
  const long: Retention = { ...retentionProfiles.archive, loki: retentionProfiles.archive.archive };
  const old = ["-validation.reject-old-samples=false"];
  const writing = await startOn("loki", long, old);
  const streams = [{ stream: { app: "shop" }, values: [[`${expired}000000`, "order 1 placed"]] }];
  const pushed = await fetch(at("/loki/api/v1/push"), {
    method: "POST",
    headers: { "content-type": "application/json", "X-Scope-OrgID": "anonymous" },
    body: JSON.stringify({ streams }),
  });
  expect(pushed.status).toBe(204);
  await writing.stop();
  expect(chunks("loki")).toHaveLength(1);
  copy("loki", "loki-replica");

  // The rendered retention of 90 days deletes the chunk; the replica is not touched.
  const often = ["-compactor.compaction-interval=1s", "-compactor.retention-delete-delay=1s", ...old];
  const deleting = await startOn("loki", retentionProfiles.archive, often);
  await expect.poll(() => chunks("loki"), { timeout: 180_000, interval: 500 }).toEqual([]);
  expect(await lines()).toEqual([]);
  await deleting.stop();

  copy("loki-replica", "loki-restored");
  const restored = await startOn("loki-restored", long);
  await expect.poll(lines, { timeout: 60_000, interval: 500 }).toEqual(["order 1 placed"]);
  await restored.stop();
});
