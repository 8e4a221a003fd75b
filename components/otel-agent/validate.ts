import { defaultCluster, sizeOverride, validateHostAgent, validateOptions } from "../../lib/kubernetes/index.ts";
import { completeWorkload, type Finding, validateProps, validateWorkload } from "../../lib/sizing/index.ts";
import type { OtelAgentProps } from "./props.ts";
import { otelAgentShape } from "./shape.ts";
import { idleBytes, sizeOtelAgent } from "./sizing.ts";

/** Finds every mistake in the props of an {@link OtelAgentChart}. */
export function validateOtelAgent(props: Omit<OtelAgentProps, "gateway">): readonly Finding[] {
  return validateProps(props, otelAgentShape, () => combinations(props));
}

function combinations(props: Omit<OtelAgentProps, "gateway">): readonly Finding[] {
  const { cluster = defaultCluster, nodeSelector, service, mode = "native" } = props;
  const workload = completeWorkload(props.workload);
  const numbers = validateWorkload(workload);
  const size = () => sizeOtelAgent({ workload, size: { ...props.size, ...sizeOverride(props) } }).agent;
  const findings: Finding[] = [
    ...numbers,
    ...(numbers.length > 0 ? [] : validateOptions(props, { main: { size: size(), idleBytes, everyNode: true } })),
    ...validateHostAgent(cluster.platform, "cluster.platform", "send telemetry to the gateway directly"),
  ];
  if (nodeSelector && service === "node-local") {
    findings.push({ code: "SKP1204", at: "service", message: "node-local, with a nodeSelector", fix: "cluster" });
  }
  if (mode === "operator" && (nodeSelector || service === "cluster")) {
    const at = nodeSelector ? "nodeSelector" : "service";
    findings.push({ code: "SKP1213", at, message: "set, with mode operator", fix: "mode: native" });
  }
  return findings;
}
