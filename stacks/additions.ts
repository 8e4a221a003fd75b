import { repeated, validateAdditions } from "../components/extra/index.ts";
import { dataSources } from "../lib/monitoring/data-sources.ts";
import type { CheckedStack } from "./checks.ts";
import { problemsOfComponent } from "./findings.ts";
import { plainTextSecret } from "./issues.ts";
import type { Problem } from "./problem.ts";

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
      "extra.dataSources",
      config.extra.dataSources.map(({ uid }) => `data source ${uid}`),
      new Set(Object.values(dataSources).map(({ uid }) => `data source ${uid}`)),
    ),
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
  return [...secrets, ...problemsOfComponent("extra", findings)];
}
