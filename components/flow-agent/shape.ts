import { type ShapeOf, unchecked } from "../../lib/formats/index.ts";
import { componentShape, endpointShape } from "../../lib/kubernetes/index.ts";
import { podSizeShape } from "../../lib/sizing/index.ts";
import type { FlowAgentProps } from "./props.ts";

/** What each part of {@link FlowAgentProps} may be. The agent's own schema checks `config`. */
export const flowAgentShape: ShapeOf<FlowAgentProps> = {
  ...componentShape,
  flows: endpointShape,
  config: unchecked,
  workload: unchecked,
  size: podSizeShape,
};
