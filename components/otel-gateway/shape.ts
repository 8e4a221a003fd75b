import {
  attributeName,
  between,
  flag,
  host,
  line,
  numeric,
  oneOf,
  type ShapeOf,
  TextOr,
  unchecked,
  uniqueListOf,
  urlPath,
} from "../../lib/formats/index.ts";
import {
  componentShape,
  endpointShape,
  routeShape,
  secretKeyShape,
  tenantNamespacesShape,
} from "../../lib/kubernetes/index.ts";
import { collectorAdditionsShape } from "../../lib/otel/index.ts";
import { availabilityShape, podSizeShape } from "../../lib/sizing/index.ts";
import type { OtelGatewayProps } from "./props.ts";

/** What each part of {@link OtelGatewayProps} may be. */
export const otelGatewayShape: ShapeOf<OtelGatewayProps> = {
  ...componentShape,
  mode: oneOf("native", "operator"),
  workload: unchecked,
  availability: availabilityShape,
  replicas: numeric,
  size: podSizeShape,
  tailSampling: { decisionWaitSeconds: numeric, latencyThresholdMs: numeric, keepPercent: numeric },
  probePaths: uniqueListOf(urlPath),
  resourceLabels: new TextOr(oneOf("all"), uniqueListOf(attributeName)),
  traces: { ...endpointShape, backend: line },
  logs: endpointShape,
  tenantNamespaces: tenantNamespacesShape,
  spanMetrics: flag,
  additions: collectorAdditionsShape,
  route: {
    ...routeShape,
    host,
    grpcHost: host,
    authentication: { tokens: secretKeyShape, scheme: oneOf("Bearer", "Basic") },
  },
  flowSpansPerSecond: between(0, 1e9),
};
