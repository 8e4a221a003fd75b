import type { PolicyResource, ResourceValidationArgs, StackValidationPolicy } from "@pulumi/policy";
import { checkObjects } from "./engine/check.ts";
import type { Finding } from "./engine/finding.ts";
import { KubernetesObject } from "./engine/object.ts";
import type { Rule } from "./engine/rule.ts";
import type { Facts, RuleSetting, Severity, Waiver } from "./engine/settings.ts";
import { unknown } from "./engine/unknown.ts";
import { type Fields, fields, text } from "./engine/values.ts";
import { helpPage } from "./reporters/json.ts";
import { rules as allRules } from "./rules/index.ts";
import { shippedWaivers } from "./shipped-waivers.ts";

/** What the policies of a pack are told; the same as for `skopos check`. */
export interface PolicyOptions {
  /** @default every rule */
  readonly rules?: readonly Rule[];
  /** @default {} */
  readonly settings?: Readonly<Record<string, RuleSetting>>;
  /** @default [] */
  readonly waivers?: readonly Waiver[];
  /** @default {} */
  readonly facts?: Facts;
  /** Day of the check. @default today */
  readonly today?: string;
}

/** Stands for a value that a preview does not know, in what the engine sends. Source: @pulumi/policy 1.21, proxy.js */
const unknownMarks: ReadonlySet<unknown> = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

const enforcement = { error: "mandatory", warning: "mandatory", info: "advisory" } as const;
const importance = { error: "high", warning: "medium", info: "low" } as const satisfies Record<Severity, string>;

/**
 * The rules as policies of a Pulumi policy pack, one stack policy per rule: only the whole set shows the joins.
 *
 * ```ts
 * new PolicyPack("skopos", { policies: skoposPolicies({ facts: { availability: "redundant" } }) });
 * ```
 */
export function skoposPolicies(options: PolicyOptions = {}): StackValidationPolicy[] {
  const { rules = allRules } = options;
  const check = checkOnce(options);
  const policies = rules.map((rule): StackValidationPolicy => {
    const severity = severityOf(rule, options.settings?.[rule.id]);
    return {
      name: policyName(rule.id),
      description: rule.title,
      enforcementLevel: options.settings?.[rule.id] === "off" ? "disabled" : enforcement[severity],
      severity: importance[severity],
      remediationSteps: rule.remedy,
      url: helpPage(rule.id),
      tags: [rule.category],
      validateStack: ({ resources }, report) => {
        for (const finding of check(resources)) {
          if (finding.rule === rule.id && blocks(finding)) report(messageOf(finding), urnOf(resources, finding));
        }
      },
    };
  });
  return [...policies, notes(rules, check), waiverPolicy(check)];
}

/** Findings that must not fail an update: information below a rule's own severity, and what is not known yet. */
function notes(
  rules: readonly Rule[],
  check: (resources: PolicyResource[]) => readonly Finding[],
): StackValidationPolicy {
  const known = new Set(rules.map(({ id }) => id));
  return {
    name: "notes",
    description: "Information, and rules that cannot be decided before the update",
    enforcementLevel: "advisory",
    severity: "low",
    validateStack: ({ resources }, report) => {
      for (const finding of check(resources)) {
        if (known.has(finding.rule) && !blocks(finding)) report(messageOf(finding), urnOf(resources, finding));
      }
    },
  };
}

function waiverPolicy(check: (resources: PolicyResource[]) => readonly Finding[]): StackValidationPolicy {
  return {
    name: "waivers",
    description: "Every waiver is used, exact and not expired",
    enforcementLevel: "mandatory",
    severity: "high",
    validateStack: ({ resources }, report) => {
      for (const finding of check(resources)) if (finding.category === "waivers") report(messageOf(finding));
    },
  };
}

/** Whether a finding stops an update: as in `skopos check`, which fails on errors, warnings and rules that crash. */
const blocks = ({ outcome, severity }: Finding): boolean =>
  outcome === "crashed" || (outcome === "failed" && severity !== "info");

/** Policy names may not hold a slash. */
export const policyName = (id: string): string => id.replaceAll("/", "-");

const severityOf = (rule: Rule, setting: RuleSetting | undefined): Severity =>
  (setting !== undefined && setting !== "off" ? setting.severity : undefined) ?? rule.severity;

function messageOf({ rule, object, container, path, message, fix, outcome }: Finding): string {
  const place = [object?.id, container && `[${container}]`, path].filter(Boolean).join(" ");
  const head = `${rule}: ${place}: ${message}`;
  return fix === "" || outcome !== "failed" ? head : `${head}\nfix:\n${fix}`;
}

/** The resource of a finding's object. */
function urnOf(resources: readonly PolicyResource[], { object }: Finding): string | undefined {
  return object && resources.find((resource) => objectOf(resource)?.id === object.id)?.urn;
}

/** Every policy of a pack is given the same resources: they are checked once. */
function checkOnce(options: PolicyOptions): (resources: PolicyResource[]) => readonly Finding[] {
  const { rules = allRules, ...rest } = options;
  let last: { readonly key: string; readonly findings: readonly Finding[] } | undefined;
  return (resources) => {
    const objects = resources.flatMap((resource) => objectOf(resource) ?? []);
    const key = JSON.stringify(
      objects.map(({ raw }) => raw),
      (_, value) => (typeof value === "symbol" ? String(value) : value),
    );
    if (last?.key !== key) {
      last = { key, findings: checkObjects(objects, { ...rest, rules, shippedWaivers: shippedWaivers() }).findings };
    }
    return last.findings;
  };
}

/** A Kubernetes resource as a plain object, undefined where it is another kind of resource. Matched by `kind`, so that CRDs are too. */
export function objectOf(
  resource: Pick<PolicyResource | ResourceValidationArgs, "type" | "props">,
): KubernetesObject | undefined {
  if (!resource.type.startsWith("kubernetes:")) return undefined;
  const plain = fields(plainOf(resource.props));
  if (text(plain.kind) === undefined || text(plain.apiVersion) === undefined) return undefined;
  // What the provider adds to its outputs is not part of the object.
  const { __fieldManager: _, __initialApiVersion: __, __inputs: ___, ...object } = plain;
  return new KubernetesObject(object as Fields);
}

/** A value without the SDK's proxies, its marks of unknown values replaced by ours. */
function plainOf(value: unknown): unknown {
  const target =
    typeof value === "object" && value !== null
      ? ((Reflect.get(value, "__getSpecialProxyTarget") as unknown) ?? value)
      : value;
  if (unknownMarks.has(target)) return unknown;
  if (Array.isArray(target)) return target.map(plainOf);
  if (typeof target !== "object" || target === null) return target;
  return Object.fromEntries(Object.entries(target).map(([key, each]) => [key, plainOf(each)]));
}
