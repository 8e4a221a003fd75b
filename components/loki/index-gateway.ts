import { claimVolume, statefulSet } from "../../lib/kubernetes/index.ts";
import type { WorkloadSize } from "../../lib/sizing/index.ts";
import { type LokiContext, lokiPod, lokiService } from "./pod.ts";

/** Holds the index files of object storage on its disk, so that queriers need none. Headless: each is asked for its share. */
export function indexGateway(loki: LokiContext, sized: WorkloadSize): void {
  const { chart } = loki;
  lokiService(loki, "index-gateway", { headless: true });
  statefulSet(chart, {
    ...lokiPod(loki, sized, { target: "index-gateway", data: claimVolume("data", sized.diskBytes as number) }),
    serviceName: `${chart.name}-index-gateway`,
  });
}
