import { defaultCluster, validateHostAgent } from "../../lib/kubernetes/index.ts";
import { type Finding, validateProps, validateWorkload, workloads } from "../../lib/sizing/index.ts";
import type { AlloyProps } from "./chart.ts";
import { alloyShape } from "./shape.ts";

/** Finds every mistake in the props of an {@link AlloyChart}. */
export function validateAlloy(props: AlloyProps): readonly Finding[] {
  return validateProps(props, alloyShape, () => combinations(props));
}

function combinations({ cluster = defaultCluster, workload = workloads.small }: AlloyProps): readonly Finding[] {
  const fix = "send telemetry to the gateway directly";
  return [...validateWorkload(workload), ...validateHostAgent(cluster.platform, "cluster.platform", fix)];
}
