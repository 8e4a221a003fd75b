import type { Command } from "commander";
import { type Image, imageReference, images } from "../../lib/kubernetes/index.ts";
import { replacedImages, usedImages } from "../../stacks/plan.ts";
import { loadStack } from "../../stacks/stack.ts";
import { CommandFailure } from "../failure.ts";
import { stackFolder } from "../home.ts";
import { jsonOption, stackOption } from "../options.ts";
import { print } from "../terminal.ts";

/** `skopos images`: lists what a registry mirror must contain. */
export function addImages(program: Command): void {
  program
    .command("images")
    .summary("list every image of the stack")
    .addOption(stackOption())
    .option("--mirror", "print the commands that copy the images to the stack's mirror, for every architecture")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  skopos images --stack prod | xargs -n1 docker pull\n  skopos images --stack prod --mirror | sh",
    )
    .action(({ stack, mirror, json }: { stack: string; mirror?: boolean; json?: boolean }) => {
      const rendered = loadStack(stackFolder(), stack);
      const catalogued = usedImages(rendered).map((name) => ({
        name,
        source: imageReference(name),
        reference: imageReference(name, rendered.props.images),
        digest: (images[name] as Image).digest ?? null,
      }));
      const replaced = [...replacedImages(rendered)].map(([reference, name]) => ({
        name,
        source: reference,
        reference,
        digest: reference.split("@")[1] ?? null,
      }));
      // Replaced images come from where they are stated: they are not copied.
      if (mirror) return print(copyCommands(catalogued).join("\n"));
      const list = [...catalogued, ...replaced];
      print(json ? JSON.stringify(list, null, 2) : list.map(({ reference }) => reference).join("\n"));
    });
}

/** Copies whole indices: a mirror of one architecture fails on a mixed cluster. */
function copyCommands(list: readonly { readonly source: string; readonly reference: string }[]): readonly string[] {
  const mirrored = list.filter(({ source, reference }) => source !== reference);
  if (mirrored.length === 0)
    throw new CommandFailure(
      "the stack has no mirror: set skopos:images.registries, {docker.io: mirror.example.com/docker}",
    );
  return mirrored.map(({ source, reference }) => `skopeo copy --all docker://${source} docker://${reference}`);
}
