import type { Command } from "commander";
import { headroom } from "../../stacks/headroom.ts";
import { stackFolder } from "../../stacks/load.ts";
import { planStack } from "../../stacks/plan.ts";
import { prerequisites } from "../../stacks/prerequisites.ts";
import { loadStack } from "../../stacks/stack.ts";
import { jsonOption, stackOption } from "../options.ts";
import {
  capacityTable,
  cardinalityTable,
  headroomText,
  notesText,
  overridesTable,
  planReasons,
  planSummary,
} from "../plan-text.ts";
import { prerequisitesText } from "../prerequisites-text.ts";
import { print } from "../terminal.ts";

/** `skopos plan`: what the stack needs from the cluster, and why. */
export function addPlan(program: Command): void {
  program
    .command("plan")
    .summary("show CPU, memory, disk and object storage, with reasons")
    .addOption(stackOption())
    .addOption(jsonOption())
    .addHelpText("after", "\nExamples:\n  skopos plan --stack prod\n  skopos plan --stack prod --json | jq .totals")
    .action(({ stack, json }: { stack: string; json?: boolean }) => {
      const rendered = loadStack(stackFolder(), stack);
      const plan = planStack(rendered);
      if (json) return print(JSON.stringify(plan, null, 2));
      const sections = [
        capacityTable(plan),
        overridesTable(plan),
        `${planSummary(plan)}\n${headroomText(headroom(rendered))}`,
        cardinalityTable(plan),
        notesText(plan),
        planReasons(plan),
        prerequisitesText(prerequisites(rendered)),
      ];
      print(sections.filter((section) => section !== "").join("\n\n"));
    });
}
