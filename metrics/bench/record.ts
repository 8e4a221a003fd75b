import { type Counter, metrics as otelMetrics } from "@opentelemetry/api";
import { AggregationType, MeterProvider, type ViewOptions } from "@opentelemetry/sdk-metrics";
import { Registry } from "../src/index.ts";
import type { SubjectName } from "./cases.ts";
import { BUCKETS, LATENCIES, labelsOf, SERIES } from "./data.ts";
import { OnDemandReader } from "./otel-reader.ts";
import { type PromClient, type PromClientName, promClient } from "./prom-client.ts";

/** One operation of a case, ready to be repeated. */
export type Operation = (i: number) => void;

const labelNames = ["method", "route", "status"];
const help = "Benchmark.";
const sets = Array.from({ length: SERIES }, (_, i) => labelsOf(i));
const latency = (i: number): number => LATENCIES[i & 1023]!;

function ours(name: string): Operation {
  const registry = new Registry();
  const labels = { method: "any", route: "any", status: "any" } as const;
  switch (name) {
    case "inc-handle-3": {
      const counter = registry.metric({ name: "requests_total", type: "counter", help, labels });
      const handles = sets.map((set) => counter.with(set));
      return (i) => handles[i & 63]!.inc();
    }
    case "inc-object-3": {
      const counter = registry.metric({ name: "requests_total", type: "counter", help, labels });
      return (i) => {
        const { method, route, status } = sets[i & 63]!;
        counter.inc({ method, route, status });
      };
    }
    case "histogram-handle": {
      const histogram = registry.metric({
        name: "duration_seconds",
        type: "histogram",
        help,
        labels,
        buckets: BUCKETS,
      });
      const handles = sets.map((set) => histogram.with(set));
      return (i) => handles[i & 63]!.observe(latency(i));
    }
    case "exp-histogram": {
      const histogram = registry.metric({
        name: "duration_seconds",
        type: "exponential_histogram",
        help,
        labels,
        bucketFactor: 1.002,
      });
      const handles = sets.map((set) => histogram.with(set));
      return (i) => handles[i & 63]!.observe(latency(i));
    }
    default: {
      const summary = registry.metric({ name: "duration_seconds", type: "summary", help, labels });
      const handles = sets.map((set) => summary.with(set));
      return (i) => handles[i & 63]!.observe(latency(i));
    }
  }
}

function prom(name: string, client: PromClient): Operation {
  switch (name) {
    case "inc-handle-3": {
      const counter = new client.Counter({ name: "requests_total", help, labelNames });
      const children = sets.map((set) => counter.labels(set));
      return (i) => children[i & 63]!.inc();
    }
    case "inc-object-3": {
      const counter = new client.Counter({ name: "requests_total", help, labelNames });
      return (i) => {
        const { method, route, status } = sets[i & 63]!;
        counter.inc({ method, route, status });
      };
    }
    case "histogram-handle": {
      const histogram = new client.Histogram({ name: "duration_seconds", help, labelNames, buckets: BUCKETS });
      const children = sets.map((set) => histogram.labels(set));
      return (i) => children[i & 63]!.observe(latency(i));
    }
    default: {
      const summary = new client.Summary({ name: "duration_seconds", help, labelNames });
      const children = sets.map((set) => summary.labels(set));
      return (i) => children[i & 63]!.observe(latency(i));
    }
  }
}

/** OpenTelemetry has no bound instruments: with a handle or without, the attributes go along each time. */
function otel(name: string): Operation {
  const aggregation: ViewOptions["aggregation"] =
    name === "exp-histogram"
      ? { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: 160 } }
      : { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: BUCKETS } };
  const provider = new MeterProvider({
    readers: [new OnDemandReader()],
    views: [{ instrumentName: "duration", aggregation }],
  });
  otelMetrics.setGlobalMeterProvider(provider);
  const meter = provider.getMeter("bench");
  if (name === "inc-handle-3" || name === "inc-object-3") {
    const counter: Counter = meter.createCounter("requests");
    if (name === "inc-handle-3") return (i) => counter.add(1, sets[i & 63]!);
    return (i) => {
      const { method, route, status } = sets[i & 63]!;
      counter.add(1, { method, route, status });
    };
  }
  const histogram = meter.createHistogram("duration");
  return (i) => histogram.record(latency(i), sets[i & 63]!);
}

/** The operation of a recording case for one subject. */
export async function recordOperation(name: string, subject: SubjectName): Promise<Operation> {
  if (subject === "ours") return ours(name);
  if (subject === "@opentelemetry/sdk-metrics") return otel(name);
  return prom(name, await promClient(subject as PromClientName));
}
