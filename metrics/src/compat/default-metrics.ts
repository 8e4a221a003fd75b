import { readFileSync } from "node:fs";
import { getHeapSpaceStatistics } from "node:v8";
import { EventLoopMonitor } from "../process/event-loop.ts";
import { fileDescriptors } from "../process/files.ts";
import { observeGc } from "../process/gc.ts";
import { activeResources } from "../process/tasks.ts";
import { Counter } from "./counter.ts";
import { Gauge } from "./gauge.ts";
import { Histogram } from "./histogram.ts";
import type { AnyRegistry } from "./registry.ts";
import type { Aggregator, PrometheusContentType, RegistryContentType } from "./types.ts";

export interface DefaultMetricsCollectorConfiguration<T extends RegistryContentType = PrometheusContentType> {
  register?: { readonly contentType: T };
  prefix?: string;
  gcDurationBuckets?: number[];
  eventLoopMonitoringPrecision?: number;
  labels?: object;
}

type Configuration = DefaultMetricsCollectorConfiguration<RegistryContentType>;
type Labels = Record<string, string | number>;
type Setter = (value: number, more?: Labels) => void;

/** Makes metrics as the configuration says: in its registry, with its prefix and labels. */
class Maker {
  readonly config: Configuration;
  readonly labels: Labels;

  constructor(config: Configuration) {
    this.config = config;
    this.labels = { ...config.labels } as Labels;
  }

  describe(name: string, help: string, more: readonly string[] = []) {
    const { prefix = "", register } = this.config;
    const labelNames = [...more, ...Object.keys(this.labels)];
    return { name: prefix + name, help, labelNames, registers: register ? [register as AnyRegistry] : undefined };
  }

  /** A gauge that is set at each scrape. */
  gauge(
    name: string,
    help: string,
    set: (to: Setter) => void,
    aggregator: Aggregator = "sum",
    more: string[] = [],
  ): void {
    const { labels } = this;
    new Gauge({
      ...this.describe(name, help, more),
      aggregator,
      collect(this: Gauge) {
        set((value, extra) => this.set({ ...extra, ...labels }, value));
      },
    });
  }

  /** A gauge of how many there are of each type; a type that was there once is 0 later. */
  byType(name: string, help: string, count: () => Map<string, number>): void {
    const seen = new Set<string>();
    const set = (to: Setter): void => {
      const counts = count();
      for (const type of counts.keys()) seen.add(type);
      for (const type of seen) to(counts.get(type) ?? 0, { type });
    };
    this.gauge(name, help, set, "sum", ["type"]);
  }

  /** A counter that follows a total. */
  counter(name: string, help: string, total: () => number): void {
    const { labels } = this;
    let counted = 0;
    new Counter({
      ...this.describe(name, help),
      collect(this: Counter) {
        const now = total();
        this.inc(labels, Math.max(0, now - counted));
        counted = now;
      },
    });
  }
}

const cpu = () => process.cpuUsage();

function processCpuTotal(make: Maker): void {
  make.counter("process_cpu_user_seconds_total", "Total user CPU time spent in seconds.", () => cpu().user / 1e6);
  make.counter("process_cpu_system_seconds_total", "Total system CPU time spent in seconds.", () => cpu().system / 1e6);
  const both = () => (cpu().user + cpu().system) / 1e6;
  make.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", both);
}

function processStartTime(make: Maker): void {
  const start = Math.round(Date.now() / 1000 - process.uptime());
  const help = "Start time of the process since unix epoch in seconds.";
  make.gauge("process_start_time_seconds", help, (set) => set(start), "omit");
}

function osMemoryHeap(make: Maker): void {
  make.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", (set) =>
    set(process.memoryUsage.rss()),
  );
  if (process.platform !== "linux") return;
  const status = (key: string) => {
    const found = new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(readFileSync("/proc/self/status", "utf8"));
    return Number(found?.[1] ?? 0) * 1024;
  };
  make.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", (set) => set(status("VmSize")));
  make.gauge("process_heap_bytes", "Process heap size in bytes.", (set) => set(status("VmData")));
}

function processOpenFileDescriptors(make: Maker): void {
  if (process.platform !== "linux") return;
  make.gauge("process_open_fds", "Number of open file descriptors.", (set) => set(fileDescriptors()?.open ?? 0));
}

function processMaxFileDescriptors(make: Maker): void {
  const most = fileDescriptors()?.most;
  if (most === undefined) return;
  make.gauge("process_max_fds", "Maximum number of open file descriptors.", (set) => set(most));
}

/** How the value of each statistic over several processes comes from theirs. */
const LAG_STATISTICS = {
  min: "min",
  max: "max",
  mean: "average",
  stddev: "average",
  p50: "average",
  p90: "average",
  p99: "average",
} as const;

