import { defaultCluster, validateHostAgent } from "../../lib/kubernetes/index.ts";
import { type Finding, validateWorkload, workloads } from "../../lib/sizing/index.ts";
import type { AlloyProps } from "./chart.ts";

/** Finds every mistake in the props of an {@link AlloyChart}. */
export function validateAlloy({
  cluster = defaultCluster,
  workload = workloads.small,
}: AlloyProps): readonly Finding[] {
  const fix = "send telemetry to the gateway directly";
  return [...validateWorkload(workload), ...validateHostAgent(cluster.platform, "cluster.platform", fix)];
}
