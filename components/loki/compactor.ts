import { claimVolume, statefulSet } from "../../lib/kubernetes/index.ts";
import type { WorkloadSize } from "../../lib/sizing/index.ts";
import { type LokiContext, lokiPod, lokiService } from "./pod.ts";

/** Merges index files and deletes what is older than its retention. One only: two would delete behind each other's back. */
export function compactor(loki: LokiContext, sized: WorkloadSize): void {
  const { chart } = loki;
  lokiService(loki, "compactor");
  statefulSet(chart, {
    ...lokiPod(loki, sized, { target: "compactor", data: claimVolume("data", sized.diskBytes as number) }),
    serviceName: `${chart.name}-compactor`,
  });
}
