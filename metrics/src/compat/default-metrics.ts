import { readFileSync } from "node:fs";
import { getHeapSpaceStatistics } from "node:v8";
import { EventLoopMonitor } from "../process/event-loop.ts";
import { fileDescriptors } from "../process/files.ts";
import { observeGc } from "../process/gc.ts";
import { activeResources } from "../process/tasks.ts";
import { Counter } from "./counter.ts";
import { Gauge } from "./gauge.ts";
import { Histogram } from "./observers.ts";
import { type Registry, register } from "./registry.ts";

export interface DefaultMetricsCollectorConfiguration {
  readonly register?: Registry;
  readonly prefix?: string;
  readonly gcDurationBuckets?: readonly number[];
  readonly eventLoopMonitoringPrecision?: number;
  readonly labels?: Readonly<Record<string, string | number>>;
}

/** Makes prom-client's default metrics, under its names; values are taken at each scrape. */
export function collectDefaultMetrics(config: DefaultMetricsCollectorConfiguration = {}): void {
  const {
    prefix = "",
    labels = {},
    eventLoopMonitoringPrecision = 10,
    gcDurationBuckets = [0.001, 0.01, 0.1, 1, 2, 5],
  } = config;
  const registers = [config.register ?? register];
  const own = Object.keys(labels);
  const gauge = (
    name: string,
    help: string,
    collect: (set: (value: number, more?: Record<string, string>) => void) => void,
    more: string[] = [],
  ) =>
    new Gauge({
      name: prefix + name,
      help,
      labelNames: [...own, ...more],
      registers,
      collect(this: Gauge) {
        collect((value, extra = {}) => this.set({ ...labels, ...extra }, value));
      },
    });
  const counter = (name: string, help: string, total: () => number) => {
    let counted = 0;
    return new Counter({
      name: prefix + name,
      help,
      labelNames: own,
      registers,
      collect(this: Counter) {
        const now = total();
        this.inc(labels, Math.max(0, now - counted));
        counted = now;
      },
    });
  };

  const cpu = () => process.cpuUsage();
  counter("process_cpu_user_seconds_total", "Total user CPU time spent in seconds.", () => cpu().user / 1e6);
  counter("process_cpu_system_seconds_total", "Total system CPU time spent in seconds.", () => cpu().system / 1e6);
  counter(
    "process_cpu_seconds_total",
    "Total user and system CPU time spent in seconds.",
    () => (cpu().user + cpu().system) / 1e6,
  );
  gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", (set) =>
    set(Math.round(performance.timeOrigin / 1000)),
  );
  gauge("process_resident_memory_bytes", "Resident memory size in bytes.", (set) => set(process.memoryUsage.rss()));
  const status = (key: string) => {
    const found = new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(readFileSync("/proc/self/status", "utf8"));
    return Number(found?.[1] ?? 0) * 1024;
  };
  if (process.platform === "linux") {
    gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", (set) => set(status("VmSize")));
    gauge("process_heap_bytes", "Process heap size in bytes.", (set) => set(status("VmData")));
    gauge("process_open_fds", "Number of open file descriptors.", (set) => set(fileDescriptors()?.open ?? 0));
    gauge("process_max_fds", "Maximum number of open file descriptors.", (set) => set(fileDescriptors()?.most ?? 0));
  }
  eventLoopMetrics(gauge, eventLoopMonitoringPrecision);
  gauge("nodejs_active_resources", "Number of active resources, by type.", byType(activeResources), ["type"]);
  gauge("nodejs_active_resources_total", "Total number of active resources.", (set) => set(total(activeResources())));
  const { _getActiveHandles: handles, _getActiveRequests: requests } = process as unknown as Record<
    string,
    () => object[]
  >;
  gauge(
    "nodejs_active_handles",
    "Number of active libuv handles, by type.",
    byType(() => countTypes(handles!())),
    ["type"],
  );
  gauge("nodejs_active_handles_total", "Total number of active handles.", (set) => set(handles!().length));
  gauge(
    "nodejs_active_requests",
    "Number of active libuv requests, by type.",
    byType(() => countTypes(requests!())),
    ["type"],
  );
  gauge("nodejs_active_requests_total", "Total number of active requests.", (set) => set(requests!().length));
  gauge("nodejs_heap_size_total_bytes", "Process heap size from Node.js in bytes.", (set) =>
    set(process.memoryUsage().heapTotal),
  );
  gauge("nodejs_heap_size_used_bytes", "Process heap size used from Node.js in bytes.", (set) =>
    set(process.memoryUsage().heapUsed),
  );
  gauge("nodejs_external_memory_bytes", "Node.js external memory size in bytes.", (set) =>
    set(process.memoryUsage().external),
  );
  for (const [what, key] of [
    ["total", "space_size"],
    ["used", "space_used_size"],
    ["available", "space_available_size"],
  ] as const) {
    gauge(
      `nodejs_heap_space_size_${what}_bytes`,
      `Process heap space size ${what} from Node.js in bytes.`,
      (set) => {
        for (const space of getHeapSpaceStatistics())
          set(space[key], { space: space.space_name.replace(/_space$/, "") });
      },
      ["space"],
    );
  }
  const [major = "", minor = "", patch = ""] = process.versions.node.split(".");
  gauge(
    "nodejs_version_info",
    "Node.js version info.",
    (set) => set(1, { version: process.version, major, minor, patch }),
    ["version", "major", "minor", "patch"],
  );
  const gc = new Histogram({
    name: `${prefix}nodejs_gc_duration_seconds`,
    help: "Garbage collection duration by kind, one of major, minor, incremental or weakcb.",
    labelNames: [...own, "kind"],
    registers,
    buckets: gcDurationBuckets,
  });
  observeGc((kind, seconds) => gc.observe({ ...labels, kind }, seconds));
}

type GaugeMaker = (name: string, help: string, collect: (set: (value: number) => void) => void) => Gauge;

function eventLoopMetrics(gauge: GaugeMaker, precision: number): void {
  const monitor = new EventLoopMonitor(precision);
  let sample = monitor.sample();
  // The first of them takes the sample that the others show, as all are collected for one scrape, in this order.
  gauge("nodejs_eventloop_lag_seconds", "Lag of event loop in seconds.", (set) => {
    sample = monitor.sample();
    set(sample.mean);
  });
  const stats = ["min", "max", "mean", "stddev", "p50", "p90", "p99"] as const;
  for (const stat of stats) {
    gauge(`nodejs_eventloop_lag_${stat}_seconds`, `The ${stat} of the recorded event loop delays.`, (set) =>
      set(sample[stat]),
    );
  }
}

const byType = (count: () => Map<string, number>) => {
  const seen = new Set<string>();
  return (set: (value: number, more: Record<string, string>) => void): void => {
    const counts = count();
    for (const type of counts.keys()) seen.add(type);
    for (const type of seen) set(counts.get(type) ?? 0, { type });
  };
};

const countTypes = (objects: readonly object[]): Map<string, number> => {
  const groups = Map.groupBy(objects, (object) => object.constructor?.name ?? "unknown");
  return new Map([...groups].map(([type, group]) => [type, group.length]));
};

const total = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);

/** Names of the default metrics, without a prefix. */
collectDefaultMetrics.metricsList = [
  "processCpuTotal",
  "processStartTime",
  "osMemoryHeap",
  "processOpenFileDescriptors",
  "processMaxFileDescriptors",
  "eventLoopLag",
  "processResources",
  "processHandles",
  "processRequests",
  "heapSizeAndUsed",
  "heapSpacesSizeAndUsed",
  "version",
  "gc",
] as readonly string[];
