import { allowsHostAgents } from "../../lib/kubernetes/cluster.ts";
import type { CheckedStack } from "../checks.ts";
import type { Problem } from "../problem.ts";
import { agentOptions } from "../schema/options.ts";
import { switchable } from "../schema/switch.ts";
import { snippet } from "../snippet.ts";

export const schema = switchable(agentOptions, true).describe("Host metrics; turn it off to let Alloy collect them.");

export function checks({ config }: CheckedStack): readonly Problem[] {
  const { nodeExporter, alloy, prometheus } = config.components;
  if (nodeExporter.enabled || alloy.enabled || !prometheus.enabled) return [];
  if (!allowsHostAgents(config.cluster.platform)) return [];
  return [
    {
      code: "SKP1217",
      path: "skopos:components.nodeExporter",
      message: "is off, and so is Alloy: nothing collects host metrics",
      fix: snippet(["components", "nodeExporter"], "on"),
    },
  ];
}
