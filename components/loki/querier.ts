import { deployment } from "../../lib/kubernetes/index.ts";
import type { WorkloadSize } from "../../lib/sizing/index.ts";
import { type LokiContext, lokiPod, lokiService } from "./pod.ts";

/** Runs the parts of queries that the scheduler hands out, on what ingesters hold and on object storage. */
export function querier(loki: LokiContext, sized: WorkloadSize): void {
  lokiService(loki, "querier");
  deployment(loki.chart, lokiPod(loki, sized, { target: "querier" }));
}
