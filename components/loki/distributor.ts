import { deployment } from "../../lib/kubernetes/index.ts";
import type { WorkloadSize } from "../../lib/sizing/index.ts";
import { type LokiContext, lokiPod, lokiService } from "./pod.ts";

/** Takes pushes and OTLP, checks them against the limits and writes each line to as many ingesters as there are copies. */
export function distributor(loki: LokiContext, sized: WorkloadSize): void {
  lokiService(loki, "distributor");
  deployment(loki.chart, lokiPod(loki, sized, { target: "distributor" }));
}
