import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { programPath } from "../../test/binaries/find.ts";
import { type MetricsServer, Registry, recordProcessMetrics, serve } from "../src/index.ts";
import { startMetricsExport } from "../src/otel/index.ts";
import { scrapeText } from "./scrape.ts";
import { prescribedNames, streamProcessor } from "./stream-processor.ts";

/** A gauge in the xDS control plane that exports it. */
const xds = { xds_team_resources_total: "METRIC_NAME_TOTAL" } as const;

const help = "Test.";

function program(name: string): string {
  const path = programPath(name);
  if (path === undefined)
    throw new Error(`${name} is not built: build the real programs first (see the project's test tiers)`);
  return path;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** The formats, as Prometheus calls the protocols that it asks for. */
const PROTOCOLS = {
  text: "PrometheusText0.0.4",
  openmetrics: "OpenMetricsText1.0.0",
  protobuf: "PrometheusProto",
} as const;

describe("a real Prometheus", () => {
  const scratch = mkdtempSync(join(tmpdir(), "skopos-metrics-"));
  const registry = new Registry({ exceptions: xds });
  /** Too small for its label sets, and too few of them allowed. */
  const full = new Registry({ maxBytes: 32 * 65_536, maxSeries: 30_000 });
  const limited = new Registry({ maxSeries: 10 });
  const servers: MetricsServer[] = [];
  let metrics: MetricsServer;
  let prometheus: ChildProcess;
  let port: number;
  let log = "";

  const query = async (
    expression: string,
  ): Promise<
    {
      metric: Record<string, string>;
      value?: [number, string];
      histogram?: [number, { count: string; sum: string; buckets?: [number, string, string, string][] }];
    }[]
  > => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const { data } = (await response.json()) as { data: { result: [] } };
    return data.result;
  };
  const value = async (expression: string): Promise<number> =>
    Number((await query(expression))[0]?.value?.[1] ?? Number.NaN);

  beforeAll(async () => {
    const labels = { text: "any" } as const;
    const counter = registry.metric({
      name: "awkward_total",
      type: "counter",
      help: 'Back\\slash, "quotes"\nand lines.',
      labels,
    });
    for (const [i, text] of ['"', "\\", "\n", "{}=,", "é𝒳", "a|b", "\\n"].entries()) counter.inc({ text }, i + 1);
    registry.metric({ name: "level", type: "gauge", help }).set(-2.5);
    registry
      .metric({ name: "xds_team_resources_total", type: "gauge", help, labels: { team: "any" } })
      .set({ team: "a" }, 42);
    registry.metric({ name: "build_info", type: "info", help, labels: { version: "any" } }).set({ version: "1" });
    registry.metric({ name: "phase", type: "stateset", help, states: ["x", "y"] }).set("y");
    const classic = registry.metric({
      name: "classic_seconds",
      type: "histogram",
      help,
      buckets: [0.1, 1, 10],
      exemplars: true,
    });
    const native = registry.metric({ name: "native_seconds", type: "exponential_histogram", help, bucketFactor: 2 });
    const summary = registry.metric({ name: "delay_seconds", type: "summary", help, quantiles: [0.5] });
    for (const observed of [0.05, 0.5, 0.5, 5, 50]) {
      classic.observe(observed, { trace_id: "0af7651916cd43dd8448eb211c80319c" });
      summary.observe(observed);
    }
    for (const observed of [0, 0.75, 1, 1.5, 3, 1000, -4]) native.observe(observed);
    for (const [overfilled, sets] of [
      [full, 25_000],
      [limited, 12],
    ] as const) {
      const many = overfilled.metric({ name: "many_total", type: "counter", help, labels: { a: "any" } });
      for (let a = 0; a < sets; a++) many.inc({ a: `${a}`.padStart(90, "x") });
    }
    metrics = await serve(registry, { port: 0 });
    servers.push(metrics, await serve(full, { port: 0 }), await serve(limited, { port: 0 }));
    port = await freePort();
    const scrape = (name: string, protocol: string) =>
      `  - { job_name: ${name}, scrape_interval: 1s, scrape_protocols: [${protocol}], scrape_native_histograms: true, static_configs: [{ targets: ["127.0.0.1:${metrics.port}"] }] }`;
    const config = join(scratch, "prometheus.yml");
    const jobs = Object.entries(PROTOCOLS).map(([name, protocol]) => scrape(name, protocol));
    const overfilled = servers
      .slice(1)
      .map(
        (server, i) => `  - { job_name: overfilled-${i}, static_configs: [{ targets: ["127.0.0.1:${server.port}"] }] }`,
      );
    // The shipped rules, but for the time that they wait.
    const rules = join(scratch, "alerts.yaml");
    writeFileSync(
      rules,
      readFileSync(new URL("../alerts.yaml", import.meta.url), "utf8").replaceAll("for: 5m", "for: 0s"),
    );
    writeFileSync(
      config,
      `global: { scrape_interval: 1s, evaluation_interval: 1s }\nrule_files: [${rules}]\nscrape_configs:\n${[...jobs, ...overfilled].join("\n")}\n`,
    );
    prometheus = spawn(program("prometheus"), [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(scratch, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--web.enable-otlp-receiver",
      "--enable-feature=exemplar-storage",
    ]);
    for (const stream of [prometheus.stdout, prometheus.stderr]) stream!.on("data", (chunk) => (log += chunk));
    const deadline = performance.now() + 60_000;
    while ((await value("count(scrape_samples_scraped > 0)").catch(() => 0)) !== 5) {
      if (performance.now() > deadline || prometheus.exitCode !== null)
        throw new Error(`Prometheus does not scrape:\n${log}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  });

  afterAll(async () => {
    if (prometheus?.kill()) await once(prometheus, "exit");
    for (const server of servers) await server.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  it.each(Object.keys(PROTOCOLS))("stores what was recorded, scraped as %s", async (job) => {
    expect(await value(`up{job="${job}"}`)).toBe(1);
    const awkward = await query(`awkward_total{job="${job}"}`);
    expect(Object.fromEntries(awkward.map((sample) => [sample.metric.text, Number(sample.value![1])]))).toEqual({
      '"': 1,
      "\\": 2,
      "\n": 3,
      "{}=,": 4,
      é𝒳: 5,
      "a|b": 6,
      "\\n": 7,
    });
    expect(await value(`level{job="${job}"}`)).toBe(-2.5);
    expect(await value(`xds_team_resources_total{job="${job}",team="a"}`)).toBe(42);
    expect(await value(`build_info{job="${job}",version="1"}`)).toBe(1);
    expect(await value(`phase{job="${job}",phase="y"}`)).toBe(1);
    expect(await value(`phase{job="${job}",phase="x"}`)).toBe(0);
    for (const [le, count] of [
      ["0.1", 1],
      ["1.0", 3],
      ["10.0", 4],
      ["+Inf", 5],
    ] as const) {
      expect(await value(`classic_seconds_bucket{job="${job}",le="${le}"}`), le).toBe(count);
    }
    expect(await value(`classic_seconds_sum{job="${job}"}`)).toBeCloseTo(56.05, 10);
    expect(await value(`classic_seconds_count{job="${job}"}`)).toBe(5);
    expect(await value(`delay_seconds{job="${job}",quantile="0.5"}`)).toBe(0.5);
    expect(await value(`delay_seconds_count{job="${job}"}`)).toBe(5);
  });

  it("fires the shipped alerts for the registries that are full, and for no other", async () => {
    const firing = async () =>
      (await query('ALERTS{alertstate="firing"}')).map(({ metric }) => `${metric.alertname} ${metric.job}`).sort();
    await vi.waitFor(
      async () =>
        expect(await firing()).toEqual([
          "SkoposMetricsMemoryExhausted overfilled-0",
          "SkoposMetricsSeriesLimitReached overfilled-1",
        ]),
      { timeout: 30_000, interval: 250 },
    );
  });

  it("knows the gauge that ends in _total as a gauge, also from OpenMetrics", async () => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/targets/metadata?metric=xds_team_resources_total`);
    const { data } = (await response.json()) as { data: { type: string }[] };
    expect(data.map(({ type }) => type)).toEqual(["gauge", "gauge", "gauge"]);
  });

  it("stores native histograms from protobuf, bucket for bucket", async () => {
    const [found] = await query('native_seconds{job="protobuf"}');
    const { count, sum, buckets = [] } = found!.histogram![1];
    expect([count, sum]).toEqual(["7", "1002.25"]);
    const stored = buckets.map(([, lower, upper, n]) => [Number(lower), Number(upper), Number(n)]);
    expect(stored.filter(([lower, upper]) => Math.sign(lower!) === Math.sign(upper!))).toEqual([
      [-4, -2, 1],
      [0.5, 1, 2],
      [1, 2, 1],
      [2, 4, 1],
      [512, 1024, 1],
    ]);
    expect(stored.find(([lower, upper]) => lower! < 0 && upper! > 0)?.[2]).toBe(1);
    for (const job of ["text", "openmetrics"]) expect(await value(`native_seconds_count{job="${job}"}`)).toBe(7);
  });

  it("stores exemplars from OpenMetrics", async () => {
    const now = Date.now() / 1000;
    const range = `start=${now - 300}&end=${now + 60}`;
    const url = `http://127.0.0.1:${port}/api/v1/query_exemplars?query=classic_seconds_bucket&${range}`;
    const { data } = (await (await fetch(url)).json()) as {
      data: { seriesLabels: { job: string }; exemplars: { labels: object }[] }[];
    };
    const exemplars = data
      .filter(({ seriesLabels }) => seriesLabels.job === "openmetrics")
      .flatMap((series) => series.exemplars);
    expect(exemplars[0]?.labels).toEqual({ trace_id: "0af7651916cd43dd8448eb211c80319c" });
  });

  it("takes the same registry by OTLP", async () => {
    const endpoint = `http://127.0.0.1:${port}/api/v1/otlp`;
    await using exporting = startMetricsExport(registry, { service: { name: "svc", instanceId: "0" }, endpoint });
    await exporting.flush();
    const job = '{job="svc"}';
    const deadline = performance.now() + 10_000;
    while (Number.isNaN(await value(`level${job}`)) && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(await value(`level${job}`)).toBe(-2.5);
    expect(await value(`sum(awkward_total${job})`)).toBe(28);
    expect(await value(`classic_seconds_count${job}`)).toBe(5);
    expect(await value(`histogram_count(native_seconds${job})`)).toBe(7);
    expect(await value(`histogram_sum(native_seconds${job})`)).toBe(1002.25);
  });
});

describe("promtool check metrics", () => {
  const check = (text: string): string[] => {
    const { stdout, stderr } = spawnSync(program("promtool"), ["check", "metrics"], { input: text, encoding: "utf8" });
    return `${stdout}${stderr}`
      .split("\n")
      .filter((line) => line !== "")
      .sort();
  };

  it("has nothing to say of the registry's own and the process's metrics", async () => {
    const registry = new Registry({ exceptions: xds });
    using _recording = recordProcessMetrics(registry);
    registry.metric({ name: "n_total", type: "counter", help, labels: { a: "any" } }).inc({ a: 1 });
    expect(check(await scrapeText(registry))).toEqual([]);
  });

  it("objects to the prescribed names, and to nothing else", async () => {
    const registry = new Registry({ ownMetrics: false, exceptions: { ...prescribedNames, ...xds } });
    const metrics = registry.register(streamProcessor);
    for (const metric of Object.values(metrics)) if ("overflow" in metric) (metric.overflow as () => void)();
    registry.metric({ name: "xds_team_resources_total", type: "gauge", help }).set(1);
    const objected = check(await scrapeText(registry)).map((line) => line.split(" ")[0]);
    expect(objected).toEqual(["xds_team_resources_total", ...Object.keys(prescribedNames)].sort());
  });
});
