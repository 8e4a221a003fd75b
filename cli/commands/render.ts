import type { Command } from "commander";
import { loadStack } from "../../stacks/stack.ts";
import { stackFolder } from "../home.ts";
import { manifestsOf } from "../manifests.ts";
import { jsonOption, stackOption } from "../options.ts";
import { writeManifests } from "../output-folder.ts";
import { type KeptClaims, keepClaims, keptClaimsText } from "../recorded-claims.ts";
import { print, progress } from "../terminal.ts";

/** `skopos render`: writes the stack as one YAML file per object. Never loads Pulumi. */
export function addRender(program: Command): void {
  program
    .command("render")
    .summary("write the stack's manifests, one file per object")
    .addOption(stackOption())
    .option("-o, --out <folder>", "output folder; stale files of an earlier run are deleted", "dist/<stack>")
    .option("--force", "write to a folder that has other files; these are never deleted")
    .option("--resize-claims", "do not keep the claim sizes of an earlier run, because nothing was deployed from it")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExample:\n  skopos render --stack prod --out manifests && kubectl apply --server-side -R -f manifests",
    )
    .action(({ stack, out, force = false, resizeClaims = false, json }: RenderOptions) => {
      const folder = out.replace("<stack>", stack);
      const kept: KeptClaims[] = [];
      const adjust = resizeClaims ? undefined : keepClaims(folder, (each) => kept.push(each));
      const manifests = manifestsOf(loadStack(stackFolder(), stack), adjust);
      writeManifests(folder, manifests, { force });
      if (json)
        return print(JSON.stringify({ stack, folder, files: manifests.map(({ path }) => path), keptClaims: kept }));
      progress(`wrote ${manifests.length} objects of ${stack} to ${folder}`);
      if (kept.length > 0) progress(keptClaimsText(stack, kept));
    });
}

interface RenderOptions {
  readonly stack: string;
  readonly out: string;
  readonly force?: boolean;
  readonly resizeClaims?: boolean;
  readonly json?: boolean;
}
