import { Command } from "commander";
import { ConfigurationError } from "../stacks/problem.ts";
import { addCheck } from "./commands/check.ts";
import { addExplain } from "./commands/explain.ts";
import { addImages } from "./commands/images.ts";
import { addInit } from "./commands/init.ts";
import { addPlan } from "./commands/plan.ts";
import { addPreview } from "./commands/preview.ts";
import { addRender } from "./commands/render.ts";
import { progress } from "./terminal.ts";

const program = new Command("skopos")
  .description("The whole Kubernetes observability stack as typed code")
  .showHelpAfterError("(run with --help for usage)")
  .showSuggestionAfterError();
for (const add of [addPreview, addRender, addPlan, addCheck, addImages, addExplain, addInit]) add(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  progress(error.message);
  const { length } = error.problems;
  progress(
    `\n${length} ${length === 1 ? "problem" : "problems"}, nothing was written. Run "skopos explain CODE" for details.`,
  );
  process.exitCode = 1;
}
