import {
  anywhere,
  type ComponentChart,
  deployment,
  type Endpoint,
  oneAfterTheOther,
  service,
  statefulSet,
} from "../../../lib/kubernetes/index.ts";
import type { WorkloadSize } from "../../../lib/sizing/index.ts";
import { type Kafka, tempoPorts } from "./config.ts";
import { memberLabels, type TempoContext, tempoPod, tempoService, tempoServiceName } from "./pod.ts";
import { liveStoreZones, type TempoService } from "./sizing.ts";

/** Services without a disk and without a place in a ring. */
const stateless = ["distributor", "querier", "query-frontend", "backend-worker"] as const;
/** Services of which each pod has a disk, and a partition by the number in its name. */
const stateful = ["block-builder", "backend-scheduler", "metrics-generator"] as const;

/** Who calls whom. Spans go through Kafka; only queries and compaction go from service to service. */
const calls: readonly (readonly [from: TempoService, to: TempoService, why: string])[] = [
  ["querier", "query-frontend", "queries to run"],
  ["querier", "live-store", "recent spans"],
  ["backend-worker", "backend-scheduler", "blocks to compact"],
];

/** Services that read or write the queue. */
const onKafka: readonly TempoService[] = ["distributor", "live-store", "block-builder", "metrics-generator"];

/** Tempo as a workload a service. Live stores stand in two zones that change one after the other. */
export function scalable(
  tempo: TempoContext,
  sizes: Readonly<Record<TempoService, WorkloadSize>>,
  kafka: Kafka | undefined,
  metrics: Endpoint | undefined,
): void {
  const { chart } = tempo;
  service(chart, {
    part: "memberlist",
    name: tempoServiceName(chart, "memberlist"),
    ports: { gossip: tempoPorts.gossip },
    headless: true,
    publishNotReady: true,
    selector: memberLabels(chart),
  });
  for (const target of stateless) {
    // Queriers connect to every frontend, and are handed work by each.
    tempoService(chart, target, tempoServiceName(chart, target), target === "query-frontend");
    deployment(chart, tempoPod(tempo, sizes[target], { part: target, target }));
  }
  for (const target of stateful) {
    const serviceName = tempoServiceName(chart, target);
    tempoService(chart, target, serviceName);
    statefulSet(chart, { ...tempoPod(tempo, sizes[target], { part: target, target }), serviceName });
  }
  liveStores(tempo, sizes["live-store"]);
  edges(chart, kafka, metrics);
}

/** Pod N of each zone holds partition N: a zone may go, and every recent span is still there. */
function liveStores(tempo: TempoContext, sized: WorkloadSize): void {
  const { chart } = tempo;
  const target = "live-store";
  const serviceName = tempoServiceName(chart, target);
  tempoService(chart, target, serviceName, true);
  const zones = ["zone-a", "zone-b"].slice(0, liveStoreZones).map((name, index) => {
    const topology = chart.cluster.zones?.[index];
    return statefulSet(chart, {
      ...tempoPod(tempo, sized, {
        part: target,
        target,
        args: [`-live-store.instance-availability-zone=${name}`],
      }),
      name: `${serviceName}-${name}`,
      serviceName,
      zone: { name, ...(topology && { topology }) },
    });
  });
  oneAfterTheOther(zones);
}

function edges(chart: ComponentChart, kafka: Kafka | undefined, metrics: Endpoint | undefined): void {
  const members = chart.pods("memberlist", memberLabels(chart));
  chart.connects(members, members, [tempoPorts.gossip], "who is a member of which ring");
  for (const [from, to, why] of calls) chart.connects(chart.pods(from), chart.pods(to), [tempoPorts.grpc], why);
  if (kafka) {
    const port = Number(/:(\d+)$/.exec(kafka.address)?.[1] ?? 9092);
    for (const part of onKafka) chart.connects(chart.pods(part), anywhere, [port], "spans, through Kafka");
  }
  if (metrics) chart.connectsTo(chart.pods("metrics-generator"), metrics, "span metrics and service graph");
}
