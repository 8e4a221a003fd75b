import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import { parseText } from "../../test/scrape.ts";
import * as compat from "./index.ts";

const help = "metric_help";

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
    expect(await compat.register.getSingleMetricAsString("c_total")).toMatch(/c_total\{a="1"\} 2$/);
    await expect(compat.register.getSingleMetricAsString("none")).rejects.toThrow("no metric with the name none");
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

  it("aggregates as the cluster's primary does", async () => {
    const metric = (aggregator: compat.Aggregator, values: number[]) =>
      values.map((value) => [
        { name: aggregator, help, type: "gauge", aggregator, values: [{ value, labels: { a: "1" } }] },
      ]);
    const one = (aggregator: compat.Aggregator) =>
      compat.AggregatorRegistry.aggregate(metric(aggregator, [3, 1, 2])).metrics();
    expect(await one("sum")).toContain('sum{a="1"} 6\n');
    expect(await one("first")).toContain('first{a="1"} 3\n');
    expect(await one("min")).toContain('min{a="1"} 1\n');
    expect(await one("max")).toContain('max{a="1"} 3\n');
    expect(await one("average")).toContain('average{a="1"} 2\n');
    expect((await one("omit")).trim()).toBe("");
    await expect(async () => one("mean" as never)).rejects.toThrow("not a defined aggregator");
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
    await gateway.delete({ jobName: "a/b", groupings: { empty: "", plain: "c d" } });
    expect(() => gateway.push()).toThrow("Missing jobName");
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "POST /metrics/job/test/key@base64/YS9i",
      "PUT /metrics/job/test",
      "DELETE /metrics/job/test",
      "PUT /metrics/job/bad",
      "DELETE /metrics/job@base64/YS9i/empty@base64/=/plain/c%20d",
    ]);
    expect(seen[0]?.body).toContain("c_total 1\n");
  });
});

describe("what prom-client takes although its suite does not say so", () => {
  const fresh = () => new compat.Registry();
  const lines = async (registry: compat.Registry) =>
    (await registry.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));

  it("has a default export with everything in it", async () => {
    const module = await import("./index.ts");
    expect(Object.keys(module.default).sort()).toEqual(
      Object.keys(compat)
        .filter((key) => key !== "default")
        .sort(),
    );
  });

  it("takes label values of every type, as their text", async () => {
    const registry = fresh();
    const counter = new compat.Counter({ name: "c", help, labelNames: ["a"], registers: [registry] });
    for (const a of [null, 5, true, undefined, { toString: () => "o" }, "", "x".repeat(10_000)])
      counter.inc({ a } as never);
    expect(await lines(registry)).toEqual([
      'c{a="null"} 1',
      'c{a="5"} 1',
      'c{a="true"} 1',
      "c 1",
      'c{a="o"} 1',
      'c{a=""} 1',
      `c{a="${"x".repeat(10_000)}"} 1`,
    ]);
  });

  it("takes labels that every object has a property for", async () => {
    const registry = fresh();
    const gauge = new compat.Gauge({
      name: "g",
      help,
      labelNames: ["constructor", "toString", "__proto__"],
      registers: [registry],
    });
    gauge.set(1);
    gauge.set({ constructor: "c" } as never, 2);
    gauge.labels("a", "b", "c").set(3);
    expect(await lines(registry)).toEqual([
      "g 1",
      'g{constructor="c"} 2',
      'g{constructor="a",toString="b",__proto__="c"} 3',
    ]);
  });

  it("adds default labels where a label was left out", async () => {
    const registry = fresh();
    registry.setDefaultLabels({ env: "prod", n: 5 });
    const counter = new compat.Counter({ name: "c", help, labelNames: ["env"], registers: [registry] });
    counter.inc();
    counter.inc({ env: "dev" });
    expect(await lines(registry)).toEqual(['c{env="prod",n="5"} 1', 'c{env="dev",n="5"} 1']);
  });

  it("takes buckets in any order, as text, infinite, or none", async () => {
    const registry = fresh();
    const histogram = (name: string, buckets: unknown[]) =>
      new compat.Histogram({ name, help, buckets: buckets as number[], registers: [registry] }).observe(3);
    histogram("a", [5, "1", 2.5, 5, Infinity]);
    histogram("b", []);
    new compat.Summary({ name: "s", help, percentiles: [], registers: [registry] }).observe(3);
    expect(await lines(registry)).toEqual([
      'a_bucket{le="1"} 0',
      'a_bucket{le="2.5"} 0',
      'a_bucket{le="5"} 1',
      'a_bucket{le="+Inf"} 1',
      "a_sum 3",
      "a_count 1",
      'b_bucket{le="+Inf"} 1',
      "b_sum 3",
      "b_count 1",
      "s_sum 3",
      "s_count 1",
    ]);
    expect(() => histogram("c", ["one"])).toThrow("Invalid bucket: one");
  });

  it("gives children whose methods can be taken off, and whose timers take labels at their end", async () => {
    const registry = fresh();
    const gauge = new compat.Gauge({ name: "g", help, labelNames: ["a", "b"], registers: [registry] });
    const { inc } = new compat.Counter({ name: "c", help, labelNames: ["a"], registers: [registry] }).labels("x");
    expect(await lines(registry)).toEqual([]);
    inc();
    gauge.labels({ a: "1" }).startTimer()({ b: "2" });
    expect((await lines(registry)).map((line) => line.split(" ")[0])).toEqual(['g{a="1",b="2"}', 'c{a="x"}']);
  });

  it("says nothing of how it keeps metrics in its errors", () => {
    const name = "h";
    const buckets = Array.from({ length: 9000 }, (_, i) => i);
    expect(() => new compat.Histogram({ name, help, buckets })).toThrow(/METRIC_TOO_LARGE at h:/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    expect(() => new compat.Histogram({ name, help, buckets })).not.toThrow(/\u0001/);
  });

  it("collects default metrics for null, and aggregates each as prom-client does", async () => {
    compat.register.clear();
    compat.collectDefaultMetrics(null as never);
    expect(() => compat.collectDefaultMetrics(5 as never)).toThrow(TypeError);
    const aggregated = Object.groupBy(await compat.register.getMetricsAsJSON(), ({ aggregator }) => aggregator);
    const names = (of: compat.Aggregator) => aggregated[of]?.map(({ name }) => name).sort();
    expect(names("omit")).toEqual(["process_start_time_seconds"]);
    expect(names("first")).toEqual(["nodejs_version_info"]);
    expect(names("min")).toEqual(["nodejs_eventloop_lag_min_seconds"]);
    expect(names("max")).toEqual(["nodejs_eventloop_lag_max_seconds"]);
    expect(names("average")).toEqual(
      ["", "_mean", "_p50", "_p90", "_p99", "_stddev"].map((what) => `nodejs_eventloop_lag${what}_seconds`).sort(),
    );
    compat.register.clear();
  });
});
