import { sizeOverride, validateOptions } from "../../lib/kubernetes/index.ts";
import { type Finding, outOfRange, validateProps } from "../../lib/sizing/index.ts";
import type { PushgatewayProps } from "./props.ts";
import { pushgatewayShape } from "./shape.ts";
import { idleBytes, sizePushgateway } from "./sizing.ts";

/** Finds every mistake in the props of a {@link PushgatewayChart}. */
export function validatePushgateway(props: PushgatewayProps): readonly Finding[] {
  return validateProps(props, pushgatewayShape, () => amounts(props));
}

function amounts(props: PushgatewayProps): readonly Finding[] {
  const { series, staleSeconds, diskBytes } = props;
  const positive = (value: number | undefined) => value === undefined || (Number.isFinite(value) && value > 0);
  // Its volume is optional, so that a disk never replaces a computed one.
  const { disk: _, ...options } = props;
  const sized = () => sizePushgateway(series ?? 1000, { ...props.size, ...sizeOverride(options) }).pushgateway;
  const single = "each of several would hold only some groups, and outdated values of others";
  return [
    ...(positive(series) ? validateOptions(options, { main: { size: sized(), idleBytes, single } }) : []),
    ...Object.entries({
      series: [series, "1000"],
      staleSeconds: [staleSeconds, "86400"],
      diskBytes: [diskBytes, "1073741824"],
    } as const)
      .filter(([, [value]]) => !positive(value))
      .map(([at, [value, fix]]) => outOfRange(at, String(value), "more than zero", fix)),
  ];
}
