import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import promClient from "prom-client";
import { beforeEach, describe, expect, it } from "vitest";
import { parseText } from "../../test/scrape.ts";
import * as compat from "./index.ts";

type Client = typeof promClient;

/** The same calls on prom-client and on this: what both expose must say the same. */
async function compare(act: (client: Client) => void | Promise<void>, openMetrics = false): Promise<string> {
  const exposed: string[] = [];
  for (const client of [promClient, compat as unknown as Client]) {
    client.register.clear();
    client.register.setContentType(
      (openMetrics
        ? client.openMetricsContentType
        : client.prometheusContentType) as typeof client.register.contentType,
    );
    await act(client);
    exposed.push(await client.register.metrics());
  }
  const samples = exposed.map((text) =>
    parseText(text)
      .filter(({ name }) => !name.endsWith("_created"))
      .map(({ name, labels, value }) => {
        const given = Object.entries(labels).filter(([, v]) => v !== "");
        const spelled = given.map(([label, v]) => [label, label === "le" || label === "quantile" ? Number(v) : v]);
        return JSON.stringify([name, spelled.sort(), value]);
      })
      .sort(),
  );
  expect(samples[1]).toEqual(samples[0]);
  return exposed[1]!;
}

const name = "metric_name";
const help = "metric_help";

