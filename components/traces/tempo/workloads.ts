import {
  type ComponentChart,
  deployment,
  disruptionBudget,
  guardRing,
  partName,
  rolloutSequentially,
  selectorLabels,
  service,
  statefulSet,
} from "../../../lib/kubernetes/index.ts";
import type { WorkloadSize } from "../../../lib/sizing/index.ts";
import type { TempoService } from "../capacity.ts";
import { tempoPorts } from "./config.ts";
import { ringLabels, ringService, serviceAndMonitor, type TempoContext, tempoPod } from "./pod.ts";
import { liveStoreZones } from "./sizing.ts";

/** Services without a volume. */
const stateless = ["distributor", "querier", "query-frontend", "backend-worker"] as const;
/** Services whose pods have a volume, and a partition by their ordinal. */
const stateful = ["block-builder", "backend-scheduler", "metrics-generator"] as const;

/** All components in one process. */
export function monolithic(context: TempoContext, sized: WorkloadSize): void {
  const { chart } = context;
  serviceAndMonitor(chart, "all");
  statefulSet(chart, { ...tempoPod(context, { target: "all", sized }), serviceName: chart.name });
}

/** One workload per component. Live-stores are in two zones, rolled out sequentially. */
export function microservices(context: TempoContext, services: Readonly<Record<TempoService, WorkloadSize>>): void {
  const { chart } = context;
  addRingService(chart);
  for (const target of stateless) {
    // The query-frontend is headless, because queriers connect to every replica.
    serviceAndMonitor(chart, target, target === "query-frontend");
    deployment(chart, tempoPod(context, { target, sized: services[target] }));
  }
  for (const target of stateful) {
    serviceAndMonitor(chart, target, true);
    const serviceName = partName(chart, target);
    statefulSet(chart, { ...tempoPod(context, { target, sized: services[target] }), serviceName });
  }
  liveStores(context, services["live-store"]);
}

/** Pod N of each zone owns partition N: if a zone is lost, every recent span is still available. */
function liveStores(context: TempoContext, sized: WorkloadSize): void {
  const { chart } = context;
  const target = "live-store";
  const serviceName = partName(chart, target);
  serviceAndMonitor(chart, target, true);
  const zones = ["zone-a", "zone-b"].slice(0, liveStoreZones).map((name, index) => {
    const topology = chart.cluster.zones?.[index];
    const args = [`-live-store.instance-availability-zone=${name}`];
    return statefulSet(chart, {
      ...tempoPod(context, { target, sized, args }),
      name: `${serviceName}-${name}`,
      serviceName,
      zone: { name, ...(topology && { topology }) },
    });
  });
  rolloutSequentially(zones);
  // Pods of both zones: each partition keeps one live-store.
  const names = zones.map(({ name }) => name);
  guardRing(chart, { names, part: target });
  disruptionBudget(chart, serviceName, target, selectorLabels(chart.identity(target)));
}

/** The headless Service that lists every member, ready or not: pods become ready only after joining the ring. */
function addRingService(chart: ComponentChart): void {
  service(chart, {
    part: "memberlist",
    name: ringService(chart),
    ports: { gossip: tempoPorts.gossip },
    headless: true,
    publishNotReady: true,
    selector: ringLabels(chart),
  });
}
