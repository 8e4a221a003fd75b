import { numeric, type ShapeOf } from "../../lib/formats/index.ts";
import { componentShape } from "../../lib/kubernetes/index.ts";
import { podSizeShape } from "../../lib/sizing/index.ts";
import type { PushgatewayProps } from "./props.ts";

/** What each part of {@link PushgatewayProps} may be. */
export const pushgatewayShape: ShapeOf<PushgatewayProps> = {
  ...componentShape,
  series: numeric,
  size: podSizeShape,
  diskBytes: numeric,
  staleSeconds: numeric,
};
