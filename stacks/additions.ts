import { validateAdditions } from "../components/extra/index.ts";
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
          "# remove the Secret: create it by other means, such as the External Secrets Operator or Sealed Secrets",
        ),
      ),
  );
  const findings = props.extra ? validateAdditions(props.extra, config.namespaces.stack) : [];
  return [...secrets, ...problemsOfComponent("extra", findings)];
}
