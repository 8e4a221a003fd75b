// Archive and restore on the real S3 server, with the rendered scripts, the real rclone and the real Mimir.
import { execFile } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { App } from "cdk8s";
import type { IContainer } from "kubernetes-models/v1/Container";
import { afterAll, beforeAll, expect, test } from "vitest";
import { retentionProfiles } from "../../../lib/sizing/index.ts";
import { configFile, type MimirContainer, mimirContainers, startMimir } from "../../../test/data-plane/mimir.ts";
import { type S3Server, secretEnv, secretValues, startS3 } from "../../../test/data-plane/object-store.ts";
import { type RunningProgram, ready, requireProgram } from "../../../test/data-plane/process.ts";
import { remoteWrite } from "../../../test/data-plane/remote-write.ts";
import { objectOf } from "../../../test/support/charts.ts";
import { devWorkload } from "../../../test/support/mimir.ts";
import { longTermTenant, MimirChart } from "../index.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-archive-"));
const host = "127.0.43.1";
const at = (path: string) => `http://${host}:8080${path}`;
const source = "mimir";
const archive = "mimir-archive";
const day = 86_400_000;
/** Beyond the retention of the series and within that of the aggregates. */
const expired = Math.floor((Date.now() - 400 * day) / 1000) * 1000;
const recent = Math.floor((Date.now() - day) / 1000) * 1000;

let s3: S3Server;
let chart: MimirChart;
beforeAll(async () => {
  s3 = await startS3(folder, host, [source, archive]);
  chart = new MimirChart(new App(), "mimir", {
    namespace: "observability",
    bucket: source,
    archiveBucket: archive,
    workload: devWorkload,
    availability: "single",
    retention: retentionProfiles.archive,
    objectStore: s3.store,
  });
});
afterAll(async () => {
  await s3?.program.stop();
  rmSync(folder, { recursive: true });
});

/** On an empty disk. It looks into the bucket every second, and deletes what it has marked at once. */
async function startOn(disk: string, flags: readonly string[]): Promise<RunningProgram> {
  const often = ["compactor.cleanup-interval", "blocks-storage.bucket-store.sync-interval"].map(
    (flag) => `-${flag}=1s`,
  );
  const [container] = mimirContainers(chart);
  const program = startMimir(
    chart,
    container as MimirContainer,
    { host, folder: join(folder, disk) },
    { flags: [...often, "-compactor.deletion-delay=0", ...flags], env: secretEnv(chart) },
  );
  await ready(program, at("/ready"));
  return program;
}

/** Runs the container of a CronJob as a process: its command, its scripts and its environment, with the Secret's values. */
function run(cronJob: string, more: Readonly<Record<string, string>> = {}): Promise<{ code: number; output: string }> {
  const object = objectOf(chart, "CronJob", cronJob) as unknown as {
    spec: { jobTemplate: { spec: { template: { spec: { containers: IContainer[] } } } } };
  };
  const [container] = object.spec.jobTemplate.spec.template.spec.containers;
  const [shell, script = ""] = container?.command ?? [];
  const file = join(folder, script);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, configFile(chart, "mimir-archive", script.replace("/scripts/", "")));
  const work = mkdtempSync(join(folder, "work-"));
  const env = {
    ...secretValues(container?.env ?? []),
    PATH: `${dirname(requireProgram("rclone"))}:/usr/bin:/bin`,
    HOME: work,
    ...more,
  };
  return new Promise((done) => {
    execFile(shell as string, [file], { env, cwd: work, timeout: 120_000 }, (error, stdout, stderr) => {
      done({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr });
    });
  });
}

/** Blocks of a tenant in a bucket. */
const blocks = (bucket: string, tenant: string): readonly string[] => [
  ...new Set(
    s3
      .objects(bucket)
      .flatMap((name) => new RegExp(`^(?:blocks/)?${tenant}/([0-9A-Z]{26})/meta.json$`).exec(name)?.[1] ?? []),
  ),
];

async function ask(tenant: string, time: number): Promise<string[]> {
  const url = at(`/prometheus/api/v1/query?query=shop_orders&time=${time / 1000}`);
  const answer = await fetch(url, { headers: { "X-Scope-OrgID": tenant } });
  const { data } = (await answer.json()) as { data?: { result: { value: [number, string] }[] } };
  return (data?.result ?? []).map(({ value }) => value[1]);
}

/** How often Mimir has applied the retention. */
async function cleanups(): Promise<number> {
  const text = await (await fetch(at("/metrics"))).text();
  return Number(/^cortex_compactor_block_cleanup_completed_total (\S+)$/m.exec(text)?.[1] ?? 0);
}

/** One block per tenant and time: an ingester takes old samples only while its head is empty. */
async function writeBlock(tenant: string, time: number, value: number): Promise<void> {
  const before = blocks(source, tenant).length;
  const headers = { "X-Scope-OrgID": tenant };
  const series = [{ labels: { __name__: "shop_orders" }, samples: [[time, value]] as const }];
  expect(await remoteWrite(at("/api/v1/push"), series, headers)).toMatchObject({ status: 200 });
  await fetch(at("/ingester/flush?wait=true"), { method: "POST" });
  await expect.poll(() => blocks(source, tenant).length, { timeout: 30_000 }).toBe(before + 1);
}

const date = (time: number) => new Date(time).toISOString().slice(0, 16).replace("T", " ");

