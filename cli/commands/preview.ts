import type { Command } from "commander";
import { planStack } from "../../stacks/plan.ts";
import { prerequisites } from "../../stacks/prerequisites.ts";
import { loadStack } from "../../stacks/stack.ts";
import { stackFolder } from "../home.ts";
import { manifestsOf, writeManifests } from "../manifests.ts";
import { jsonOption, stackOption } from "../options.ts";
import { capacityTable, notesText, planSummary } from "../plan-text.ts";
import { prerequisitesText } from "../prerequisites-text.ts";
import { paint, print, progress } from "../terminal.ts";

/** `skopos preview`, the job of `npm start`: the Pulumi program run on the embedded engine, its capacity and manifests. */
export function addPreview(program: Command): void {
  program
    .command("preview")
    .summary("the whole stack without a cluster: resources, capacity, manifests")
    .addOption(stackOption())
    .addOption(jsonOption())
    .addHelpText("after", "\nExamples:\n  npm start\n  npm start -- --stack prod")
    .action(async ({ stack, json }: { stack: string; json?: boolean }) => {
      const folder = stackFolder();
      const rendered = loadStack(folder, stack);
      progress(`running index.ts for ${stack} on the embedded engine ...`);
      // Loaded here: no other command needs the Pulumi SDK, and loading it takes longer than all the rest.
      const [{ runEmbedded }, { resourceTree }] = await Promise.all([
        import("../engine/embedded.ts"),
        import("../engine/tree.ts"),
      ]);
      const resources = await runEmbedded(folder, stack);
      const out = `dist/${stack}`;
      const manifests = manifestsOf(rendered);
      writeManifests(out, manifests);
      const plan = planStack(rendered);
      const needed = prerequisites(rendered);
      if (json) {
        const names = resources.map(({ type, name }) => ({ type, name }));
        return print(JSON.stringify({ stack, resources: names, plan, prerequisites: needed, manifests: out }, null, 2));
      }
      const { context } = rendered.config.cluster;
      print(
        [
          resourceTree(resources),
          capacityTable(plan),
          planSummary(plan),
          ...(plan.notes.length > 0 ? [notesText(plan)] : []),
          prerequisitesText(needed),
          `${manifests.length} manifests in ${out}/`,
          [
            paint("bold", "next"),
            `  npx skopos plan --stack ${stack}      why each number is what it is`,
            `  npx pulumi up --stack ${stack}        bring it up${context ? ` on the context ${context}` : " on the current context"}`,
          ].join("\n"),
        ].join("\n\n"),
      );
    });
}