describe("what prom-client's documentation shows, exposed alike", () => {
  it("counters", async () => {
    await compare((client) => {
      const counter = new client.Counter({ name, help });
      counter.inc();
      counter.inc(10);
      const labelled = new client.Counter({ name: "b_total", help, labelNames: ["method"] as const });
      labelled.inc({ method: "GET" });
      labelled.inc({ method: "GET" }, 2);
      labelled.labels("POST").inc(3);
      labelled.labels({ method: "PUT" }).inc();
      labelled.remove("PUT");
      labelled.remove({ method: "POST" });
    });
  });

  it("gauges, with collect", async () => {
    await compare(async (client) => {
      const gauge = new client.Gauge({ name, help, labelNames: ["method", "statusCode"] });
      gauge.set({ method: "GET", statusCode: "200" }, 100);
      gauge.labels({ method: "GET", statusCode: "201" }).inc(5);
      gauge.labels("GET", "202").dec();
      gauge.inc({ method: "x", statusCode: "1" });
      gauge.dec({ method: "x", statusCode: "2" }, 4);
      new client.Gauge({ name: "plain", help }).set(7);
      new client.Gauge({
        name: "collected",
        help,
        collect() {
          this.set(42);
        },
      });
      new client.Gauge({
        name: "collected_later",
        help,
        async collect() {
          this.set(await Promise.resolve(43));
        },
      });
    });
  });

  it("histograms", async () => {
    await compare((client) => {
      const histogram = new client.Histogram({ name, help, buckets: [0.1, 5, 15, 50, 100, 500] });
      histogram.observe(10);
      const labelled = new client.Histogram({ name: "b_seconds", help, labelNames: ["method"] });
      labelled.zero({ method: "GET" });
      labelled.observe({ method: "POST" }, 3);
      labelled.labels("PUT").observe(0.3);
    });
  });

  it("summaries", async () => {
    await compare((client) => {
      const summary = new client.Summary({ name, help, percentiles: [0.01, 0.5, 0.99] });
      for (let i = 0; i < 3; i++) summary.observe(10);
      const windowed = new client.Summary({
        name: "b",
        help,
        labelNames: ["a"],
        percentiles: [0.5],
        maxAgeSeconds: 600,
        ageBuckets: 5,
      });
      windowed.observe({ a: "1" }, 4);
      windowed.labels({ a: "1" }).observe(4);
    });
  });

  it("default labels, reset, removal, bucket generators", async () => {
    await compare((client) => {
      client.register.setDefaultLabels({ serviceName: "api-v1" });
      const counter = new client.Counter({ name, help, labelNames: ["a"] });
      counter.inc({ a: "1" });
      const plain = new client.Counter({ name: "plain_total", help });
      plain.inc();
      client.register.resetMetrics();
      counter.inc({ a: "2" });
      new client.Counter({ name: "gone_total", help });
      client.register.removeSingleMetric("gone_total");
      new client.Histogram({ name: "linear", help, buckets: client.linearBuckets(0, 10, 5) }).observe(3);
      new client.Histogram({ name: "exponential", help, buckets: client.exponentialBuckets(1, 2, 5) }).observe(3);
    });
  });

  it("exemplars in OpenMetrics", async () => {
    const text = await compare((client) => {
      const counter = new client.Counter({ name: "c_total", help, labelNames: ["a"] as const, enableExemplars: true });
      counter.inc({ labels: { a: "1" }, value: 2, exemplarLabels: { traceId: "888", spanId: "jjj" } } as never);
      const histogram = new client.Histogram({
        name: "h",
        help,
        labelNames: ["a"],
        enableExemplars: true,
        buckets: [1, 2],
      });
      histogram.observe({ labels: { a: "1" }, value: 1.5, exemplarLabels: { traceId: "999", spanId: "kkk" } } as never);
    }, true);
    expect(text).toMatch(/c_total\{a="1"\} 2 # \{traceId="888",spanId="jjj"\} 2 [\d.]+\n/);
    expect(text).toMatch(/h_bucket\{a="1",le="2\.0"\} 1 # \{traceId="999",spanId="kkk"\} 1\.5 [\d.]+\n/);
  });

  it("the default metrics' names, labels and types", async () => {
    const exposed = async (client: Client) => {
      client.register.clear();
      client.register.setContentType(client.prometheusContentType);
      client.collectDefaultMetrics({ prefix: "my_", labels: { NODE_APP_INSTANCE: "1" } });
      await client.register.metrics();
      const text = await client.register.metrics();
      client.register.clear();
      const types = new Map(text.matchAll(/^# TYPE (\S+) (\S+)$/gm).map(([, name, type]) => [name, type]));
      // Collections come when they come, and prom-client measures the lag's mean in a later turn of the loop.
      const samples = parseText(text).filter(
        ({ name, labels }) => labels.NODE_APP_INSTANCE === "1" && !/_gc_|eventloop_lag_seconds/.test(name),
      );
      return new Set(samples.map(({ name }) => `${name} ${types.get(name)}`));
    };
    expect(await exposed(compat as unknown as Client)).toEqual(await exposed(promClient));
  });
});

describe("the rest of the API", () => {
  beforeEach(() => {
    compat.register.clear();
    compat.register.setContentType(compat.prometheusContentType);
  });

  it("gives metrics as data and one by one", async () => {
    const counter = new compat.Counter({ name: "c_total", help, labelNames: ["a"] });
    counter.inc({ a: "1" }, 2);
    expect(await counter.get()).toEqual({
      name: "c_total",
      help,
      type: "counter",
      aggregator: "sum",
      values: [{ value: 2, labels: { a: "1" } }],
    });
    expect(compat.register.getSingleMetric("c_total")).toBe(counter);
    expect(await compat.register.getSingleMetricAsString("c_total")).toContain('c_total{a="1"} 2\n');
    expect(await compat.register.getSingleMetricAsString("none")).toBe("");
    expect((await compat.register.getMetricsAsJSON())[0]?.values).toEqual([{ value: 2, labels: { a: "1" } }]);
    expect(compat.register.getMetricsAsArray()).toEqual([counter]);
    const histogram = new compat.Histogram({ name: "h", help, buckets: [1] });
    histogram.observe(2);
    expect(
      (await histogram.get()).values.map(({ metricName, labels, value }) => [metricName, labels.le, value]),
    ).toEqual([
      ["h_bucket", 1, 0],
      ["h_bucket", "+Inf", 1],
      ["h_sum", undefined, 2],
      ["h_count", undefined, 1],
    ]);
    const summary = new compat.Summary({ name: "s", help, percentiles: [0.5] });
    summary.observe(2);
    expect((await summary.get()).values.map(({ labels, value }) => [labels.quantile, value])).toEqual([
      [0.5, 2],
      [undefined, 2],
      [undefined, 1],
    ]);
    const gauge = new compat.Gauge({ name: "g", help });
    gauge.set(4);
    expect((await gauge.get()).values).toEqual([{ value: 4, labels: {} }]);
  });

  it("keeps registries apart and merges them", async () => {
    const [one, two] = [new compat.Registry(), new compat.Registry()];
    const first = new compat.Counter({ name: "x_total", help, registers: [one] });
    const second = new compat.Counter({ name: "x_total", help, registers: [two] });
    first.inc(1);
    second.inc(2);
    expect(await one.metrics()).toContain("x_total 1\n");
    expect(await two.metrics()).toContain("x_total 2\n");
    expect(() => compat.Registry.merge([one, two])).toThrow("already been registered");
    const loose = new compat.Gauge({ name: "loose", help, registers: [] });
    two.registerMetric(loose);
    loose.set(3);
    expect(await compat.Registry.merge([two, new compat.Registry()]).metrics()).toContain("loose 3\n");
  });

  it("measures with timers, labels given at either end", async () => {
    const histogram = new compat.Histogram({ name: "h", help, labelNames: ["method", "status"] });
    const end = histogram.startTimer({ method: "GET" });
    expect(end({ status: "200" })).toBeGreaterThanOrEqual(0);
    histogram.labels("GET", "500").startTimer()();
    const gauge = new compat.Gauge({ name: "g", help, labelNames: ["a"] });
    gauge.startTimer({ a: "1" })();
    gauge.labels("2").startTimer()();
    gauge.labels("3").setToCurrentTime();
    gauge.setToCurrentTime({ a: "4" });
    const samples = parseText(await compat.register.metrics());
    expect(samples.filter(({ name }) => name === "h_count").map(({ labels, value }) => [labels.status, value])).toEqual(
      [
        ["200", 1],
        ["500", 1],
      ],
    );
    expect(samples.filter(({ name }) => name === "g").map(({ labels }) => labels.a)).toEqual(["1", "2", "3", "4"]);
  });

  it("refuses what prom-client refuses", () => {
    const counter = new compat.Counter({ name: "c_total", help, labelNames: ["a"] });
    expect(() => counter.inc(-1)).toThrow("not possible to decrease");
    expect(() => counter.inc({ a: "1" }, Number.NaN)).toThrow(TypeError);
    expect(() => counter.inc({ b: "1" } as never)).toThrow('Added label "b"');
    expect(() => counter.labels("1", "2")).toThrow("Invalid number of arguments");
    expect(() => new compat.Counter({ name: "c_total", help })).toThrow("already been registered");
    expect(() => new compat.Counter({ name: "a b", help })).toThrow("Invalid metric name");
    expect(() => new compat.Counter({ name: "c", help: "" })).toThrow("Missing mandatory help");
    expect(() => new compat.Counter({ name: "", help })).toThrow("Missing mandatory name");
    expect(() => new compat.Counter({ name: "c", help, labelNames: ["a-b"] })).toThrow("Invalid label name");
    expect(() => new compat.Gauge({ name: "g", help }).set("1" as never)).toThrow(TypeError);
    expect(() => new compat.Histogram({ name: "h", help }).observe("1" as never)).toThrow(TypeError);
    expect(() => compat.register.setContentType("text/html" as never)).toThrow("unsupported");
    expect(() => compat.linearBuckets(0, 1, 0)).toThrow();
    for (const [start, factor, count] of [
      [0, 2, 1],
      [1, 1, 1],
      [1, 2, 0],
    ] as const) {
      expect(() => compat.exponentialBuckets(start, factor, count)).toThrow();
    }
  });

  it("aggregates as the cluster's primary does", () => {
    const metric = (aggregator: compat.Aggregator, values: number[]) =>
      values.map((value) => [
        { name: aggregator, help, type: "gauge", aggregator, values: [{ value, labels: { a: "1" } }] },
      ]);
    const one = (aggregator: compat.Aggregator) => compat.AggregatorRegistry.aggregate(metric(aggregator, [3, 1, 2]));
    expect(one("sum")).toContain('sum{a="1"} 6\n');
    expect(one("first")).toContain('first{a="1"} 3\n');
    expect(one("min")).toContain('min{a="1"} 1\n');
    expect(one("max")).toContain('max{a="1"} 3\n');
    expect(one("average")).toContain('average{a="1"} 2\n');
    expect(one("omit")).toBe("");
  });

  it("asks a cluster's workers", async () => {
    const primary = fileURLToPath(new URL("../../test/cluster-primary.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [primary]);
    const [none, all, broken] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as string);
    expect(none).toBe("");
    expect(all).toContain('# TYPE work_total counter\nwork_total{a="1"} 4\n');
    expect(all).toContain("level 2\n");
    expect(broken).toBe("broken");
  });

  it("pushes to a gateway", async () => {
    const seen: { method: string; url: string; body: string }[] = [];
    await using server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        seen.push({ method: request.method!, url: request.url!, body });
        response.statusCode = request.url!.includes("bad") ? 400 : 202;
        response.end("done");
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    new compat.Counter({ name: "c_total", help }).inc();
    const gateway = new compat.Pushgateway(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
      timeout: 5000,
    });
    expect((await gateway.pushAdd({ jobName: "test", groupings: { key: "a/b" } })).body).toBe("done");
    await gateway.push({ jobName: "test" });
    await gateway.delete({ jobName: "test" });
    await expect(gateway.push({ jobName: "bad" })).rejects.toThrow("status 400");
    await expect(gateway.push()).rejects.toThrow("Missing jobName");
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "POST /metrics/job/test/key/a%2Fb",
      "PUT /metrics/job/test",
      "DELETE /metrics/job/test",
      "PUT /metrics/job/bad",
    ]);
    expect(seen[0]?.body).toContain("c_total 1\n");
  });
});
