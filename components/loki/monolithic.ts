import { claimVolume, statefulSet } from "../../lib/kubernetes/index.ts";
import type { WorkloadSize } from "../../lib/sizing/index.ts";
import { type LokiContext, lokiPod, lokiService, memberlistService, serviceNames } from "./pod.ts";

/** Every service in one process: one pod, or three that hold a copy each. */
export function monolithic(loki: LokiContext, sized: WorkloadSize): void {
  const { chart } = loki;
  memberlistService(chart);
  lokiService(loki, chart.component);
  statefulSet(chart, {
    ...lokiPod(loki, sized, {
      target: "all",
      data: claimVolume("data", sized.diskBytes as number),
      rules: true,
      terminationGraceSeconds: 300,
    }),
    serviceName: serviceNames(chart, "memberlist"),
  });
}
