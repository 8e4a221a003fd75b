// docs/changing-mimir-mode.md, followed with real processes: one Mimir process becomes separate services on the same bucket, and
// every sample can be queried before, meanwhile and afterwards.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";
import { type MimirContainer, mimirContainers, startMimir } from "../../test/data-plane/mimir.ts";
import { type RunningProgram, ready } from "../../test/data-plane/process.ts";
import { remoteWrite } from "../../test/data-plane/remote-write.ts";
import { render } from "../../test/support/mimir.ts";
import { until } from "../../test/support/wait.ts";
import type { MimirProps } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-mimir-mode-"));
const bucket = join(folder, "bucket");
const started: Process[] = [];
afterAll(async () => {
  // To leave the rings one after the other would take a minute.
  await Promise.all(started.map(({ program }) => program.stop("SIGKILL")));
  rmSync(folder, { recursive: true });
});

const page = readFileSync("docs/changing-mimir-mode.md", "utf8");
/** What step 2 adds to the stack file. */
const [workloads] = [...page.matchAll(/```yaml of \w+\n(skopos:components:[\s\S]*?)```/g)]
  .map(([, text]) => parse(text ?? "")["skopos:components"].mimir.workloads as MimirProps["workloads"])
  .filter((each) => each !== undefined);
/** The requests of steps 3 to 5, in their order. */
const requests = [...page.matchAll(/curl -fsS -X POST "?http:\/\/localhost:8080(\/[^\s"]+)/g)].map(([, path]) => path);

const before = render("medium", { mode: "monolithic" });
const after = render("medium", { mode: "microservices", ...(workloads && { workloads }) });
const headers = before.endpoints.push.headers ?? {};

/** Intervals of a quarter of an hour, which are only waited for here. */
const often = ["-compactor.cleanup-interval=1s", "-blocks-storage.bucket-store.sync-interval=1s", "-shutdown-delay=0"];

interface Process {
  readonly name: string;
  readonly host: string;
  readonly program: RunningProgram;
}

/** Starts one container and waits for it. All join the first old process: the Service of the ring selects old and new pods. */
function startProcess(chart: typeof before, container: MimirContainer, host: string, hosts: Record<string, string>) {
  const placement = {
    host,
    folder: join(folder, host),
    join: oldHosts[0] ?? "",
    bucket,
    ...(hosts["mimir-query-scheduler"] && { scheduler: hosts["mimir-query-scheduler"] }),
    ...(hosts["mimir-query-frontend"] && { frontend: hosts["mimir-query-frontend"] }),
  };
  return { name: container.name, host, program: startMimir(chart, container, placement, { flags: often }) };
}

const oldHosts = ["127.0.54.1", "127.0.54.2", "127.0.54.3"];
const url = (host: string, path: string) => `http://${host}:8080${path}`;
const waitFor = (processes: readonly Process[]) =>
  Promise.all(processes.map(({ program, host }) => ready(program, url(host, "/ready"))));

/** Every sample that was accepted: value by time, one series. */
const accepted = new Map<number, string>();
/** What an answer lacked, and how often there was none. */
const lost: string[] = [];
const failed: string[] = [];
/** Where samples are written and queries asked. */
const place = { write: oldHosts[0] ?? "", read: oldHosts[0] ?? "" };
let stopped = false;

/** Like Prometheus: sends a sample until it is accepted. */
async function writeSamples(): Promise<void> {
  for (let value = 1; !stopped; value++) {
    const at = Date.now();
    const series = [{ labels: { __name__: "orders" }, samples: [[at, value]] as const }];
    await until("a sample to be accepted", async () => {
      const { status } = await remoteWrite(url(place.write, before.endpoints.push.path ?? ""), series, headers);
      return status === 200;
    });
    accepted.set(at, String(value));
    await sleep(50);
  }
}

async function ask(promql: string): Promise<readonly [time: number, value: string][] | string> {
  const query = `${before.endpoints.query.path}/api/v1/query?query=${encodeURIComponent(promql)}`;
  const response = await fetch(url(place.read, query), { headers, signal: AbortSignal.timeout(30_000) });
  const text = await response.text();
  if (!response.ok) return text;
  const { data } = JSON.parse(text) as { data: { result: { values: [number, string][] }[] } };
  return data.result.flatMap(({ values }) => values).map(([time, value]) => [Math.round(time * 1000), value]);
}

/** Asks for all samples, again and again, and notes which of those that had been accepted before are missing. */
async function readSamples(): Promise<void> {
  while (!stopped) {
    const known = [...accepted];
    const answer = await ask("orders[1h]").catch((error: Error) => error.message);
    if (typeof answer === "string") failed.push(answer);
    else {
      const found = new Map(answer);
      const missing = known.filter(([time, value]) => found.get(time) !== value);
      if (missing.length > 0) lost.push(`${place.read}: ${missing.length} of ${known.length} samples`);
    }
    answers++;
    await sleep(200);
  }
}
let answers = 0;

/** Waits for more samples and for answers that may have them. */
async function more(): Promise<void> {
  const [samples, asked] = [accepted.size + 20, answers + 3];
  await until("samples to be written and read", () => accepted.size >= samples && answers >= asked);
}

