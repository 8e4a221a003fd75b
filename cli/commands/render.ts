import type { Command } from "commander";
import { loadStack } from "../../stacks/stack.ts";
import { stackFolder } from "../home.ts";
import { manifestsOf } from "../manifests.ts";
import { jsonOption, stackOption } from "../options.ts";
import { writeManifests } from "../output-folder.ts";
import { print, progress } from "../terminal.ts";

/** `skopos render`: writes the stack as one YAML file per object. Never loads Pulumi. */
export function addRender(program: Command): void {
  program
    .command("render")
    .summary("write the stack's manifests, one file per object")
    .addOption(stackOption())
    .option("-o, --out <folder>", "output folder; stale files of an earlier run are deleted", "dist/<stack>")
    .option("--force", "write to a folder that has other files; these are never deleted")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExample:\n  skopos render --stack prod --out manifests && kubectl apply --server-side -R -f manifests",
    )
    .action(({ stack, out, force, json }: { stack: string; out: string; force?: boolean; json?: boolean }) => {
      const folder = out.replace("<stack>", stack);
      const manifests = manifestsOf(loadStack(stackFolder(), stack));
      writeManifests(folder, manifests, { force: force ?? false });
      if (json) print(JSON.stringify({ stack, folder, files: manifests.map(({ path }) => path) }));
      else progress(`wrote ${manifests.length} objects of ${stack} to ${folder}`);
    });
}
