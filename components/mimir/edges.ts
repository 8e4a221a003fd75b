import {
  type ComponentChart,
  connectsToObjectStore,
  type Endpoint,
  type ObjectStore,
} from "../../lib/kubernetes/index.ts";
import { cacheParts, cachePorts } from "./caches.ts";
import { mimirPorts } from "./config.ts";
import { gossipLabels } from "./pod.ts";
import type { MimirSizing } from "./sizing.ts";

/** Who calls whom by gRPC, and why. */
const calls: readonly (readonly [from: string, to: string, why: string])[] = [
  ["distributor", "ingester", "samples"],
  ["query-frontend", "query-scheduler", "queries to run"],
  ["querier", "query-scheduler", "asks for queries"],
  ["query-scheduler", "query-frontend", "tells of queries that were lost"],
  ["querier", "query-frontend", "results"],
  ["querier", "ingester", "recent samples"],
  ["querier", "store-gateway", "older samples"],
  ["ruler", "ingester", "recent samples, and results of rules"],
  ["ruler", "store-gateway", "older samples"],
  ["ruler", "ruler", "state of rules"],
];

/** Who reads or writes the bucket. */
const bucketUsers = ["ingester", "store-gateway", "querier", "compactor", "ruler"];

/** Who asks which cache. */
const cacheUsers = {
  chunks: ["store-gateway"],
  metadata: ["store-gateway", "querier", "ruler"],
  results: ["query-frontend"],
} as const;

export interface MimirConnections {
  readonly sizing: MimirSizing;
  readonly objectStore: ObjectStore;
  readonly alertmanager?: Endpoint;
}

/** Declares every connection between the parts, and to bucket, caches and Alertmanager. */
export function connectMimir(chart: ComponentChart, { sizing, objectStore, alertmanager }: MimirConnections): void {
  const ring = chart.pods("gossip-ring", gossipLabels(chart));
  chart.connects(ring, ring, [mimirPorts.gossip], "rings by gossip");
  if (sizing.mode === "monolithic") {
    chart.connects(ring, ring, [mimirPorts.grpc], "samples and queries between replicas");
    connectsToObjectStore(chart, chart.pods(chart.component), objectStore);
    if (alertmanager) sendsAlerts(chart, chart.component, alertmanager);
    return;
  }
  const there = (part: string) => part !== "ruler" || sizing.ruler !== undefined;
  for (const [from, to, why] of calls) {
    if (there(from)) chart.connects(chart.pods(from), chart.pods(to), [mimirPorts.grpc], why);
  }
  for (const user of bucketUsers.filter(there)) connectsToObjectStore(chart, chart.pods(user), objectStore);
  if (alertmanager && sizing.ruler) sendsAlerts(chart, "ruler", alertmanager);
  if (!sizing.caches) return;
  for (const [cache, users] of Object.entries(cacheUsers)) {
    const to = chart.pods(cacheParts[cache as keyof typeof cacheUsers]);
    for (const user of users.filter(there)) {
      chart.connects(chart.pods(user), to, [cachePorts.memcached], `cached ${cache}`);
    }
  }
}

function sendsAlerts(chart: ComponentChart, ruler: string, to: Endpoint): void {
  chart.connectsTo(chart.pods(ruler), to, "alerts");
}
