import { z } from "zod";
import { logSourceFor, validateAlloy } from "../../components/alloy/index.ts";
import type { ObservabilityProps } from "../../components/observability.ts";
import { re2 } from "../../lib/formats/index.ts";
import type { CheckedStack } from "../checks.ts";
import { type Facts, withoutUndefined } from "../facts.ts";
import { problemsOfComponent, sharedProps } from "../findings.ts";
import { text, unique } from "../formats.ts";
import type { Problem } from "../problem.ts";
import { agentOptions, optionsIn } from "../schema/options.ts";
import { switchable } from "../schema/switch.ts";

export const schema = switchable(
  {
    ...agentOptions,
    logSource: z
      .enum(["api", "files"])
      .optional()
      .describe(
        "Where pod logs are read: from the Kubernetes API, or from /var/log/pods. By default chosen by the workload.",
      ),
    multilineFirstLine: text(re2)
      .optional()
      .describe("First line of an entry: lines that do not match are joined to the entry before."),
    redact: unique(text(re2).describe("A regular expression."))
      .optional()
      .describe("Secrets to remove from pod logs: the capture groups of each expression are replaced by ***."),
    severity: z.boolean().optional().describe("Whether the severity named in a line is stored as structured metadata."),
    journal: z.boolean().optional().describe("Whether the node's systemd journal is read too."),
  },
  true,
).describe("Pod logs, and host metrics if node-exporter is off.");

export function settings({ config, workload }: Facts): Partial<ObservabilityProps> {
  const { alloy, nodeExporter } = config.components;
  if (!alloy.enabled) return {};
  const { multilineFirstLine, redact, severity, journal } = alloy;
  const stages = config.extra.logStages;
  const logOptions = withoutUndefined({ multilineFirstLine, redact, severity, stages, journal });
  return {
    alloy: {
      logSource: alloy.logSource ?? logSourceFor(workload),
      hostMetrics: !nodeExporter.enabled,
      ...(Object.keys(logOptions).length > 0 && { logOptions }),
      ...optionsIn(alloy),
    },
  };
}

export function checks(stack: CheckedStack): readonly Problem[] {
  const { alloy } = stack.props;
  const findings = alloy ? validateAlloy({ ...sharedProps(stack), ...alloy }) : [];
  // Agents on hosts that allow none are reported for all components at once.
  return problemsOfComponent(
    "alloy",
    findings.filter(({ code }) => code !== "SKP1209"),
  );
}