/** The archived file of a block, on the S3 server's disk. */
const archived = (name: string) => join(folder, "buckets", archive, name);

test("blocks that Mimir has deleted come back from the archive and answer queries; aggregates outlive their series", async () => {
  // While the retention of deleted series has not been applied yet, as on the day they were written.
  const writing = await startOn("disk-1", ["-compactor.cleanup-interval=24h"]);
  await writeBlock("anonymous", expired, 7);
  await writeBlock(longTermTenant, expired, 70);
  await writeBlock("anonymous", recent, 8);
  await writing.stop();
  const [block = ""] = blocks(source, "anonymous");

  // Nothing has settled: nothing is copied.
  expect(await run("mimir-archive")).toMatchObject({ code: 0 });
  expect(s3.objects(archive)).toEqual([]);
  const settled = { SETTLE: "0s" };
  expect(await run("mimir-archive", settled)).toMatchObject({ code: 0 });
  expect(blocks(archive, "anonymous")).toEqual(blocks(source, "anonymous"));
  expect(blocks(archive, longTermTenant)).toEqual(blocks(source, longTermTenant));
  const objects = s3.objects(archive).filter((name) => name.startsWith("blocks/"));
  const [inventory = ""] = s3.objects(archive).filter((name) => name.startsWith("inventory/"));
  expect(readFileSync(archived(inventory), "utf8").trim().split("\n")).toHaveLength(objects.length);
  // Again: nothing is new.
  expect((await run("mimir-archive", settled)).output).toContain("0 new");
  expect(s3.objects(archive)).toHaveLength(objects.length + 1);

  // The rendered retention deletes the year-old block of the series, and not that of the aggregates.
  const reading = await startOn("disk-2", []);
  await expect.poll(() => blocks(source, "anonymous"), { timeout: 90_000, interval: 500 }).toHaveLength(1);
  await expect.poll(() => ask(longTermTenant, expired), { timeout: 60_000, interval: 500 }).toEqual(["70"]);
  expect(await ask("anonymous", expired)).toEqual([]);
  // What is gone from Mimir's bucket stays in the archive, and is no reason to fail.
  expect(await run("mimir-archive", settled)).toMatchObject({ code: 0 });
  expect(blocks(archive, "anonymous")).toHaveLength(2);

  const wanted = { TENANT: "anonymous", FROM: date(expired - day), TO: date(expired + day) };
  expect(await run("mimir-archive-restore", wanted)).toMatchObject({ code: 0 });
  expect(blocks(source, "restored")).toEqual([block]);
  await expect.poll(() => ask("restored", expired), { timeout: 90_000, interval: 500 }).toEqual(["7"]);
  // Restored blocks are as old as the deleted ones, and stay.
  const cleaned = await cleanups();
  await expect.poll(cleanups, { timeout: 60_000, interval: 500 }).toBeGreaterThan(cleaned + 2);
  expect(blocks(source, "restored")).toEqual([block]);
  // They are in the archive already: a run does not add them a second time.
  expect(await run("mimir-archive", settled)).toMatchObject({ code: 0 });
  expect(blocks(archive, "restored")).toEqual([]);

  // Of a tenant that is being deleted, Mimir would delete restored blocks at once.
  await fetch(at("/compactor/delete_tenant"), { method: "POST", headers: { "X-Scope-OrgID": "restored" } });
  await expect.poll(() => blocks(source, "restored"), { timeout: 60_000, interval: 500 }).toEqual([]);
  const again = await run("mimir-archive-restore", wanted);
  expect(again.output).toContain("tenant restored is being deleted");
  expect(again.code).not.toBe(0);
  expect(blocks(source, "restored")).toEqual([]);
  await reading.stop();
});

test("a run fails when the archive lacks an object or has lost one, and a changed block is not restored", async () => {
  const settled = { SETTLE: "0s" };
  const [block = ""] = blocks(archive, longTermTenant);
  const index = `blocks/${longTermTenant}/${block}/index`;
  const content = readFileSync(archived(index));

  appendFileSync(archived(index), "changed");
  // The tenant of the other test is being deleted.
  const period = { FROM: date(expired - day), TO: date(expired + day) };
  const wanted = { TENANT: longTermTenant, RESTORE_TENANT: "other", ...period };
  const changed = await run("mimir-archive-restore", wanted);
  expect(changed.code).not.toBe(0);
  expect(blocks(source, "other")).toEqual([]);

  rmSync(archived(index));
  // It is still in Mimir's bucket: the next run copies it again.
  expect(await run("mimir-archive", settled)).toMatchObject({ code: 0 });
  expect(readFileSync(archived(index))).toEqual(content);
  // Here it is not.
  const [first = ""] = blocks(archive, "anonymous").filter((each) => !blocks(source, "anonymous").includes(each));
  rmSync(archived(`blocks/anonymous/${first}/index`));
  const lost = await run("mimir-archive", settled);
  expect(lost.output).toContain(`lost by the archive: anonymous/${first}/index`);
  expect(lost.code).not.toBe(0);

  expect(
    (
      await run("mimir-archive-restore", {
        ...wanted,
        RESTORE_TENANT: "another",
        FROM: "2001-01-01 00:00",
        TO: "2001-01-02 00:00",
      })
    ).output,
  ).toContain("no archived block");
});
