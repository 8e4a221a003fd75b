import { describe, expect, expectTypeOf, it } from "vitest";
import { codesOf } from "../../test/codes.ts";
import { prescribedNames, streamProcessor } from "../../test/stream-processor.ts";
import type { CounterHandle } from "../instruments/counter.ts";
import { Registry } from "../registry/registry.ts";
import { defineMetrics } from "./catalogue.ts";
import { checkSpec } from "./check.ts";
import type { MetricSpec } from "./definition.ts";
import { sampleNames } from "./sample-names.ts";

const help = "Test.";

describe("a catalogue", () => {
  const catalogue = defineMetrics({
    requests: {
      name: "http_requests_total",
      type: "counter",
      help,
      labels: { method: ["GET", "POST"], route: "any" },
      expectedSeries: 20,
    },
    up: { name: "starts_total", type: "counter", help },
    phase: { name: "phase", type: "stateset", help, states: ["starting", "ready"] },
  });

  it("is plain data that names its metrics", () => {
    expect(JSON.parse(JSON.stringify(catalogue))).toEqual(catalogue);
    expect(Object.isFrozen(catalogue)).toBe(true);
    expectTypeOf(catalogue.requests.name).toEqualTypeOf<"http_requests_total">();
  });

  it("makes a wrong label a compile-time error, and a run-time error in JavaScript", () => {
    const metrics = new Registry().register(catalogue);
    expectTypeOf(metrics.up).toEqualTypeOf<CounterHandle>();
    metrics.up.inc();
    metrics.requests.inc({ method: "GET", route: "/" });
    metrics.requests.with({ method: "POST", route: "/" }).inc(2);
    metrics.phase.set("ready");
    // @ts-expect-error a value outside the enum
    expect(codesOf(() => metrics.requests.inc({ method: "PUT", route: "/" }))).toEqual(["METRIC_LABEL_VALUE"]);
    // @ts-expect-error a missing label
    expect(codesOf(() => metrics.requests.inc({ method: "GET" }))).toEqual(["METRIC_LABEL_MISSING"]);
    // @ts-expect-error a wrong label name
    const wrong = () => metrics.requests.inc({ method: "GET", route: "/", code: 200 });
    expect(codesOf(wrong)).toEqual(["METRIC_LABEL_UNKNOWN"]);
    // @ts-expect-error a state that is none
    expect(codesOf(() => metrics.phase.set("gone"))).toEqual(["STATE_UNKNOWN"]);
  });

  it("is refused with every problem of every metric", () => {
    const wrong = () =>
      defineMetrics({
        a: { name: "requestCount", type: "counter", help: " " },
        b: { name: "errors", type: "counter", help, labels: { user_id: "any", url: "any" } },
        c: { name: "errors", type: "counter", help },
      });
    expect(codesOf(wrong)).toEqual([
      "METRIC_NAME_CASE",
      "METRIC_HELP_MISSING",
      "METRIC_NAME_TOTAL",
      "METRIC_LABEL_FORBIDDEN",
      "METRIC_LABEL_FORBIDDEN",
      "METRIC_NAME_TOTAL",
      "METRIC_REDEFINED",
    ]);
  });
});

