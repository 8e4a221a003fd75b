import type { Command } from "commander";
import { type Image, imageReference, images } from "../../lib/kubernetes/index.ts";
import { usedImages } from "../../stacks/plan.ts";
import { loadStack } from "../../stacks/stack.ts";
import { stackFolder } from "../home.ts";
import { jsonOption, stackOption } from "../options.ts";
import { print } from "../terminal.ts";

/** `skopos images`: lists what a registry mirror must contain. */
export function addImages(program: Command): void {
  program
    .command("images")
    .summary("list every image of the stack")
    .addOption(stackOption())
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  skopos images --stack prod | xargs -n1 docker pull")
    .action(({ stack, json }: { stack: string; json?: boolean }) => {
      const rendered = loadStack(stackFolder(), stack);
      const list = usedImages(rendered).map((name) => ({
        name,
        source: imageReference(name),
        reference: imageReference(name, rendered.props.images),
        digest: (images[name] as Image).digest ?? null,
      }));
      print(json ? JSON.stringify(list, null, 2) : list.map(({ reference }) => reference).join("\n"));
    });
}
