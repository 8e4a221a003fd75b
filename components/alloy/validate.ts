import { allowsHostAgents, defaultCluster } from "../../lib/kubernetes/index.ts";
import { type Finding, validateWorkload, workloads } from "../../lib/sizing/index.ts";
import type { AlloyProps } from "./chart.ts";

/** Finds every mistake in the props of an {@link AlloyChart}. */
export function validateAlloy({
  cluster = defaultCluster,
  workload = workloads.small,
}: AlloyProps): readonly Finding[] {
  const findings: Finding[] = [...validateWorkload(workload)];
  if (!allowsHostAgents(cluster.platform)) {
    const message = `${cluster.platform} runs no DaemonSets`;
    findings.push({ code: "SKP1209", at: "cluster.platform", message, fix: "send telemetry to the gateway directly" });
  }
  return findings;
}
