import type { SidePolicies } from "../diff/policies.ts";
import { checkObjects } from "../policies/engine/check.ts";
import type { Report } from "../policies/engine/finding.ts";
import { KubernetesObject } from "../policies/engine/object.ts";
import type { Rule } from "../policies/engine/rule.ts";
import type { Facts } from "../policies/engine/settings.ts";
import type { Fields } from "../policies/engine/values.ts";
import { rules } from "../policies/rules/index.ts";
import { shippedWaivers } from "../policies/shipped-waivers.ts";
import { readStackFile, stackFolder } from "../stacks/load.ts";
import { ConfigurationError } from "../stacks/problem.ts";
import { type ResolvedStack, resolve } from "../stacks/resolve.ts";
import { objectsOf, type RenderedStack } from "../stacks/stack.ts";
import { CommandFailure } from "./failure.ts";

/** The policies over a stack, with its settings, its waivers and what it is for. */
export function checkStack(stack: RenderedStack, chosen: readonly Rule[] = rules): Report {
  const objects = objectsOf(stack).map(({ object }) => new KubernetesObject(object as unknown as Fields));
  const { config } = stack;
  const known = new Set(chosen.map(({ id }) => id));
  const every = chosen === rules;
  return checkObjects(objects, {
    rules: chosen,
    settings: every ? config.policies : only(config.policies, known),
    waivers: config.waivers.filter(({ rule }) => every || known.has(rule)),
    shippedWaivers: shippedWaivers(config.namespaces).filter(({ rule }) => known.has(rule)),
    facts: policyFacts(stack),
  });
}

/** What the rules have to know about a stack beside its objects. */
export function policyFacts({ workload, config }: ResolvedStack): Facts {
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

/** What the stack file in a project's folder says about policies; undefined where it cannot be resolved by this version. */
export function policiesOfStack(project: string, stack: string): SidePolicies | undefined {
  try {
    const { raw, hasEnvironment } = readStackFile(stackFolder(project), stack);
    const resolved = resolve(raw, { stack, hasEnvironment });
    const { policies: settings, waivers, namespaces } = resolved.config;
    return { settings, waivers, shippedWaivers: shippedWaivers(namespaces), facts: policyFacts(resolved) };
  } catch (error) {
    if (error instanceof ConfigurationError || error instanceof CommandFailure) return undefined;
    throw error;
  }
}

/** The entries of a map whose keys are known. */
export const only = <T>(map: Readonly<Record<string, T>>, known: ReadonlySet<string>): Record<string, T> =>
  Object.fromEntries(Object.entries(map).filter(([key]) => known.has(key)));
