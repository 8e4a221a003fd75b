import { z } from "zod";
import { type FlowAgentConfig, validateFlowAgent } from "../../components/flow-agent/index.ts";
import type { ObservabilityProps } from "../../components/observability.ts";
import { imageReference } from "../../lib/kubernetes/index.ts";
import type { CheckedStack } from "../checks.ts";
import { type Facts, withoutUndefined } from "../facts.ts";
import { problemsOfComponent, sharedProps } from "../findings.ts";
import type { Problem } from "../problem.ts";
import type { ResolvedStack } from "../resolve.ts";
import { agentOptions, optionsIn } from "../schema/options.ts";
import { switchable } from "../schema/switch.ts";
import type { Prerequisite } from "./needs.ts";

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

/** Its image is built from the sources: no registry has it. */
export function prerequisites({ props }: ResolvedStack): readonly Prerequisite[] {
  if (!props.flowAgent) return [];
  const image = imageReference("flow-agent", props.images, props.flowAgent.image);
  return [
    {
      what: `image ${image}`,
      why: "the flow agent's, built from bpf-agent/image; with another registry, set components.flowAgent.image or images.registries",
      command: `docker build -f bpf-agent/image/Containerfile -t ${image} . && docker push ${image}`,
    },
  ];
}

export function checks(stack: CheckedStack): readonly Problem[] {
  const { flowAgent } = stack.props;
  if (!flowAgent) return [];
  const findings = validateFlowAgent({ ...sharedProps(stack), ...flowAgent });
  // Agents on hosts that allow none are reported for all components at once.
  const own = findings.filter(({ code }) => code !== "SKP1209");
  return problemsOfComponent("flowAgent", own);
}
