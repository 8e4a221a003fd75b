import { checkObjects } from "../policies/engine/check.ts";
import type { Report } from "../policies/engine/finding.ts";
import { KubernetesObject } from "../policies/engine/object.ts";
import type { Rule } from "../policies/engine/rule.ts";
import type { Facts } from "../policies/engine/settings.ts";
import type { Fields } from "../policies/engine/values.ts";
import { rules } from "../policies/rules/index.ts";
import { shippedWaivers } from "../policies/shipped-waivers.ts";
import { objectsOf, type RenderedStack } from "../stacks/stack.ts";

/** The policies over a stack, with its settings, its waivers and what it is for. */
export function checkStack(stack: RenderedStack, chosen: readonly Rule[] = rules): Report {
  const objects = objectsOf(stack).map(({ object }) => new KubernetesObject(object as unknown as Fields));
  return checkObjects(objects, { rules: chosen, shippedWaivers: shippedWaivers(), facts: policyFacts(stack) });
}

/** What the rules have to know about a stack beside its objects. */
function policyFacts(stack: RenderedStack): Facts {
  const { workload, config } = stack;
  return {
    availability: config.availability,
    activeSeries: workload.activeSeries,
    scrapeIntervalSeconds: workload.scrapeIntervalSeconds,
    spansPerSecond: workload.spansPerSecond,
    spansPerTrace: workload.spansPerTrace,
    logBytesPerDay: workload.logBytesPerDay,
    externalSecrets: [],
    rulers: ["skopos.dev/evaluator=mimir"],
  };
}
