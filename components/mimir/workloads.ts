import { guardRing, memcached, partName, selectorLabels, service, threeZones } from "../../lib/kubernetes/index.ts";
import { mimirPorts } from "./config.ts";
import {
  frontendPart,
  type MimirContext,
  ringService,
  statefulService,
  statelessService,
  zonedService,
} from "./pod.ts";
import type { MicroservicesSizing, MonolithicSizing } from "./sizing.ts";

/** Seconds for replaying the WAL or loading index headers. A replay of 1 M series takes minutes; half an hour means a slow disk. */
const replaySeconds = 1800;
/**
 * Options for a drain without failed requests: connections are recycled and the process keeps serving until clients have
 * stopped using it. Values of Mimir's jsonnet for distributors and query-frontends.
 * @see https://github.com/grafana/mimir/blob/aced80d74930/operations/mimir/distributor.libsonnet
 */
const drain = (connectionAge: string) => [
  `-server.grpc.keepalive.max-connection-age=${connectionAge}`,
  "-shutdown-delay=90s",
];

/** All components in one process, plus the overrides-exporter, which `all` does not include. */
export function monolithic(context: MimirContext, { mimir }: MonolithicSizing): void {
  statefulService(context, {
    service: context.chart.component,
    target: "all,overrides-exporter",
    sized: mimir,
    rules: true,
    serviceName: ringService(context.chart),
    startupSeconds: replaySeconds,
    terminationGraceSeconds: 300,
  });
  if (mimir.replicas > 1) guardRing(context.chart, { names: [context.chart.name], part: context.chart.component });
}

/** One workload per component. */
export function microservices(context: MimirContext, sizing: MicroservicesSizing): void {
  const { services, zoneAware, remoteRules, caches: cacheSizes } = sizing;
  const ringMember = zoneAware ? zonedService : statefulService;

  // Receives samples, validates them and writes them to the ingesters.
  statelessService(context, {
    service: "distributor",
    sized: services.distributor,
    args: drain("60s"),
    terminationGraceSeconds: 100,
  });

  // Holds recent series in memory and on disk, and ships blocks to the bucket. The grace period, as in Mimir's jsonnet,
  // covers the last block.
  ringMember(context, {
    service: "ingester",
    sized: services.ingester,
    zoneFlag: "-ingester.ring.instance-availability-zone",
    startupSeconds: replaySeconds,
    terminationGraceSeconds: 1200,
  });

  if (services.ingester.replicas > 1) {
    const name = partName(context.chart, "ingester");
    const names = zoneAware ? threeZones(context.chart.cluster).map((zone) => `${name}-${zone.name}`) : [name];
    guardRing(context.chart, { names, part: "ingester" });
  }

  // Runs queries against ingesters and store-gateways. The grace period is Mimir's longest query.
  statelessService(context, { service: "querier", sized: services.querier, terminationGraceSeconds: 180 });

  // Splits, shards and caches queries.
  statelessService(context, {
    service: "query-frontend",
    sized: services["query-frontend"],
    args: drain("30s"),
    terminationGraceSeconds: 390,
  });

  if (remoteRules) {
    // Rulers balance their gRPC calls over the addresses behind a headless Service.
    service(context.chart, {
      part: frontendPart,
      selector: selectorLabels(context.chart.identity("query-frontend")),
      headless: true,
      ports: { grpc: mimirPorts.grpc },
    });
  }

  // The queue between query-frontends and queriers. Headless, because both must connect to every replica.
  statelessService(context, {
    service: "query-scheduler",
    sized: services["query-scheduler"],
    headless: true,
    terminationGraceSeconds: 180,
  });

  // Serves queries from blocks in the bucket; its volume holds their index headers.
  ringMember(context, {
    service: "store-gateway",
    sized: services["store-gateway"],
    zoneFlag: "-store-gateway.sharding-ring.instance-availability-zone",
    startupSeconds: replaySeconds,
    terminationGraceSeconds: 120,
  });

  // Merges and deduplicates blocks and applies retention. Blocks wait while it is down.
  statefulService(context, { service: "compactor", sized: services.compactor, terminationGraceSeconds: 900 });

  // Evaluates rules against ingesters and store-gateways, either itself or, from `large` on, through the query path, which
  // shards them. Every replica has all rule files and evaluates its share of the groups.
  if (services.ruler) {
    statelessService(context, { service: "ruler", sized: services.ruler, rules: true, terminationGraceSeconds: 180 });
  }

  // Exports limits as metrics, for alerts that compare usage with limits.
  statelessService(context, { service: "overrides-exporter", sized: services["overrides-exporter"] });

  for (const [cache, sized] of Object.entries(cacheSizes ?? {})) memcached(context.chart, cache, sized);
}
