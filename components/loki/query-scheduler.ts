import { deployment } from "../../lib/kubernetes/index.ts";
import type { WorkloadSize } from "../../lib/sizing/index.ts";
import { type LokiContext, lokiPod, lokiService } from "./pod.ts";

/** The queue between frontends and queriers. Headless: both connect to every one of its pods. */
export function queryScheduler(loki: LokiContext, sized: WorkloadSize): void {
  lokiService(loki, "query-scheduler", { headless: true });
  deployment(loki.chart, lokiPod(loki, sized, { target: "query-scheduler" }));
}
