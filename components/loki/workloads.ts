import { claimVolume, oneAfterTheOther, statefulSet, threeZones } from "../../lib/kubernetes/index.ts";
import type { WorkloadSize } from "../../lib/sizing/index.ts";
import { type LokiContext, lokiPod, lokiService } from "./pod.ts";

/** Seconds to write every open chunk to object storage: `flush_on_shutdown`. */
const flushSeconds = 300;

/**
 * Holds the chunks that are being filled, on disk as a write-ahead log. Zone-aware ones are three workloads that change
 * one after the other: each zone holds a copy of every line, so that all of one may be away.
 */
export function ingester(loki: LokiContext, sized: WorkloadSize, zoneAware: boolean): void {
  const { chart } = loki;
  lokiService(loki, "ingester", { headless: true });
  const pod = (args: readonly string[]) => ({
    ...lokiPod(loki, sized, {
      target: "ingester",
      data: claimVolume("data", sized.diskBytes as number),
      args,
      terminationGraceSeconds: flushSeconds,
    }),
    serviceName: `${chart.name}-ingester`,
  });
  if (!zoneAware) {
    statefulSet(chart, pod([]));
    return;
  }
  const zones = threeZones(chart.cluster).map((zone) =>
    statefulSet(chart, {
      ...pod([`-ingester.availability-zone=${zone.name}`]),
      name: `${chart.name}-ingester-${zone.name}`,
      zone,
    }),
  );
  oneAfterTheOther(zones);
}
