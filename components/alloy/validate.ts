import { defaultCluster, sizeOverride, validateHostAgent, validateOptions } from "../../lib/kubernetes/index.ts";
import { completeWorkload, type Finding, validateProps, validateWorkload } from "../../lib/sizing/index.ts";
import type { AlloyProps } from "./props.ts";
import { alloyShape } from "./shape.ts";
import { idle, sizeAlloy } from "./sizing.ts";

/** Finds every mistake in the props of an {@link AlloyChart}. */
export function validateAlloy(props: AlloyProps): readonly Finding[] {
  return validateProps(props, alloyShape, () => combinations(props));
}

function combinations(props: AlloyProps): readonly Finding[] {
  const { cluster = defaultCluster, hostMetrics = false } = props;
  const workload = completeWorkload(props.workload);
  const numbers = validateWorkload(workload);
  const load = () => ({ workload, hostMetrics, size: { ...props.size, ...sizeOverride(props) } });
  const main = () => ({ size: sizeAlloy(load()).alloy, idleBytes: idle.bytes, everyNode: true });
  const fix = "send telemetry to the gateway directly";
  return [
    ...numbers,
    ...(numbers.length > 0 ? [] : validateOptions(props, { main: main() })),
    ...validateHostAgent(cluster.platform, "cluster.platform", fix),
  ];
}
