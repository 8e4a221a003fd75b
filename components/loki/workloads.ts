import { guardRing, memcached, partName, threeZones } from "../../lib/kubernetes/index.ts";
import type { WorkloadSize } from "../../lib/sizing/index.ts";
import {
  addRingService,
  type LokiContext,
  ringService,
  statefulService,
  statelessService,
  zonedService,
} from "./pod.ts";
import type { LokiSizing } from "./sizing.ts";

/** Seconds to write all open chunks to object storage (`flush_on_shutdown`). An estimate; no published figure exists. */
const flushSeconds = 300;

/** All components in one process: one pod, or three that hold one copy each. */
export function monolithic(context: LokiContext, sized: WorkloadSize): void {
  addRingService(context.chart);
  statefulService(context, {
    target: "all",
    sized,
    rules: true,
    serviceName: ringService(context.chart),
    terminationGraceSeconds: flushSeconds,
  });
  if (sized.replicas > 1) guardRing(context.chart, { names: [context.chart.name], part: context.chart.component });
}

/** One workload per component. */
export function microservices(
  context: LokiContext,
  { services, zoneAware, caches }: Extract<LokiSizing, { readonly mode: "microservices" }>,
): void {
  addRingService(context.chart);

  // Receives logs, applies limits and writes each line to as many ingesters as there are copies.
  statelessService(context, { target: "distributor", sized: services.distributor });

  // Holds open chunks, with a WAL on disk. Each of three zones has a copy of every line, so one zone may be unavailable.
  const ingester = { target: "ingester", sized: services.ingester, terminationGraceSeconds: flushSeconds } as const;
  if (zoneAware) zonedService(context, { ...ingester, zoneFlag: "-ingester.availability-zone" });
  else statefulService(context, { ...ingester, headless: true });
  if (services.ingester.replicas > 1) {
    const name = partName(context.chart, "ingester");
    const names = zoneAware ? threeZones(context.chart.cluster).map((zone) => `${name}-${zone.name}`) : [name];
    guardRing(context.chart, { names, part: "ingester" });
  }

  // Runs the parts of queries that the scheduler hands out, against ingesters and object storage.
  statelessService(context, { target: "querier", sized: services.querier });

  // Splits queries by time and stream.
  statelessService(context, { target: "query-frontend", sized: services["query-frontend"] });

  // The queue between frontends and queriers. Headless, because both must connect to every replica.
  statelessService(context, { target: "query-scheduler", sized: services["query-scheduler"], headless: true });

  // Keeps index files on its volume, so that queriers need none. Headless, because each replica serves its share.
  statefulService(context, { target: "index-gateway", sized: services["index-gateway"], headless: true });

  // Merges index files and applies retention. A single replica: two would delete concurrently.
  statefulService(context, { target: "compactor", sized: services.compactor });

  // Evaluates log alerts, each group in one replica.
  if (context.rules) statelessService(context, { target: "ruler", sized: services.ruler, rules: true });

  for (const [cache, sized] of Object.entries(caches)) memcached(context.chart, cache, sized);
}
