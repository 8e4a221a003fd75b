import { validateLoadBalancer, validateOptions, validateRoutedHost } from "../../lib/kubernetes/index.ts";
import { type Finding, outOfRange, validateCounts, validateProps, validateWorkload } from "../../lib/sizing/index.ts";
import { defaultTailSampling } from "./config.ts";
import { loadOf, type OtelGatewayProps } from "./props.ts";
import { otelGatewayShape } from "./shape.ts";
import { idleBytes, sizeOtelGateway } from "./sizing.ts";

/** Finds every mistake in the props of an {@link OtelGatewayChart}. */
export function validateOtelGateway(props: OtelGatewayProps): readonly Finding[] {
  return validateProps(props, otelGatewayShape, () => combinations(props));
}

function combinations(props: OtelGatewayProps): readonly Finding[] {
  const { decisionWaitSeconds, keepPercent, latencyThresholdMs } = props.tailSampling ?? defaultTailSampling;
  const load = loadOf(props);
  const numbers = [...validateWorkload(load.workload), ...validateCounts({ replicas: props.replicas })];
  const main = () => ({ size: sizeOtelGateway(load).gateway, idleBytes });
  return [
    ...numbers,
    ...(numbers.length > 0 ? [] : validateOptions(props, { main: main() })),
    ...validateRoutedHost("route.host", props.route?.host, "otlp.example.com"),
    ...validateRoutedHost("route.grpcHost", props.route?.grpcHost, "otlp-grpc.example.com"),
    ...validateLoadBalancer("route", props.route, props.route),
    ...(decisionWaitSeconds >= 1 && decisionWaitSeconds <= 600
      ? []
      : [outOfRange("tailSampling.decisionWaitSeconds", String(decisionWaitSeconds), "1 to 600", "30")]),
    ...(keepPercent >= 0 && keepPercent <= 100
      ? []
      : [outOfRange("tailSampling.keepPercent", String(keepPercent), "0 to 100", "50")]),
    ...(latencyThresholdMs > 0
      ? []
      : [outOfRange("tailSampling.latencyThresholdMs", String(latencyThresholdMs), "more than zero", "1000")]),
  ];
}
