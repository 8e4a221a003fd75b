import type { ObservabilityProps } from "../../components/observability.ts";
import { validatePushgateway } from "../../components/pushgateway/index.ts";
import type { CheckedStack } from "../checks.ts";
import { type Facts, withoutUndefined } from "../facts.ts";
import { problemsOfComponent, sharedProps } from "../findings.ts";
import type { Problem } from "../problem.ts";
import { bytes, duration } from "../quantities.ts";
import { agentOptions, optionsIn } from "../schema/options.ts";
import { switchable } from "../schema/switch.ts";

export const schema = switchable(
  {
    ...agentOptions,
    disk: bytes("64MiB", "16TiB")
      .optional()
      .describe("Size of a volume that keeps pushed metrics across restarts. By default none."),
    stale: duration("1m").default(86_400).describe("Age at which a pushed group triggers an alert."),
  },
  false,
).describe("Metrics of short-lived jobs.");

export function settings({ config }: Facts): Partial<ObservabilityProps> {
  const { enabled, disk, stale } = config.components.pushgateway;
  return enabled
    ? {
        pushgateway: {
          ...optionsIn(config.components.pushgateway),
          ...withoutUndefined({ staleSeconds: stale, disk }),
        },
      }
    : {};
}

export function checks(stack: CheckedStack): readonly Problem[] {
  const { pushgateway } = stack.props;
  const findings = pushgateway ? validatePushgateway({ ...sharedProps(stack), ...pushgateway }) : [];
  return problemsOfComponent("pushgateway", findings);
}
