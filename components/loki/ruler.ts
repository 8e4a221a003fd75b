import { deployment } from "../../lib/kubernetes/index.ts";
import type { WorkloadSize } from "../../lib/sizing/index.ts";
import { type LokiContext, lokiPod, lokiService } from "./pod.ts";

/** Evaluates log alerts, each group in one of its pods, and sends them to the stack's one Alertmanager. */
export function ruler(loki: LokiContext, sized: WorkloadSize): void {
  lokiService(loki, "ruler");
  deployment(loki.chart, lokiPod(loki, sized, { target: "ruler", rules: true }));
}
