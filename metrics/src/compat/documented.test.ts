import promClient from "prom-client";
import { describe, expect, it } from "vitest";
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
    expect(text).toMatch(/h_bucket\{le="2",a="1"\} 1 # \{traceId="999",spanId="kkk"\} 1\.5 [\d.]+\n/);
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