const metric = async (host: string, name: string): Promise<number> => {
  const text = await (await fetch(url(host, "/metrics"))).text();
  return [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))].reduce(
    (sum, [, v]) => sum + Number(v),
    0,
  );
};

/** Blocks of the tenant in the bucket, and in the list that queries use. */
const blocks = () => {
  const tenant = join(bucket, "blocks/anonymous");
  const uploaded = existsSync(tenant) ? readdirSync(tenant).filter((name) => /^[0-9A-Z]{26}$/.test(name)) : [];
  const index = join(tenant, "bucket-index.json.gz");
  const listed = existsSync(index) ? gunzipSync(readFileSync(index)).toString() : "";
  return { uploaded, listed: uploaded.filter((block) => listed.includes(block)) };
};

test("the page has the requests and arguments that the test follows", () => {
  expect(requests).toEqual([
    "/ingester/prepare-instance-ring-downscale",
    "/ingester/flush?wait=true",
    "/ingester/prepare-shutdown",
    "/store-gateway/prepare-shutdown",
  ]);
  expect(Object.keys(workloads ?? {})).toEqual(["querier", "store-gateway"]);
});

test("no sample is lost or invisible, before, during and after the change", async () => {
  const start = (processes: readonly Process[]) => {
    started.push(...processes);
    return processes;
  };
  const [container] = mimirContainers(before) as [MimirContainer];
  const old = start(oldHosts.map((host) => startProcess(before, container, host, {})));
  await waitFor(old);
  const post = async (path: string, to: readonly string[] = oldHosts) => {
    for (const host of to) {
      const response = await fetch(url(host, path), { method: "POST", headers });
      expect([path, response.status, await response.text()]).toEqual([
        path,
        expect.toSatisfy((s) => s < 300),
        expect.anything(),
      ]);
    }
  };
  // Data of earlier hours, which only the bucket has.
  const earlier = Date.now() - 14 * 3_600_000;
  const series = [{ labels: { __name__: "orders_earlier" }, samples: [[earlier, 7]] as const }];
  await until("the ring", async () => {
    const { status } = await remoteWrite(url(place.write, before.endpoints.push.path ?? ""), series, headers);
    return status === 200;
  });
  await post("/ingester/flush?wait=true");

  const loops = Promise.all([writeSamples(), readSamples()]);
  try {
    await more();

    // Step 2: the new services, to which Prometheus and Grafana turn when they are ready.
    const containers = mimirContainers(after).filter(({ name }) => name !== "mimir-overrides-exporter");
    const hosts = Object.fromEntries(containers.map(({ name }, index) => [name, `127.0.54.${index + 11}`]));
    const added = start(containers.map((each) => startProcess(after, each, hosts[each.name] ?? "", hosts)));
    await waitFor(added);
    place.write = hosts["mimir-distributor"] ?? "";
    await more();
    place.read = hosts["mimir-query-frontend"] ?? "";
    await more();

    // Step 3.
    const [readOnly, flush, ...leave] = requests as [string, string, ...string[]];
    await post(readOnly);
    const ingested = () => Promise.all(oldHosts.map((host) => metric(host, "cortex_ingester_ingested_samples_total")));
    let last = await ingested();
    await until("old pods that accept nothing any more", async () => {
      await more();
      const now = await ingested();
      const same = now.every((count, index) => count === last[index]);
      last = now;
      return same;
    });

    // Step 4, and the wait for the list of blocks.
    const earlierBlocks = blocks().uploaded.length;
    await post(flush);
    expect(blocks().uploaded.length).toBeGreaterThan(earlierBlocks);
    await until("all blocks to be listed", () => blocks().listed.length === blocks().uploaded.length);
    const readers = added.filter(({ name }) => /store-gateway/.test(name)).map(({ host }) => host);
    const syncs = "cortex_bucket_stores_blocks_sync_seconds_count";
    const loads = "cortex_bucket_index_loads_total";
    const querier = hosts["mimir-querier"] ?? "";
    const done = await Promise.all([...readers.map((host) => metric(host, syncs)), metric(querier, loads)]);
    await until("store-gateways and queriers to read the list", async () => {
      const now = await Promise.all([...readers.map((host) => metric(host, syncs)), metric(querier, loads)]);
      // Queriers look every minute. What is read from now on has all blocks.
      return now.every((count, index) => count > (done[index] ?? 0));
    });

    // Step 5, one pod after the other.
    for (const { host, program } of old.toReversed()) {
      for (const path of leave) await post(path, [host]);
      await program.stop();
      await more();
    }
    await more();
    expect(await ask("orders_earlier[15h]")).toEqual([[earlier, "7"]]);
  } finally {
    stopped = true;
    await loops;
  }
  expect(lost).toEqual([]);
  // While a store-gateway loads a block, or an ingester starts, queries may fail, and say so.
  const momentary = /err-mimir-store-consistency-check-failed|ingester is unavailable/;
  expect(failed.filter((answer) => !momentary.test(answer))).toEqual([]);
  expect(failed.length).toBeLessThan(answers / 4);
  expect(accepted.size).toBeGreaterThan(100);
});
