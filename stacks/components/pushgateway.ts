import type { ObservabilityProps } from "../../components/observability.ts";
import { type Facts, withoutUndefined } from "../facts.ts";
import { bytes, duration } from "../quantities.ts";
import { switchable } from "../schema/switch.ts";

export const schema = switchable(
  {
    disk: bytes("64MiB", "16TiB")
      .optional()
      .describe("Size of a volume that keeps pushed metrics across restarts. By default none."),
    stale: duration("1m").default(86_400).describe("Age at which a pushed group triggers an alert."),
  },
  false,
).describe("Metrics of short-lived jobs.");

export function settings({ config }: Facts): Partial<ObservabilityProps> {
  const { enabled, disk, stale } = config.components.pushgateway;
  return enabled ? { pushgateway: withoutUndefined({ staleSeconds: stale, diskBytes: disk }) } : {};
}