describe("the rules of a specification", () => {
  const codes = (spec: Partial<MetricSpec>, rules = {}) =>
    checkSpec({ name: "things", type: "gauge", help, ...spec }, rules).map(({ code }) => code);

  it.each<[string, Partial<MetricSpec>, string[]]>([
    ["camelCase", { name: "queueLength" }, ["METRIC_NAME_CASE"]],
    ["no name", { name: "" }, ["METRIC_NAME_INVALID"]],
    ["counter without _total", { name: "jobs", type: "counter" }, ["METRIC_NAME_TOTAL"]],
    ["gauge with _total", { name: "jobs_total" }, ["METRIC_NAME_TOTAL"]],
    ["a reserved suffix", { name: "jobs_count" }, ["METRIC_NAME_RESERVED"]],
    ["_info on a gauge", { name: "jobs_info" }, ["METRIC_NAME_INFO"]],
    ["info without _info", { name: "jobs", type: "info" }, ["METRIC_NAME_INFO"]],
    ["milliseconds", { name: "wait_ms" }, ["METRIC_NAME_UNIT"]],
    ["a unit that is no base unit", { name: "wait", unit: "milliseconds" }, ["METRIC_NAME_UNIT"]],
    ["a unit that the name lacks", { name: "wait", unit: "seconds" }, ["METRIC_UNIT_SUFFIX"]],
    ["a unit before _total", { name: "cpu_seconds_total", type: "counter", unit: "seconds" }, []],
    ["an unknown type", { type: "timer" as "gauge" }, ["METRIC_TYPE_UNKNOWN"]],
    [
      "eleven labels",
      { labels: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`l${i}`, "any"])) },
      ["METRIC_LABELS_TOO_MANY"],
    ],
    ["a label in capitals", { labels: { Method: "any" } }, ["METRIC_LABEL_NAME"]],
    ["le on a histogram", { type: "histogram", labels: { le: "any" } }, ["METRIC_LABEL_RESERVED"]],
    ["quantile on a summary", { type: "summary", labels: { quantile: "any" } }, ["METRIC_LABEL_RESERVED"]],
    ["thread on a gauge a thread", { aggregate: "per-thread", labels: { thread: "any" } }, ["METRIC_LABEL_RESERVED"]],
    ["no allowed value", { labels: { a: [] } }, ["METRIC_LABEL_VALUES"]],
    ["descending buckets", { type: "histogram", buckets: [2, 1] }, ["METRIC_BUCKETS"]],
    ["unsorted buckets", { type: "histogram", buckets: [2, 1] }, ["METRIC_BUCKETS"]],
    ["an infinite bucket", { type: "histogram", buckets: [1, Infinity] }, ["METRIC_BUCKETS"]],
    ["percentiles", { type: "summary", quantiles: [95] }, ["METRIC_QUANTILES"]],
    ["buckets that do not grow", { type: "exponential_histogram", bucketFactor: 1 }, ["METRIC_BUCKET_FACTOR"]],
    ["half a bucket", { type: "exponential_histogram", maxBuckets: 10.5 }, ["METRIC_MAX_BUCKETS"]],
    ["no states", { type: "stateset" }, ["METRIC_STATES"]],
    ["a state twice", { type: "stateset", states: ["a", "a"] }, ["METRIC_STATES"]],
    ["exemplars of a gauge", { exemplars: true }, ["METRIC_EXEMPLARS"]],
    ["an unknown aggregate", { aggregate: "mean" as "sum" }, ["METRIC_AGGREGATE"]],
  ])("%s", (_, spec, expected) => {
    expect(codes(spec)).toEqual(expected);
  });

  it("can be widened: names, labels, forbidden labels", () => {
    expect(codes({ name: "wait_ms" }, { exceptions: { wait_ms: "METRIC_NAME_UNIT" } })).toEqual([]);
    expect(codes({ name: "wait_ms" }, { exceptions: { wait_ms: "METRIC_NAME_TOTAL" } })).toEqual(["METRIC_NAME_UNIT"]);
    expect(codes({ name: "wait_ms", unit: "ms" }, { units: ["ms"] })).toEqual([]);
    expect(codes({ name: "wait_us" }, { units: ["ms"] })).toEqual(["METRIC_NAME_UNIT"]);
    expect(codes({ name: "Any thing.", labels: { "A.b": "any" } }, { naming: "utf8" })).toEqual([]);
    expect(codes({ labels: { __a: "any" } }, { naming: "utf8" })).toEqual(["METRIC_LABEL_NAME"]);
    expect(codes({ labels: { url: "any" } }, { forbiddenLabels: [] })).toEqual([]);
    expect(codes({ labels: { a: "any" } }, { maxLabels: 0 })).toEqual(["METRIC_LABELS_TOO_MANY"]);
  });

  it("accept every name that the stream processor's documentation prescribes", () => {
    expect(Object.keys(new Registry({ exceptions: prescribedNames }).register(streamProcessor))).toHaveLength(25);
  });
});

describe("a registry", () => {
  it("gives the same instrument for the same definition, and refuses another", () => {
    const registry = new Registry();
    const spec = { name: "n_total", type: "counter", help } as const;
    expect(registry.metric(spec)).toBe(registry.metric({ ...spec }));
    expect(codesOf(() => registry.metric({ ...spec, help: "Other." }))).toEqual(["METRIC_REDEFINED"]);
  });

  it("refuses metrics whose series would have one name", () => {
    const registry = new Registry({ naming: "utf8" });
    registry.metric({ name: "wait", type: "histogram", help });
    expect(codesOf(() => registry.metric({ name: "wait_count", type: "gauge", help }))).toEqual(["METRIC_CLASH"]);
    registry.metric({ name: "n_total", type: "counter", help });
    expect(codesOf(() => registry.metric({ name: "n", type: "counter", help }))).toEqual([
      "METRIC_CLASH",
      "METRIC_CLASH",
    ]);
    expect(sampleNames({ name: "s", type: "summary" })).toContain("s_created");
  });
});
