import { z } from "zod";
import { logSourceFor } from "../../components/alloy/index.ts";
import type { ObservabilityProps } from "../../components/observability.ts";
import type { Facts } from "../facts.ts";
import { switchable } from "../schema/switch.ts";

export const schema = switchable(
  {
    logSource: z
      .enum(["api", "files"])
      .optional()
      .describe(
        "Where pod logs are read: from the Kubernetes API, or from /var/log/pods. By default chosen by the workload.",
      ),
  },
  true,
).describe("Pod logs, and host metrics if node-exporter is off.");

export function settings({ config, workload }: Facts): Partial<ObservabilityProps> {
  const { alloy, nodeExporter } = config.components;
  if (!alloy.enabled) return {};
  return { alloy: { logSource: alloy.logSource ?? logSourceFor(workload), hostMetrics: !nodeExporter.enabled } };
}
