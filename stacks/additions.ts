import { repeated, validateAdditions } from "../components/extra/index.ts";
import { validateSources } from "../components/grafana/index.ts";
import { type ParsedBlock, type ParsedValue, parseAlloy } from "../lib/alloy/index.ts";
import { looksSecret } from "../lib/formats/index.ts";
import { removeKey } from "../lib/sizing/index.ts";
import type { CheckedStack } from "./checks.ts";
import { problemsOfComponent } from "./findings.ts";
import { plainTextSecret } from "./issues.ts";
import { plainSecretsOf, secretSetting } from "./plain-secrets.ts";
import type { Problem } from "./problem.ts";
import type { StackConfig } from "./schema.ts";

/** Texts of the stages of pod logs that would be secrets in a ConfigMap. */
function secretsOfLogStages({ extra: { logStages } }: StackConfig): readonly Problem[] {
  const isSecret = (name: string, value: ParsedValue): boolean => {
    if (value.kind === "string") return secretSetting.test(name) || looksSecret([], value.value);
    if (value.kind === "list") return value.items.some((item) => isSecret(name, item));
    if (value.kind === "map") return value.entries.some(([key, item]) => isSecret(key, item));
    return value.kind === "sum" && value.parts.some((part) => isSecret(name, part));
  };
  const hasSecret = ({ attributes, blocks }: Pick<ParsedBlock, "attributes" | "blocks">): boolean =>
    attributes.some(([name, value]) => isSecret(name, value)) || blocks.some(hasSecret);
  if (logStages === undefined || !hasSecret({ attributes: [], blocks: parseAlloy(logStages) })) return [];
  const why =
    'or write sys.env("NAME") for the secret, and components.alloy.extraEnv: {NAME: {secret: name-of-the-secret, key: key-in-it}}';
  return [plainTextSecret(["extra", "logStages"], removeKey("logStages", why))];
}

/** Everything that is wrong with the additions, and secrets whose values would be committed with the stack file. */
export function checkAdditions({ config, props }: CheckedStack): readonly Problem[] {
  const secrets = config.extra.manifests.flatMap(({ kind, ...rest }, index) =>
    (["data", "stringData"] as const)
      .filter((key) => kind === "Secret" && rest[key] !== undefined)
      .map((key) =>
        plainTextSecret(
          ["extra", "manifests", index, key],
          `# remove the key ${key}: create the Secret by other means, such as the External Secrets Operator or Sealed Secrets`,
        ),
      ),
  );
  const { remoteWrites } = config.extra;
  const findings = [
    ...(props.extra ? validateAdditions(props.extra, config.namespaces.stack) : []),
    ...repeated(
      "extra.certificateAuthorities",
      config.extra.certificateAuthorities.map((each) =>
        "secret" in each
          ? `key ${each.key} of Secret ${each.secret}`
          : `key ${each.key} of ConfigMap ${each.configMap}`,
      ),
    ),
    ...validateSources("extra.dataSources", config.extra.dataSources, Object.keys(config.tenants)),
    ...repeated(
      "extra.remoteWrites",
      remoteWrites.map(({ name }) => `remote write ${name}`),
      new Set(
        ["long-term", ...Object.keys(config.tenants).map((tenant) => `tenant-${tenant}`)].map(
          (name) => `remote write ${name}`,
        ),
      ),
    ),
  ];
  return [
    ...secrets,
    ...plainSecretsOf(config),
    ...secretsOfLogStages(config),
    ...problemsOfComponent("extra", findings),
  ];
}
