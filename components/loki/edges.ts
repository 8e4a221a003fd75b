import {
  type ComponentChart,
  cachePorts,
  connectsToObjectStore,
  type Endpoint,
  type ObjectStore,
} from "../../lib/kubernetes/index.ts";
import type { LokiCache, LokiMode, LokiService } from "./capacity.ts";
import { lokiPorts } from "./config.ts";
import { ringLabels } from "./pod.ts";

/** Connections between services. */
const calls: readonly (readonly [from: LokiService, to: LokiService, port: keyof typeof lokiPorts, why: string])[] = [
  ["distributor", "ingester", "grpc", "log lines"],
  ["query-frontend", "query-scheduler", "grpc", "queries to run"],
  ["query-frontend", "querier", "http", "live tailing"],
  ["query-frontend", "compactor", "grpc", "deletions that invalidate cached results"],
  ["querier", "query-scheduler", "grpc", "queries to run"],
  ["querier", "query-frontend", "grpc", "results"],
  ["querier", "ingester", "grpc", "recent logs"],
  ["querier", "index-gateway", "grpc", "index lookups"],
  ["querier", "compactor", "grpc", "deletion requests"],
  ["ingester", "index-gateway", "grpc", "index lookups"],
  ["ruler", "ingester", "grpc", "recent logs"],
  ["ruler", "index-gateway", "grpc", "index lookups"],
  ["ruler", "compactor", "grpc", "deletion requests"],
  ["ruler", "ruler", "grpc", "rule shards"],
];

/** Services that use each cache. */
const cacheUsers: Readonly<Record<LokiCache, readonly LokiService[]>> = {
  "chunks-cache": ["ingester", "querier", "ruler"],
  "results-cache": ["query-frontend"],
};

export interface LokiConnections {
  readonly mode: LokiMode;
  readonly objectStore: ObjectStore;
  /** Where the ruler sends alerts. Absent: there is no ruler. */
  readonly alertmanager?: Endpoint;
}

/** Declares every connection between services, and to the bucket and Alertmanager. */
export function connectLoki(chart: ComponentChart, { mode, objectStore, alertmanager }: LokiConnections): void {
  const members = chart.pods("memberlist", ringLabels(chart));
  const ruler = mode === "monolithic" ? chart.component : "ruler";
  chart.connects(members, members, [lokiPorts.gossip], "ring membership (gossip)");
  connectsToObjectStore(chart, members, objectStore);
  if (alertmanager) chart.connectsTo(chart.pods(ruler), alertmanager, "log alerts");
  if (mode === "monolithic") {
    chart.connects(members, members, [lokiPorts.grpc], "log lines and queries between replicas");
    return;
  }
  for (const [from, to, port, why] of calls) {
    if (from === "ruler" && !alertmanager) continue;
    chart.connects(chart.pods(from), chart.pods(to), [lokiPorts[port]], why);
  }
  for (const [cache, users] of Object.entries(cacheUsers)) {
    for (const user of users) {
      if (user === "ruler" && !alertmanager) continue;
      const what = `cached ${cache.replace("-cache", "")}`;
      chart.connects(chart.pods(user), chart.pods(cache), [cachePorts.memcached], what);
    }
  }
}
