import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { ConfigurationError, problemCatalogue } from "../stacks/problem.ts";
import { addCheck } from "./commands/check.ts";
import { addDiff } from "./commands/diff.ts";
import { addExplain } from "./commands/explain.ts";
import { addGrow } from "./commands/grow.ts";
import { addImages } from "./commands/images.ts";
import { addInit } from "./commands/init.ts";
import { addPlan } from "./commands/plan.ts";
import { addPreview } from "./commands/preview.ts";
import { addRender } from "./commands/render.ts";
import { CommandFailure, exitCodeOf, ioFailure } from "./failure.ts";
import { print, progress } from "./terminal.ts";

// A reader that has seen enough (`skopos plan | head`) closes the pipe: that is no error of its own.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
    if (stream === process.stdout) progress(ioFailure(error)?.message ?? error.message);
    process.exit(2);
  });
}

const exitCodes = `
Exit codes of every command:
  0  done, and nothing to report
  1  a problem in the configuration, or a finding: a policy, a moved tag, a claim that cannot grow, a change (diff)
  2  a wrong command line, or the command could not be carried out`;

const program = new Command("skopos")
  .description("The whole Kubernetes observability stack as typed code")
  .version(packageVersion(), "-V, --version")
  .showHelpAfterError("(run with --help for usage)")
  .showSuggestionAfterError()
  .exitOverride()
  .addHelpText("after", exitCodes);
for (const add of [addPreview, addRender, addPlan, addCheck, addDiff, addGrow, addImages, addExplain, addInit])
  add(program);

const json = process.argv.includes("--json");

try {
  await program.parseAsync();
} catch (error) {
  // Before anything is written: a closed pipe ends the process with it.
  process.exitCode = exitCodeOf(error);
  report(error);
}

/** Shows what went wrong, as JSON on stdout with `--json`. @throws what is not a mistake of the user */
function report(error: unknown): void {
  if (error instanceof ConfigurationError) {
    if (json) {
      const problems = error.problems.map((problem) => ({ ...problem, why: problemCatalogue[problem.code].why }));
      print(JSON.stringify({ error: "invalid configuration", problems }, null, 2));
      return;
    }
    const { length } = error.problems;
    progress(error.message);
    progress(
      `\n${length} ${length === 1 ? "problem" : "problems"}, nothing was written. Run "skopos explain CODE" for details.`,
    );
    return;
  }
  if (error instanceof CommanderError) {
    // Commander has printed its message, or the help or version that was asked for.
    if (json && error.exitCode !== 0) print(JSON.stringify({ error: error.message }));
    return;
  }
  const failure = error instanceof CommandFailure ? error : ioFailure(error);
  if (!failure) throw error;
  if (json) print(JSON.stringify({ error: failure.message }));
  else progress(failure.message);
}

function packageVersion(): string {
  // In the sources the file is one folder up; in the built package, two.
  for (const place of ["../package.json", "../../package.json"]) {
    try {
      return (JSON.parse(readFileSync(new URL(place, import.meta.url), "utf8")) as { version: string }).version;
    } catch {}
  }
  return "unknown";
}
