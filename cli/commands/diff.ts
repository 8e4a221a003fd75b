import { existsSync, writeFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { compareFolders, comparePreview, compareRevision } from "../../diff/compare-stacks.ts";
import { DiffInputError } from "../../diff/input/errors.ts";
import { htmlReport } from "../../diff/report/html.ts";
import { jsonReport } from "../../diff/report/json.ts";
import { markdownReport } from "../../diff/report/markdown.ts";
import { type Failure, failures, failuresIn, hasChanges, type Report } from "../../diff/report/report.ts";
import { textReport } from "../../diff/report/text.ts";
import { ManifestError } from "../../policies/load/files.ts";
import { stackFolder, stackNames } from "../../stacks/load.ts";
import { policiesOfStack } from "../policy-check.ts";
import { print, progress, takesColour, width } from "../terminal.ts";

const formats = ["text", "json", "markdown", "html"] as const;

interface Options {
  readonly base?: string;
  readonly preview?: string;
  readonly stack?: readonly string[];
  readonly format: (typeof formats)[number];
  readonly json?: boolean;
  readonly out?: string;
  readonly failOn?: readonly Failure[];
  readonly kubernetes?: string;
  readonly policies: boolean;
}

/** `skopos diff`: what a change means, without a cluster, an account or a credential. */
export function addDiff(program: Command): void {
  program
    .command("diff")
    .summary("show what a change means: against a Git revision, a folder, or a saved preview")
    .argument("[head]", "folder of manifests to compare with --base DIR; the work tree's stacks by default")
    .option("-b, --base <ref|dir>", "Git revision, or folder of manifests")
    .option("--preview <file>", "saved output of pulumi preview --json, instead of --base")
    .option("-s, --stack <name...>", "stacks to compare; all by default")
    .addOption(new Option("-f, --format <format>", "output format").choices(formats).default("text"))
    .option("--json", "same as --format json")
    .option("-o, --out <file>", "write the report to a file")
    .addOption(new Option("--fail-on <what...>", "exit with 2 when the change has one of these").choices(failures))
    .option(
      "--kubernetes <version>",
      "check API versions against this Kubernetes; a stack's own by default",
      kubernetesVersion,
    )
    .option("--no-policies", "leave policy findings out")
    .addHelpText(
      "after",
      `
Exit codes: 0 no change, 1 changes, 2 could not run (also with an invalid stack file) or --fail-on applies.

Examples:
  skopos diff --base origin/main
  skopos diff --base main --stack prod --format markdown --out comment.md
  skopos diff --base helm-output-old helm-output-new
  pulumi preview --json > preview.json && skopos diff --preview preview.json`,
    )
    .action(async (head: string | undefined, options: Options) => {
      const format = options.json ? "json" : options.format;
      try {
        const report = await compare(head, options);
        write(rendered(report, format, options.out), options.out);
        process.exitCode = exitCode(report, options.failOn ?? []);
      } catch (error) {
        if (!(error instanceof DiffInputError) && !(error instanceof ManifestError)) throw error;
        fail(error, format, options.out);
      }
    });
}

function kubernetesVersion(value: string): string {
  const version = /^v?(1\.\d+)(?:\.\d+)?$/.exec(value)?.[1];
  if (version === undefined) throw new InvalidArgumentError("It is written 1.36.");
  return version;
}

async function compare(
  head: string | undefined,
  { base, preview, stack, kubernetes, policies }: Options,
): Promise<Report> {
  const options = { policies, progress, ...(kubernetes !== undefined && { kubernetesVersion: kubernetes }) };
  if (preview !== undefined) return comparePreview(preview, options);
  if (base === undefined)
    throw new DiffInputError("there is nothing to compare with", "add --base REF, --base DIR or --preview FILE");
  if (head !== undefined) return compareFolders(base, head, options);
  const stacks = stack ?? stackNames(stackFolder());
  if (stacks.length === 0)
    throw new DiffInputError(
      "this folder has no stacks",
      "run it where Pulumi.yaml is, or compare two folders: skopos diff --base DIR DIR",
    );
  if (existsSync(base))
    throw new DiffInputError(
      `${base} is a folder, and no other folder is named`,
      `render the stack first: skopos render --stack ${stacks[0]} --out DIR && skopos diff --base ${base} DIR`,
    );
  return compareRevision(process.cwd(), base, stacks, { ...options, policiesOf: policiesOfStack });
}

function rendered(report: Report, format: Options["format"], out: string | undefined): string {
  switch (format) {
    case "json":
      return jsonReport(report);
    case "markdown":
      return markdownReport(report);
    case "html":
      return htmlReport(report);
    case "text":
      return textReport(report, out === undefined ? { width: width(), colour: takesColour() } : {});
  }
}

function exitCode(report: Report, failOn: readonly Failure[]): number {
  const found = failuresIn(report, failOn);
  if (found.length > 0) progress(`the change has what --fail-on names: ${found.join(", ")}`);
  if (report.failed.length > 0 || found.length > 0) return 2;
  return hasChanges(report) ? 1 : 0;
}

/** A report says why there is none, so that a comment is renewed even then. */
function fail(error: DiffInputError | ManifestError, format: Options["format"], out: string | undefined): void {
  const message = error instanceof DiffInputError ? `${error.message}\n  fix: ${error.fix}` : error.message;
  progress(message);
  if (format === "json")
    print(JSON.stringify({ error: error.message, ...(error instanceof DiffInputError && { fix: error.fix }) }));
  else if (out !== undefined && format !== "text") {
    write(
      rendered({ base: "base", head: "head", stacks: [], failed: [{ side: "base", error: message }] }, format, out),
      out,
    );
  }
  process.exitCode = 2;
}

function write(text: string, out: string | undefined): void {
  if (out === undefined) print(text);
  else writeFileSync(out, text.endsWith("\n") ? text : `${text}\n`);
}
