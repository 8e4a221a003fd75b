import type { Command } from "commander";
import { jsonReport } from "../../policies/reporters/index.ts";
import { stackFolder } from "../../stacks/load.ts";
import { planStack } from "../../stacks/plan.ts";
import { prerequisites } from "../../stacks/prerequisites.ts";
import { loadStack } from "../../stacks/stack.ts";
import { manifestsOf } from "../manifests.ts";
import { jsonOption, stackOption } from "../options.ts";
import { writeManifests } from "../output-folder.ts";
import { capacityTable, notesText, planSummary } from "../plan-text.ts";
import { checkStack } from "../policy-check.ts";
import { policyText } from "../policy-text.ts";
import { prerequisitesText } from "../prerequisites-text.ts";
import { type KeptClaims, keepClaims, keptClaimsText } from "../recorded-claims.ts";
import { paint, print, progress } from "../terminal.ts";

/** `skopos preview`, which `npm start` runs: the Pulumi program on the embedded engine, its capacity and manifests. */
export function addPreview(program: Command): void {
  program
    .command("preview")
    .summary("show the whole stack without a cluster: resources, capacity, manifests")
    .addOption(stackOption())
    .addOption(jsonOption())
    .addHelpText("after", "\nExamples:\n  npm start\n  npm start -- --stack prod")
    .action(async ({ stack, json }: { stack: string; json?: boolean }) => {
      const folder = stackFolder();
      const rendered = loadStack(folder, stack);
      progress(`running index.ts for ${stack} on the embedded engine ...`);
      // Imported here because no other command needs the Pulumi SDK, and importing it takes longer than everything else.
      const [{ runEmbedded }, { resourceTree }] = await Promise.all([
        import("../engine/embedded.ts"),
        import("../engine/tree.ts"),
      ]);
      const resources = await runEmbedded(folder, stack);
      const out = `dist/${stack}`;
      const kept: KeptClaims[] = [];
      const manifests = manifestsOf(
        rendered,
        keepClaims(out, (each) => kept.push(each)),
      );
      writeManifests(out, manifests, { force: true });
      const plan = planStack(rendered);
      const needed = prerequisites(rendered);
      const policies = checkStack(rendered);
      if (json) {
        const names = resources.map(({ type, name }) => ({ type, name }));
        return print(
          JSON.stringify(
            { stack, resources: names, plan, prerequisites: needed, policies: jsonReport(policies), manifests: out },
            null,
            2,
          ),
        );
      }
      const { context } = rendered.config.cluster;
      print(
        [
          resourceTree(resources),
          capacityTable(plan),
          planSummary(plan),
          ...(plan.notes.length > 0 ? [notesText(plan)] : []),
          prerequisitesText(needed),
          policyText(stack, policies),
          [`${manifests.length} manifests in ${out}/`, ...(kept.length > 0 ? [keptClaimsText(stack, kept)] : [])].join(
            "\n",
          ),
          [
            paint("bold", "next"),
            `  npx skopos plan --stack ${stack}      capacity, with the reason for each number`,
            `  npx pulumi up --stack ${stack}        deploy it to ${context ? `context ${context}` : "the current context"}`,
          ].join("\n"),
        ].join("\n\n"),
      );
    });
}
