import {
  type ComponentChart,
  cachePorts,
  connectsToObjectStore,
  type Endpoint,
  type ObjectStore,
} from "../../lib/kubernetes/index.ts";
import type { MimirCache, MimirService } from "./capacity.ts";
import { mimirPorts } from "./config.ts";
import { ringLabels } from "./pod.ts";
import type { MimirSizing } from "./sizing.ts";

/** gRPC connections between services. */
const calls: readonly (readonly [from: MimirService, to: MimirService, why: string])[] = [
  ["distributor", "ingester", "samples"],
  ["query-frontend", "query-scheduler", "queries to run"],
  ["querier", "query-scheduler", "queries to run"],
  ["query-scheduler", "query-frontend", "errors of queries that were lost"],
  ["querier", "query-frontend", "results"],
  ["querier", "ingester", "recent samples"],
  ["querier", "store-gateway", "older samples"],
  ["ruler", "ingester", "recent samples and rule results"],
  ["ruler", "store-gateway", "older samples"],
  ["ruler", "ruler", "rule state"],
];

/** Services that access the bucket. */
const bucketUsers: readonly MimirService[] = ["ingester", "store-gateway", "querier", "compactor", "ruler"];

/** Services that use each cache. */
const cacheUsers: Readonly<Record<MimirCache, readonly MimirService[]>> = {
  "chunks-cache": ["store-gateway"],
  "index-cache": ["store-gateway"],
  "metadata-cache": ["store-gateway", "querier", "ruler"],
  "results-cache": ["query-frontend"],
};

export interface MimirConnections {
  readonly sizing: MimirSizing;
  readonly objectStore: ObjectStore;
  readonly alertmanager?: Endpoint;
}

/** Declares every connection between services, and to the bucket, caches and Alertmanager. */
export function connectMimir(chart: ComponentChart, { sizing, objectStore, alertmanager }: MimirConnections): void {
  const ring = chart.pods("gossip-ring", ringLabels(chart));
  chart.connects(ring, ring, [mimirPorts.gossip], "ring membership (gossip)");
  if (sizing.mode === "monolithic") {
    chart.connects(ring, ring, [mimirPorts.grpc], "samples and queries between replicas");
    connectsToObjectStore(chart, chart.pods(chart.component), objectStore);
    if (alertmanager) sendsAlerts(chart, chart.component, alertmanager);
    return;
  }
  const deployed = (service: MimirService) => sizing.services[service] !== undefined;
  for (const [from, to, why] of calls) {
    if (deployed(from)) chart.connects(chart.pods(from), chart.pods(to), [mimirPorts.grpc], why);
  }
  if (sizing.remoteRules) {
    chart.connects(chart.pods("ruler"), chart.pods("query-frontend"), [mimirPorts.grpc], "queries of rules");
  }
  for (const user of bucketUsers.filter(deployed)) connectsToObjectStore(chart, chart.pods(user), objectStore);
  if (alertmanager && sizing.services.ruler) sendsAlerts(chart, "ruler", alertmanager);
  if (!sizing.caches) return;
  for (const [cache, users] of Object.entries(cacheUsers)) {
    const to = chart.pods(cache);
    for (const user of users.filter(deployed)) {
      chart.connects(chart.pods(user), to, [cachePorts.memcached], `cached ${cache.replace("-cache", "")}`);
    }
  }
}

function sendsAlerts(chart: ComponentChart, ruler: string, to: Endpoint): void {
  chart.connectsTo(chart.pods(ruler), to, "alerts");
}