function eventLoopLag(make: Maker): void {
  const monitor = new EventLoopMonitor(make.config.eventLoopMonitoringPrecision ?? 10);
  let sample = monitor.sample();
  // The first of them takes the sample that the others show, as all are collected for one scrape, in this order.
  const lag = (set: Setter): void => {
    sample = monitor.sample();
    set(sample.mean);
  };
  make.gauge("nodejs_eventloop_lag_seconds", "Lag of event loop in seconds.", lag, "average");
  for (const [statistic, aggregator] of Object.entries(LAG_STATISTICS) as [keyof typeof LAG_STATISTICS, Aggregator][]) {
    const which = statistic.startsWith("p")
      ? `${statistic.slice(1)}th percentile`
      : { min: "minimum", max: "maximum", mean: "mean", stddev: "standard deviation" }[statistic as "min"];
    const help =
      aggregator === "average"
        ? `The ${which} of the recorded event loop delays.`
        : `The ${which} recorded event loop delay.`;
    make.gauge(`nodejs_eventloop_lag_${statistic}_seconds`, help, (set) => set(sample[statistic]), aggregator);
  }
}

const total = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);
const countTypes = (objects: readonly object[]): Map<string, number> => {
  const groups = Map.groupBy(objects, (object) => object.constructor?.name ?? "unknown");
  return new Map([...groups].map(([type, group]) => [type, group.length]));
};
const internals = process as unknown as Record<"_getActiveHandles" | "_getActiveRequests", () => object[]>;

function processResources(make: Maker): void {
  const help =
    "Number of active resources that are currently keeping the event loop alive, grouped by async resource type.";
  make.byType("nodejs_active_resources", help, activeResources);
  make.gauge("nodejs_active_resources_total", "Total number of active resources.", (set) =>
    set(total(activeResources())),
  );
}

function processHandles(make: Maker): void {
  const handles = () => internals._getActiveHandles();
  const help = "Number of active libuv handles grouped by handle type. Every handle type is C++ class name.";
  make.byType("nodejs_active_handles", help, () => countTypes(handles()));
  make.gauge("nodejs_active_handles_total", "Total number of active handles.", (set) => set(handles().length));
}

function processRequests(make: Maker): void {
  const requests = () => internals._getActiveRequests();
  const help = "Number of active libuv requests grouped by request type. Every request type is C++ class name.";
  make.byType("nodejs_active_requests", help, () => countTypes(requests()));
  make.gauge("nodejs_active_requests_total", "Total number of active requests.", (set) => set(requests().length));
}

function heapSizeAndUsed(make: Maker): void {
  const memory = () => process.memoryUsage();
  const of = (key: "heapTotal" | "heapUsed" | "external") => (set: Setter) => set(memory()[key]);
  make.gauge("nodejs_heap_size_total_bytes", "Process heap size from Node.js in bytes.", of("heapTotal"));
  make.gauge("nodejs_heap_size_used_bytes", "Process heap size used from Node.js in bytes.", of("heapUsed"));
  make.gauge("nodejs_external_memory_bytes", "Node.js external memory size in bytes.", of("external"));
}

function heapSpacesSizeAndUsed(make: Maker): void {
  const sizes = { total: "space_size", used: "space_used_size", available: "space_available_size" } as const;
  for (const [what, key] of Object.entries(sizes) as ["total", "space_size"][]) {
    const set = (to: Setter): void => {
      for (const space of getHeapSpaceStatistics()) to(space[key], { space: space.space_name.replace(/_space$/, "") });
    };
    const help = `Process heap space size ${what} from Node.js in bytes.`;
    make.gauge(`nodejs_heap_space_size_${what}_bytes`, help, set, "sum", ["space"]);
  }
}

function version(make: Maker): void {
  const [major = 0, minor = 0, patch = 0] = process.versions.node.split(".").map(Number);
  const labels = { version: process.version, major, minor, patch };
  const names = Object.keys(labels);
  make.gauge("nodejs_version_info", "Node.js version info.", (set) => set(1, labels), "first", names);
}

function gc(make: Maker): void {
  const help = "Garbage collection duration by kind, one of major, minor, incremental or weakcb.";
  const { gcDurationBuckets = [0.001, 0.01, 0.1, 1, 2, 5] } = make.config;
  const { labels } = make;
  // The observer lives as long as the process: it must not keep the metric of a registry that is gone.
  const histogram = new WeakRef(
    new Histogram({ ...make.describe("nodejs_gc_duration_seconds", help, ["kind"]), buckets: gcDurationBuckets }),
  );
  const observer = observeGc((kind, seconds) => {
    const metric = histogram.deref();
    if (metric) metric.observe({ kind, ...labels }, seconds);
    else observer[Symbol.dispose]();
  });
}

const groups = {
  processCpuTotal,
  processStartTime,
  osMemoryHeap,
  processOpenFileDescriptors,
  processMaxFileDescriptors,
  eventLoopLag,
  processResources,
  processHandles,
  processRequests,
  heapSizeAndUsed,
  heapSpacesSizeAndUsed,
  version,
  gc,
} as const;

/** Makes one group of the default metrics: for prom-client's own tests of each. @public */
export const makeGroup = (name: string, config: Configuration): void =>
  (groups as Readonly<Record<string, (make: Maker) => void>>)[name]?.(new Maker(config));

/** Makes prom-client's default metrics, under its names; values are taken at each scrape. */
export function collectDefaultMetrics<T extends RegistryContentType = PrometheusContentType>(
  config?: DefaultMetricsCollectorConfiguration<T> | null,
): void {
  if (config !== null && config !== undefined && typeof config !== "object") {
    throw new TypeError("config must be null, undefined, or an object");
  }
  for (const make of Object.values(groups)) make(new Maker((config ?? {}) as Configuration));
}

/** Names of the groups. */
collectDefaultMetrics.metricsList = Object.keys(groups);
