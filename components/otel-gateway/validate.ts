import { type Finding, validateCounts, validateProps, validateWorkload, workloads } from "../../lib/sizing/index.ts";
import type { OtelGatewayProps } from "./chart.ts";
import { defaultTailSampling } from "./config.ts";
import { otelGatewayShape } from "./shape.ts";

/** Finds every mistake in the props of an {@link OtelGatewayChart}. */
export function validateOtelGateway(props: OtelGatewayProps): readonly Finding[] {
  return validateProps(props, otelGatewayShape, () => combinations(props));
}

function combinations(props: OtelGatewayProps): readonly Finding[] {
  const { decisionWaitSeconds, keepPercent, latencyThresholdMs } = props.tailSampling ?? defaultTailSampling;
  return [
    ...validateWorkload(props.workload ?? workloads.small),
    ...validateCounts({ replicas: props.replicas }),
    ...(decisionWaitSeconds >= 1 && decisionWaitSeconds <= 600
      ? []
      : [
          {
            code: "SKP1218" as const,
            at: "tailSampling.decisionWaitSeconds",
            message: `${decisionWaitSeconds} is outside 1 to 600`,
            fix: "30",
          },
        ]),
    ...(keepPercent >= 0 && keepPercent <= 100
      ? []
      : [
          {
            code: "SKP1250" as const,
            at: "tailSampling.keepPercent",
            message: `${keepPercent} is outside 0 to 100`,
            fix: "50",
          },
        ]),
    ...(latencyThresholdMs > 0
      ? []
      : [
          {
            code: "SKP1251" as const,
            at: "tailSampling.latencyThresholdMs",
            message: `${latencyThresholdMs} is not more than zero`,
            fix: "1000",
          },
        ]),
  ];
}
