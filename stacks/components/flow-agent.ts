import { z } from "zod";
import { type FlowAgentConfig, validateFlowAgent } from "../../components/flow-agent/index.ts";
import type { ObservabilityProps } from "../../components/observability.ts";
import type { CheckedStack } from "../checks.ts";
import { type Facts, withoutUndefined } from "../facts.ts";
import { problemsOfComponent, sharedProps } from "../findings.ts";
import type { Problem } from "../problem.ts";
import { agentOptions, optionsIn } from "../schema/options.ts";
import { switchable } from "../schema/switch.ts";

export const schema = switchable(
  {
    ...agentOptions,
    config: z
      .record(z.string(), z.unknown())
      .meta({ examples: [{ flows: { recordInterval: "30s" } }] })
      .optional()
      .describe(
        "Parts of the agent's configuration file, as `skopos-flow-agent --print-config` prints them: {filter: {ports: {deny: [tcp/22]}}}. By default the agent's.",
      ),
  },
  false,
).describe("Network flows of every node, as spans, by eBPF.");

export function settings({ config }: Facts): Partial<ObservabilityProps> {
  const { flowAgent } = config.components;
  if (!flowAgent.enabled) return {};
  // The agent's own schema reads it: `checks` has every mistake.
  const settings = flowAgent.config as FlowAgentConfig | undefined;
  return { flowAgent: withoutUndefined({ config: settings, ...optionsIn(flowAgent) }) };
}

export function checks(stack: CheckedStack): readonly Problem[] {
  const { flowAgent } = stack.props;
  if (!flowAgent) return [];
  const findings = validateFlowAgent({ ...sharedProps(stack), ...flowAgent });
  // Agents on hosts that allow none are reported for all components at once.
  const own = findings.filter(({ code }) => code !== "SKP1209");
  return problemsOfComponent("flowAgent", own);
}
