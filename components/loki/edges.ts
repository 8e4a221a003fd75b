import type { ComponentChart } from "../../lib/kubernetes/index.ts";
import { lokiPorts } from "./config.ts";
import { memberLabels } from "./pod.ts";
import type { LokiMode, LokiService } from "./sizing.ts";

/** Who calls whom within a distributed Loki, and what for. */
const calls: readonly (readonly [from: LokiService, to: LokiService, port: keyof typeof lokiPorts, why: string])[] = [
  ["distributor", "ingester", "grpc", "log lines"],
  ["query-frontend", "query-scheduler", "grpc", "queries to run"],
  ["query-frontend", "querier", "http", "live tailing"],
  ["query-frontend", "compactor", "grpc", "deletes that make cached results stale"],
  ["querier", "query-scheduler", "grpc", "queries to run"],
  ["querier", "query-frontend", "grpc", "results"],
  ["querier", "ingester", "grpc", "recent logs"],
  ["querier", "index-gateway", "grpc", "which chunks"],
  ["querier", "compactor", "grpc", "deleted lines"],
  ["ingester", "index-gateway", "grpc", "which chunks"],
  ["ruler", "ingester", "grpc", "recent logs"],
  ["ruler", "index-gateway", "grpc", "which chunks"],
  ["ruler", "compactor", "grpc", "deleted lines"],
  ["ruler", "ruler", "grpc", "whose rules"],
];

/** Declares the gossip of all members, and the calls between services. */
export function internalEdges(chart: ComponentChart, mode: LokiMode, hasRuler: boolean): void {
  const members = chart.pods("memberlist", memberLabels(chart));
  chart.connects(members, members, [lokiPorts.gossip], "who is a member of which ring");
  if (mode === "monolithic") {
    chart.connects(members, members, [lokiPorts.grpc], "log lines and queries between the copies");
    return;
  }
  for (const [from, to, port, why] of calls) {
    if (from === "ruler" && !hasRuler) continue;
    chart.connects(chart.pods(from), chart.pods(to), [lokiPorts[port]], why);
  }
}
