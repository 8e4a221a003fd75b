import { sizeOverride, validateOptions } from "../../lib/kubernetes/index.ts";
import { type Finding, validateProps } from "../../lib/sizing/index.ts";
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
    ...(positive(series)
      ? []
      : [{ code: "SKP1252" as const, at: "series", message: `${series} is not more than zero`, fix: "1000" }]),
    ...(positive(staleSeconds)
      ? []
      : [
          { code: "SKP1253" as const, at: "staleSeconds", message: `${staleSeconds} is not more than zero`, fix: "1d" },
        ]),
    ...(positive(diskBytes)
      ? []
      : [{ code: "SKP1254" as const, at: "diskBytes", message: `${diskBytes} is not more than zero`, fix: "1GiB" }]),
  ];
}
