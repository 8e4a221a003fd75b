import { z } from "zod";
import { logSourceFor } from "../../components/alloy/index.ts";
import type { ObservabilityProps } from "../../components/observability.ts";
import { re2 } from "../../lib/formats/index.ts";
import { type Facts, withoutUndefined } from "../facts.ts";
import { text, unique } from "../formats.ts";
import { switchable } from "../schema/switch.ts";

export const schema = switchable(
  {
    logSource: z
      .enum(["api", "files"])
      .optional()
      .describe(
        "Where pod logs are read: from the Kubernetes API, or from /var/log/pods. By default chosen by the workload.",
      ),
    multilineFirstLine: text(re2)
      .optional()
      .describe("First line of an entry: lines that do not match are joined to the entry before."),
    redact: unique(text(re2))
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
  const logOptions = withoutUndefined({ multilineFirstLine, redact, severity, journal });
  return {
    alloy: {
      logSource: alloy.logSource ?? logSourceFor(workload),
      hostMetrics: !nodeExporter.enabled,
      ...(Object.keys(logOptions).length > 0 && { logOptions }),
    },
  };
}
