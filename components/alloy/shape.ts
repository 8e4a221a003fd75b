import { logStages } from "../../lib/alloy/index.ts";
import { flag, oneOf, re2, type ShapeOf, unchecked, uniqueListOf } from "../../lib/formats/index.ts";
import { componentShape, endpointShape, tenantNamespacesShape } from "../../lib/kubernetes/index.ts";
import { podSizeShape } from "../../lib/sizing/index.ts";
import type { AlloyProps } from "./props.ts";

/** What each part of {@link AlloyProps} may be. */
export const alloyShape: ShapeOf<AlloyProps> = {
  ...componentShape,
  logs: endpointShape,
  tenantNamespaces: tenantNamespacesShape,
  gateway: { otlp: endpointShape, otlpByTraceId: endpointShape, otlpByService: endpointShape },
  hostMetrics: flag,
  logSource: oneOf("api", "files"),
  logOptions: { multilineFirstLine: re2, redact: uniqueListOf(re2), severity: flag, stages: logStages, journal: flag },
  workload: unchecked,
  size: podSizeShape,
};
