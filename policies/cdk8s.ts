import { checkObjects } from "./engine/check.ts";
import { type Finding, fails } from "./engine/finding.ts";
import { readManifests } from "./load/files.ts";
import { readSettings } from "./load/settings.ts";
import { rules } from "./rules/index.ts";
import { shippedWaivers } from "./shipped-waivers.ts";

/**
 * What cdk8s passes to a validation plugin.
 * @see https://github.com/cdk8s-team/cdk8s-cli/blob/2.x/src/plugins/validation.ts as of cdk8s-cli 2.207
 */
export interface ValidationContext {
  readonly manifests: readonly string[];
  readonly report: {
    addViolation(violation: {
      readonly ruleName: string;
      readonly recommendation: string;
      readonly fix: string;
      readonly violatingResources: readonly {
        readonly resourceName: string;
        readonly locations: readonly string[];
        readonly manifestPath: string;
      }[];
    }): void;
    submit(status: "success" | "failure", metadata?: Readonly<Record<string, string>>): void;
  };
}

/** Properties in cdk8s.yaml. */
export interface SkoposValidationProps {
  /** File of settings, waivers and facts, as for `skopos check --config`. @default none */
  readonly config?: string;
  /** Day of the check. @default today */
  readonly today?: string;
}

/**
 * A validation plugin of cdk8s:
 *
 * ```yaml
 * validations:
 *   - package: skopos
 *     version: 0.1.0
 *     class: SkoposValidation
 * ```
 */
export class SkoposValidation {
  readonly #props: SkoposValidationProps;

  constructor(props: SkoposValidationProps = {}) {
    this.#props = props;
  }

  async validate(context: ValidationContext): Promise<void> {
    const { config, today } = this.#props;
    const settings = config === undefined ? undefined : readSettings(config);
    const { objects } = readManifests(context.manifests);
    const report = checkObjects(objects, {
      rules,
      shippedWaivers: shippedWaivers(),
      ...(settings && { settings: settings.rules, waivers: settings.waivers, facts: settings.facts }),
      ...(today !== undefined && { today }),
    });
    for (const finding of report.findings) {
      context.report.addViolation({
        ruleName: finding.rule,
        recommendation: finding.outcome === "failed" ? finding.message : `${finding.outcome}: ${finding.message}`,
        fix: finding.fix,
        violatingResources: [resourceOf(finding)],
      });
    }
    context.report.submit(fails(report) ? "failure" : "success", {
      objects: String(report.objects),
      waived: String(report.waived.length),
    });
  }
}

function resourceOf({ object, container, path }: Finding) {
  const place = container === undefined ? path : `[${container}] ${path}`;
  return {
    resourceName: object ? [object.namespace, object.name].filter(Boolean).join("/") : "settings",
    locations: place === "" ? [] : [place],
    manifestPath: object?.source?.file ?? "",
  };
}
