import { byPattern, hostPort, listOf, mapOf, type ShapeOf, unchecked, uniqueListOf } from "../../formats/index.ts";
import { secretKeyShape } from "../../kubernetes/index.ts";
import type { CollectorAdditions } from "./props.ts";

/** @see https://github.com/open-telemetry/opentelemetry-collector/blob/component/v1.65.0/component/identifiable.go */
export const componentId = byPattern(
  "the ID of a component",
  /^[A-Za-z]\w{0,62}(\/[\w.-]{1,200})?$/,
  "its type, alone or with a slash and a name",
  ["otlp_http/vendor"],
);

export const pipelineId = byPattern(
  "the name of a pipeline",
  /^(traces|metrics|logs)(\/[\w.-]{1,200})?$/,
  "traces, metrics or logs, alone or with a slash and a name",
  ["traces/vendor"],
);

/** @see https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html */
export const variableName = byPattern(
  "the name of a variable",
  /^[A-Z_][A-Z0-9_]*$/,
  "capital letters, digits and underscores, not starting with a digit",
  ["VENDOR_API_KEY"],
);

const blocks = mapOf(componentId, unchecked);

/** Shape of {@link CollectorAdditions}. */
export const collectorAdditionsShape: ShapeOf<CollectorAdditions> = {
  receivers: blocks,
  processors: blocks,
  exporters: blocks,
  connectors: blocks,
  extensions: blocks,
  pipelines: mapOf(pipelineId, {
    receivers: listOf(componentId),
    processors: listOf(componentId),
    exporters: listOf(componentId),
  }),
  destinations: uniqueListOf(hostPort),
  secrets: mapOf(variableName, secretKeyShape),
};
