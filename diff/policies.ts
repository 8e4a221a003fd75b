import { checkObjects } from "../policies/engine/check.ts";
import type { Finding } from "../policies/engine/finding.ts";
import { readManifests } from "../policies/load/files.ts";
import { rules } from "../policies/rules/index.ts";
import { shippedWaivers } from "../policies/shipped-waivers.ts";
import { compareText } from "./model/object.ts";
import type { PolicyChanges, PolicyFinding } from "./report/report.ts";

/** Policy findings of two folders of manifests: what a change brings, what it mends, and how many were there before. */
export function comparePolicies(before: string, after: string): PolicyChanges {
  const [left, right] = [findingsOf(before), findingsOf(after)];
  const only = (these: ReadonlyMap<string, PolicyFinding>, others: ReadonlyMap<string, PolicyFinding>) =>
    [...these].filter(([key]) => !others.has(key)).map(([, finding]) => finding);
  return {
    introduced: only(right, left),
    fixed: only(left, right),
    existing: [...right.keys()].filter((key) => left.has(key)).length,
  };
}

/** Findings by what makes two of them the same one: rule, object, container and place. */
function findingsOf(folder: string): ReadonlyMap<string, PolicyFinding> {
  const { objects } = readManifests([folder]);
  const { findings } = checkObjects(objects, { rules, shippedWaivers: shippedWaivers() });
  const keyed = findings.map((finding): [string, PolicyFinding] => [keyOf(finding), shown(finding)]);
  return new Map(keyed.sort(([a], [b]) => compareText(a, b)));
}

const keyOf = ({ rule, object, container, path }: Finding): string =>
  [rule, object?.id, container, path].join("\u0000");

const shown = ({ rule, severity, object, message }: Finding): PolicyFinding => ({
  rule,
  severity,
  object: object?.id ?? "(settings)",
  message,
});
