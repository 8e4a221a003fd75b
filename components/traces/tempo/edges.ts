import {
  type ComponentChart,
  connectsToObjectStore,
  type Endpoint,
  type ObjectStore,
  serverPeer,
} from "../../../lib/kubernetes/index.ts";
import type { TempoMode, TempoService } from "../capacity.ts";
import { type Kafka, tempoPorts } from "./config.ts";
import { ringLabels } from "./pod.ts";

/** Connections between services. Spans go through Kafka; only queries and compaction jobs are sent directly. */
const calls: readonly (readonly [from: TempoService, to: TempoService, why: string])[] = [
  ["querier", "query-frontend", "queries to run"],
  ["querier", "live-store", "recent spans"],
  ["backend-worker", "backend-scheduler", "blocks to compact"],
];

/** Services that produce to or consume from Kafka. */
const kafkaClients: readonly TempoService[] = ["distributor", "live-store", "block-builder", "metrics-generator"];

export interface TempoConnections {
  readonly mode: TempoMode;
  readonly objectStore: ObjectStore;
  readonly kafka?: Kafka;
  readonly metrics?: Endpoint;
}

/** Declares every connection between services, and to the bucket, Kafka and Mimir. */
export function connectTempo(chart: ComponentChart, { mode, objectStore, kafka, metrics }: TempoConnections): void {
  const members = chart.pods("memberlist", ringLabels(chart));
  connectsToObjectStore(chart, members, objectStore);
  const generator = mode === "monolithic" ? chart.component : "metrics-generator";
  if (metrics) chart.connectsTo(chart.pods(generator), metrics, "span metrics and service graph");
  if (mode === "monolithic") return;
  chart.connects(members, members, [tempoPorts.gossip], "ring membership (gossip)");
  for (const [from, to, why] of calls) chart.connects(chart.pods(from), chart.pods(to), [tempoPorts.grpc], why);
  if (!kafka) return;
  const [brokers, ports] = serverPeer(kafka.address, 9092);
  for (const client of kafkaClients) chart.connects(chart.pods(client), brokers, ports, "spans, through Kafka");
}
