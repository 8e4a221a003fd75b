export const PEERS = ["prom-client", "@prometheus-io/client", "@opentelemetry/sdk-metrics"] as const;
/** What `startTracing` stands on, set up by hand: what it costs is the least that tracing can cost. */
export const BARE_SDK = "@opentelemetry/sdk-trace";
export type PeerName = (typeof PEERS)[number] | typeof BARE_SDK;
export type SubjectName = "ours" | PeerName;

export interface BenchCase {
  readonly name: string;
  readonly unit: "ns/op" | "ms" | "B/op" | "MB" | "ratio" | "%";
  /** Who can do this at all. */
  readonly peers: readonly PeerName[];
  /** Fresh processes a subject; the median counts. */
  readonly runs: number;
  /** A number is the least ratio against prom-client, or against the peer that is named. */
  readonly goal: string;
}

const both = ["prom-client", "@prometheus-io/client"] as const;

/** In every case less is better. */
export const CASES: readonly BenchCase[] = [
  { name: "inc-handle-3", unit: "ns/op", peers: PEERS, runs: 3, goal: "40" },
  { name: "inc-object-3", unit: "ns/op", peers: PEERS, runs: 3, goal: "6" },
  { name: "histogram-handle", unit: "ns/op", peers: PEERS, runs: 3, goal: "30" },
  { name: "exp-histogram", unit: "ns/op", peers: ["@opentelemetry/sdk-metrics"], runs: 3, goal: "20 (OpenTelemetry)" },
  { name: "summary", unit: "ns/op", peers: both, runs: 3, goal: "4" },
  // OpenTelemetry collects only: its text exporter is a package of its own, so its figure lacks the way to bytes.
  { name: "scrape-a", unit: "ms", peers: PEERS, runs: 3, goal: "10" },
  { name: "scrape-b", unit: "ms", peers: PEERS, runs: 3, goal: "6" },
  { name: "scrape-8", unit: "ms", peers: both, runs: 3, goal: "10" },
  { name: "workers-4", unit: "ms", peers: both, runs: 3, goal: "8" },
  { name: "alloc-inc-handle-3", unit: "B/op", peers: PEERS, runs: 1, goal: "0 B/op" },
  { name: "p99-inc-handle-3", unit: "ns/op", peers: PEERS, runs: 1, goal: "< 1000 ns" },
  { name: "workers-4-blocked", unit: "ms", peers: [], runs: 3, goal: "works" },
  { name: "threads-2", unit: "ratio", peers: [], runs: 3, goal: "<= 1.2" },
  { name: "memory-10k", unit: "MB", peers: both, runs: 1, goal: "1" },
  { name: "scrape-under-load", unit: "ms", peers: [], runs: 1, goal: "p95 < 50 ms" },
  { name: "export-otlp", unit: "ms", peers: [], runs: 1, goal: "p95 < 100 ms" },
  { name: "tracing-overhead", unit: "%", peers: [BARE_SDK], runs: 3, goal: "< 1 %, or 1" },
];
