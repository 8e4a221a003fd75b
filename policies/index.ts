/** Rules over Kubernetes objects and what runs them: the entry point `skopos/policies`. It never loads Pulumi or cdk8s. */
export { type CheckOptions, checkObjects, RuleSettingsError } from "./engine/check.ts";
export { type Finding, fails, type Outcome, type Report, type Skipped } from "./engine/finding.ts";
export { applyEdits, pathText, snippet } from "./engine/fix.ts";
export { containerRule, documentRule, objectRule, podRule } from "./engine/kinds-of-rules.ts";
export { KubernetesObject, type Source } from "./engine/object.ts";
export { ObjectSet } from "./engine/object-set.ts";
export {
  type Category,
  type Context,
  categories,
  type Edit,
  type Problem,
  type Rule,
  type RuleFacts,
  remove,
  rule,
  set,
  setIn,
} from "./engine/rule.ts";
export {
  type Facts,
  factsSchema,
  type PolicySettings,
  policyFileSchema,
  type RuleSetting,
  rulesSchema,
  type Severity,
  severities,
  type Waiver,
  waiverSchema,
} from "./engine/settings.ts";
export { UnknownValueError, unknown } from "./engine/unknown.ts";
export type { Fields, Path } from "./engine/values.ts";
export { formatLoadProblem, ManifestError, readManifests } from "./load/files.ts";
export { type LoadProblem, readManifest } from "./load/yaml.ts";
export * from "./reporters/index.ts";
export { rules } from "./rules/index.ts";
export { shippedWaivers } from "./shipped-waivers.ts";
