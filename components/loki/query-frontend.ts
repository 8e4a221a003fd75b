import { deployment } from "../../lib/kubernetes/index.ts";
import type { WorkloadSize } from "../../lib/sizing/index.ts";
import { type LokiContext, lokiPod, lokiService } from "./pod.ts";

/** Takes queries, splits them by time and by stream, and keeps results. */
export function queryFrontend(loki: LokiContext, sized: WorkloadSize): void {
  lokiService(loki, "query-frontend");
  deployment(loki.chart, lokiPod(loki, sized, { target: "query-frontend" }));
}
