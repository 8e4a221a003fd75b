import { type Finding, validateProps } from "../../lib/sizing/index.ts";
import type { PushgatewayProps } from "./chart.ts";
import { pushgatewayShape } from "./shape.ts";

/** Finds every mistake in the props of a {@link PushgatewayChart}. */
export function validatePushgateway(props: PushgatewayProps): readonly Finding[] {
  return validateProps(props, pushgatewayShape, () => amounts(props));
}

function amounts({ series, staleSeconds, diskBytes }: PushgatewayProps): readonly Finding[] {
  const positive = (value: number | undefined) => value === undefined || (Number.isFinite(value) && value > 0);
  return [
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
