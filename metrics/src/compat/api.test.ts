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
