import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { formatFor, Registry, Renderer } from "../src/index.ts";
import type { SubjectName } from "./cases.ts";
import { BUCKETS, LATENCIES, labelsOf } from "./data.ts";
import { OnDemandReader } from "./otel-reader.ts";
import { type PromClientName, promClient } from "./prom-client.ts";
import { percentile } from "./stats.ts";

/** A registry full of data: records something to every series, and renders it all. */
export interface Loaded {
  readonly touch: () => void;
  /** To bytes: a string whose parts were never joined would look fast. */
  readonly render: () => Buffer | Promise<unknown>;
}

/** A: 10 000 counters. B: 10 000 label sets, 4 000 of them histograms. */
export const SHAPES = {
  "scrape-a": { counters: 10_000, histograms: 0 },
  "scrape-b": { counters: 6_000, histograms: 4_000 },
};
export type Shape = (typeof SHAPES)[keyof typeof SHAPES];

const names = ["method", "route", "status"];
const help = "Benchmark.";
const labels = { method: "any", route: "any", status: "any" } as const;
const range = (length: number) => Array.from({ length }, (_, i) => labelsOf(i));

/** What recording to each series adds: enough that numbers change in length, too. */
const step = (i: number, round: number): number => 1 + ((i * 7 + round) % 13);

export function loadOurs({ counters, histograms }: Shape, registry = new Registry({ maxSeries: 50_000 })): Loaded {
  const counter = registry.metric({ name: "http_requests_total", type: "counter", help, labels });
  const histogram = registry.metric({
    name: "http_duration_seconds",
    type: "histogram",
    help,
    labels,
    buckets: BUCKETS,
  });
  const counted = range(counters).map((set) => counter.with(set));
  const observed = range(histograms).map((set) => histogram.with(set));
  const renderer = new Renderer(registry);
  const text = formatFor("text");
  let round = 0;
  return {
    touch: () => {
      round++;
      for (const [i, handle] of counted.entries()) handle.inc(step(i, round));
      for (const [i, handle] of observed.entries()) handle.observe(LATENCIES[(i + round) & 1023]!);
    },
    render: () => renderer.render(text),
  };
}

export async function loadProm(name: "prom-client" | "@prometheus-io/client", shape: Shape): Promise<Loaded> {
  const client = await promClient(name);
  const registers = [client.register];
  const counter = new client.Counter({ name: "http_requests_total", help, labelNames: names, registers });
  const counted = range(shape.counters);
  const observed = range(shape.histograms);
  const histogram =
    shape.histograms > 0
      ? new client.Histogram({ name: "http_duration_seconds", help, labelNames: names, buckets: BUCKETS, registers })
      : undefined;
  let round = 0;
  return {
    touch: () => {
      round++;
      for (const [i, set] of counted.entries()) counter.inc(set, step(i, round));
      for (const [i, set] of observed.entries()) histogram?.observe(set, LATENCIES[(i + round) & 1023]!);
    },
    render: async () => Buffer.from(await client.register.metrics()),
  };
}

function loadOtel(shape: Shape): Loaded {
  const reader = new OnDemandReader();
  const meter = new MeterProvider({
    readers: [reader],
    views: [{ instrumentName: "*", aggregationCardinalityLimit: 100_000 }],
  }).getMeter("bench");
  const counter = meter.createCounter("http_requests");
  const histogram = meter.createHistogram("http_duration", { advice: { explicitBucketBoundaries: BUCKETS } });
  const counted = range(shape.counters);
  const observed = range(shape.histograms);
  let round = 0;
  return {
    touch: () => {
      round++;
      for (const [i, set] of counted.entries()) counter.add(step(i, round), set);
      for (const [i, set] of observed.entries()) histogram.record(LATENCIES[(i + round) & 1023]!, set);
    },
    render: () => reader.collect(),
  };
}

export async function load(subject: SubjectName, shape: Shape): Promise<Loaded> {
  if (subject === "ours") return loadOurs(shape);
  if (subject === "@opentelemetry/sdk-metrics") return loadOtel(shape);
  return loadProm(subject as PromClientName, shape);
}

/** Milliseconds of scrapes, every series recorded to in between. */
export async function timeScrapes({ touch, render }: Loaded, count = 40): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count + 10; i++) {
    touch();
    const start = performance.now();
    await render();
    // The first ones make the caches, and the compiler, warm.
    if (i >= 10) times.push(performance.now() - start);
  }
  return times;
}

export async function scrapeMedian(name: keyof typeof SHAPES, subject: SubjectName): Promise<number> {
  const times = await timeScrapes(await load(subject, SHAPES[name]));
  process.stderr.write(`${name} ${subject}: p95 ${percentile(times, 0.95).toFixed(2)} ms\n`);
  return percentile(times, 0.5);
}
