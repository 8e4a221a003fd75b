import { checkObjects } from "../policies/engine/check.ts";
import type { Finding } from "../policies/engine/finding.ts";
import type { KubernetesObject } from "../policies/engine/object.ts";
import type { Facts, RuleSetting, Waiver } from "../policies/engine/settings.ts";
import { type ParsedFiles, readManifests } from "../policies/load/files.ts";
import { rules } from "../policies/rules/index.ts";
import { shippedWaivers } from "../policies/shipped-waivers.ts";
import { compareText } from "./model/object.ts";
import type { PolicyChanges, PolicyFinding } from "./report/report.ts";

/** What one side's own configuration says about policies. */
export interface SidePolicies {
  readonly settings: Readonly<Record<string, RuleSetting>>;
  readonly waivers: readonly Waiver[];
  readonly shippedWaivers: readonly Waiver[];
  readonly facts: Facts;
}

/**
 * Policy findings of two folders of manifests: what a change introduces, what it fixes, and how many were there before. Each
 * side has its own settings and waivers. Rules that compare two states see the old objects when they check the new ones.
 *
 * @param parsed files that were read already. @default none
 * @throws RuleSettingsError where a side's settings cannot be used
 */
export function comparePolicies(
  before: string,
  after: string,
  own?: { readonly before: SidePolicies; readonly after: SidePolicies },
  parsed: ParsedFiles = new Map(),
): PolicyChanges {
  const { objects: previous } = readManifests([before], parsed);
  const { objects } = readManifests([after], parsed);
  const [left, right] = [findingsOf(previous, own?.before), findingsOf(objects, own?.after, previous)];
  const only = (these: ReadonlyMap<string, PolicyFinding>, others: ReadonlyMap<string, PolicyFinding>) =>
    [...these].filter(([key]) => !others.has(key)).map(([, finding]) => finding);
  return {
    introduced: only(right, left),
    fixed: only(left, right),
    existing: [...right.keys()].filter((key) => left.has(key)).length,
  };
}

/** Findings by what makes two of them the same one: rule, object, container and place. */
function findingsOf(
  objects: readonly KubernetesObject[],
  own: SidePolicies = { settings: {}, waivers: [], shippedWaivers: shippedWaivers(), facts: {} },
  previous?: readonly KubernetesObject[],
): ReadonlyMap<string, PolicyFinding> {
  const { findings } = checkObjects(objects, { rules, ...own, ...(previous && { previous }) });
  const keyed = findings.map((finding): [string, PolicyFinding] => [keyOf(finding), shown(finding)]);
  return new Map(keyed.sort(([a], [b]) => compareText(a, b)));
}

const keyOf = ({ rule, object, container, path, message }: Finding): string =>
  [rule, object?.id ?? message, container, path].join("\u0000");

const shown = ({ rule, severity, object, message }: Finding): PolicyFinding => ({
  rule,
  severity,
  object: object?.id ?? "(settings)",
  message,
});
