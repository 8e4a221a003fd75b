import { type Command, Option } from "commander";
import { checkObjects, RuleSettingsError } from "../../policies/engine/check.ts";
import { fails, type Report } from "../../policies/engine/finding.ts";
import type { Rule } from "../../policies/engine/rule.ts";
import { ManifestError, readManifests } from "../../policies/load/files.ts";
import { readSettings } from "../../policies/load/settings.ts";
import { formatReport, formats, type ReportFormat } from "../../policies/reporters/index.ts";
import { rules } from "../../policies/rules/index.ts";
import { shippedWaivers } from "../../policies/shipped-waivers.ts";
import { stackFolder } from "../../stacks/load.ts";
import { ConfigurationError } from "../../stacks/problem.ts";
import { loadStack } from "../../stacks/stack.ts";
import { exitCodeOf } from "../failure.ts";
import { checkStack, only } from "../policy-check.ts";
import { paint, print, progress } from "../terminal.ts";

interface Options {
  readonly stack?: string;
  readonly config?: string;
  readonly format: ReportFormat;
  readonly json?: boolean;
  readonly rule?: readonly string[];
}

/** `skopos check`: policies over a stack, or over anyone's manifests. */
export function addCheck(program: Command): void {
  program
    .command("check")
    .summary("check a stack or any manifests against the policies")
    .argument("[paths...]", "files and folders of manifests; - is standard input")
    .option("-s, --stack <name>", "stack: the file Pulumi.<name>.yaml")
    .option("-c, --config <file>", "settings, waivers and facts for manifests (docs/policies/README.md)")
    .option("-r, --rule <id...>", "only these rules, or these categories")
    .addOption(new Option("-f, --format <format>", "how the report is written").choices(formats).default("text"))
    .option("--json", "same as --format json")
    .addHelpText(
      "after",
      [
        "",
        "Exit codes: 0 nothing wrong, 1 errors, warnings or an invalid stack file, 2 could not run.",
        "",
        "Examples:",
        "  skopos check --stack prod",
        "  skopos check manifests/ --format sarif > skopos.sarif",
        "  helm template loki grafana/loki | skopos check -",
      ].join("\n"),
    )
    .action((paths: readonly string[], options: Options) => {
      const format = options.json ? "json" : options.format;
      try {
        const chosen = chosenRules(options.rule);
        const report = options.stack
          ? ofStack(options.stack, paths, options.config, chosen)
          : ofManifests(paths, options.config, chosen);
        print(formatReport(report, format, rules, paint));
        process.exitCode = fails(report) ? 1 : 0;
      } catch (error) {
        process.exitCode = exitCodeOf(error);
        report(error, format);
      }
    });
}

/** A mistake of the caller: on stdout as JSON where that was asked for, else on stderr. */
function report(error: unknown, format: ReportFormat): void {
  const expected =
    error instanceof ManifestError ||
    error instanceof RuleSettingsError ||
    error instanceof UsageError ||
    error instanceof ConfigurationError;
  if (!expected) throw error;
  const problems = error instanceof UsageError ? [error.message] : error.problems;
  if (format !== "json") progress(error.message);
  else print(JSON.stringify({ schemaVersion: 1, ok: false, problems }, null, 2));
}

/** A command line that cannot be carried out. */
class UsageError extends Error {}

function chosenRules(wanted: readonly string[] | undefined): readonly Rule[] {
  if (!wanted) return rules;
  const matches = (rule: Rule, each: string) => rule.id === each || rule.category === each;
  const missing = wanted.find((each) => !rules.some((rule) => matches(rule, each)));
  if (missing !== undefined)
    throw new UsageError(`no such rule or category: ${missing}; they are in docs/policies/README.md`);
  return rules.filter((rule) => wanted.some((each) => matches(rule, each)));
}

function ofStack(stack: string, paths: readonly string[], config: string | undefined, chosen: readonly Rule[]): Report {
  if (paths.length > 0) throw new UsageError("check either a stack or paths, not both");
  if (config !== undefined)
    throw new UsageError("--config is for manifests: a stack's settings and waivers are in its stack file");
  return checkStack(loadStack(stackFolder(), stack), chosen);
}

function ofManifests(paths: readonly string[], config: string | undefined, chosen: readonly Rule[]): Report {
  if (paths.length === 0) throw new UsageError("name what to check: --stack NAME, or files and folders of manifests");
  const settings = config === undefined ? undefined : readSettings(config);
  const { objects, ignored } = readManifests(paths);
  for (const file of ignored) progress(`not a Kubernetes object, ignored: ${file}`);
  const known = new Set(chosen.map(({ id }) => id));
  return checkObjects(objects, {
    rules: chosen,
    shippedWaivers: shippedWaivers().filter(({ rule }) => known.has(rule)),
    ...(settings && {
      settings: chosen === rules ? settings.rules : only(settings.rules, known),
      waivers: chosen === rules ? settings.waivers : settings.waivers.filter(({ rule }) => known.has(rule)),
      facts: settings.facts,
    }),
  });
}
