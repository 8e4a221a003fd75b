import { defineMetrics } from "../definition/catalogue.ts";

/**
 * What a process tells about itself. Names follow Prometheus' client guidelines
 * (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics) where those have one.
 */
export const processCatalogue = defineMetrics({
  cpuUsage: {
    name: "process_cpu_usage_ratio",
    type: "gauge",
    help: "Share of all available CPUs that the process used since the scrape before, from 0 to 1.",
    unit: "ratio",
    aggregate: "last",
  },
  cpuSeconds: {
    name: "process_cpu_seconds_total",
    type: "counter",
    help: "User and system CPU time of all threads.",
    unit: "seconds",
  },
  memory: {
    name: "process_memory_bytes",
    type: "gauge",
    help: "Resident memory of the process.",
    unit: "bytes",
    aggregate: "last",
  },
  residentMemory: {
    name: "process_resident_memory_bytes",
    type: "gauge",
    help: "Resident memory of the process, under the name that Prometheus' client libraries share.",
    unit: "bytes",
    aggregate: "last",
  },
  startTime: {
    name: "process_start_time_seconds",
    type: "gauge",
    help: "When the process started, in seconds since the epoch.",
    unit: "seconds",
    aggregate: "last",
  },
  openFiles: {
    name: "process_open_fds",
    type: "gauge",
    help: "Open file descriptors.",
    aggregate: "last",
  },
  maxFiles: {
    name: "process_max_fds",
    type: "gauge",
    help: "Most file descriptors that the process may open.",
    aggregate: "last",
  },
  activeTasks: {
    name: "process_active_tasks",
    type: "gauge",
    help: "Tasks in progress: asynchronous operations that keep an event loop alive (timers, requests, sockets).",
  },
  tasksSpawned: {
    name: "process_tasks_spawned_total",
    type: "counter",
    help: "Tasks started: asynchronous resources that Node.js gave an id to.",
  },
});

/** What each Node.js thread tells about itself. */
export const nodeCatalogue = defineMetrics({
  eventLoopDelay: {
    name: "nodejs_eventloop_delay_seconds",
    type: "gauge",
    help: "How late the event loop ran timers since the scrape before.",
    unit: "seconds",
    labels: { stat: ["mean", "max", "p50", "p90", "p99"] },
    aggregate: "per-thread",
  },
  eventLoopUtilization: {
    name: "nodejs_eventloop_utilization_ratio",
    type: "gauge",
    help: "Share of the time since the scrape before in which the event loop was busy.",
    unit: "ratio",
    aggregate: "per-thread",
  },
  gcDuration: {
    name: "nodejs_gc_duration_seconds",
    type: "histogram",
    help: "Garbage collection pauses by kind.",
    unit: "seconds",
    labels: { kind: ["minor", "major", "incremental", "weakcb"] },
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1],
  },
  heapUsed: {
    name: "nodejs_heap_used_bytes",
    type: "gauge",
    help: "V8 heap in use.",
    unit: "bytes",
    aggregate: "per-thread",
  },
  heapTotal: {
    name: "nodejs_heap_size_bytes",
    type: "gauge",
    help: "V8 heap committed.",
    unit: "bytes",
    aggregate: "per-thread",
  },
  heapLimit: {
    name: "nodejs_heap_limit_bytes",
    type: "gauge",
    help: "Size at which V8 gives up.",
    unit: "bytes",
    aggregate: "per-thread",
  },
  external: {
    name: "nodejs_external_memory_bytes",
    type: "gauge",
    help: "Memory outside the heap that JavaScript objects hold, array buffers included.",
    unit: "bytes",
    aggregate: "per-thread",
  },
  handles: {
    name: "nodejs_active_resources",
    type: "gauge",
    help: "Resources that keep the event loop alive, by type.",
    labels: { type: "any" },
    aggregate: "per-thread",
  },
  version: {
    name: "nodejs_version_info",
    type: "info",
    help: "Version of Node.js.",
    labels: { version: "any", major: "any" },
  },
});
