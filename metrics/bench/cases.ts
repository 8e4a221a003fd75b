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
}

const both = ["prom-client", "@prometheus-io/client"] as const;

/** In every case less is better. */
export const CASES: readonly BenchCase[] = [
  { name: "inc-handle-3", unit: "ns/op", peers: PEERS, runs: 3 },
  { name: "inc-object-3", unit: "ns/op", peers: PEERS, runs: 3 },
  { name: "histogram-handle", unit: "ns/op", peers: PEERS, runs: 3 },
  { name: "exp-histogram", unit: "ns/op", peers: ["@opentelemetry/sdk-metrics"], runs: 3 },
  { name: "summary", unit: "ns/op", peers: both, runs: 3 },
  // OpenTelemetry collects only: its text exporter is a package of its own, so its figure lacks the way to bytes.
  { name: "scrape-a", unit: "ms", peers: PEERS, runs: 3 },
  { name: "scrape-b", unit: "ms", peers: PEERS, runs: 3 },
  { name: "scrape-8", unit: "ms", peers: both, runs: 3 },
  { name: "workers-4", unit: "ms", peers: both, runs: 3 },
  { name: "alloc-inc-handle-3", unit: "B/op", peers: PEERS, runs: 1 },
  { name: "p99-inc-handle-3", unit: "ns/op", peers: PEERS, runs: 1 },
  { name: "workers-4-blocked", unit: "ms", peers: [], runs: 3 },
  { name: "threads-2", unit: "ratio", peers: [], runs: 3 },
  { name: "memory-10k", unit: "MB", peers: both, runs: 1 },
  { name: "scrape-under-load", unit: "ms", peers: [], runs: 1 },
  { name: "export-otlp", unit: "ms", peers: [], runs: 1 },
  { name: "tracing-overhead", unit: "%", peers: [BARE_SDK], runs: 3 },
];
