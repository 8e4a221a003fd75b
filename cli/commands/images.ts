import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type ImageName, imageReference } from "../../lib/kubernetes/index.ts";
import { imageLockName, readImageLock } from "../../stacks/image-lock.ts";
import { stackFolder } from "../../stacks/load.ts";
import { replacedImages, usedImages } from "../../stacks/plan.ts";
import { ConfigurationError } from "../../stacks/problem.ts";
import { loadStack, type RenderedStack } from "../../stacks/stack.ts";
import { CommandFailure } from "../failure.ts";
import { jsonOption, stackOption } from "../options.ts";
import { lockOf, type Resolution, type ResolvedImage, resolveDigests } from "../registry/pin.ts";
import { print, progress } from "../terminal.ts";
import { replaceFile } from "../write-file.ts";

/** An image of a stack. */
interface StackImage {
  readonly name: ImageName;
  /** Where it is published. */
  readonly source: string;
  /** What the pods pull, with a digest where one is known. */
  readonly reference: string;
  readonly digest: string | null;
}

interface Options {
  readonly stack: string;
  readonly mirror?: boolean;
  readonly pin?: boolean;
  readonly check?: boolean;
  readonly timeout: number;
  readonly plainHttp?: readonly string[];
  readonly json?: boolean;
}

/** `skopos images`: lists what a registry mirror must contain, and pins the images to digests. */
export function addImages(program: Command): void {
  program
    .command("images")
    .summary("list every image of the stack, or pin each to its digest")
    .addOption(stackOption())
    .addOption(
      new Option("--pin", "resolve the digest of every image and write images.<stack>.lock.json").conflicts([
        "check",
        "mirror",
      ]),
    )
    .addOption(
      new Option("--check", "compare the lock file with the registries: has a tag moved?").conflicts(["mirror"]),
    )
    .option("--mirror", "print the commands that copy the images to the stack's mirror, for every architecture")
    .option("--timeout <seconds>", "time a registry has to answer a request", seconds, 30)
    .option("--plain-http <host...>", "registries without TLS")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
--pin asks the registries, or the mirrors in skopos:images.registries, with the credentials of docker and podman: their
config.json and auth.json, and the credential helpers these name. Everything that renders the stack then uses the
digests in the lock file: commit it. If a single image fails, the file stays as it is. NODE_EXTRA_CA_CERTS names the
certificate of a private authority; NODE_USE_ENV_PROXY=1 makes Node use HTTPS_PROXY.

Exit codes of --pin and --check: 0 done, 1 a tag moved or is not locked (--check), 2 a registry did not answer as expected.

Examples:
  skopos images --stack prod --pin
  skopos images --stack prod --check --json
  skopos images --stack prod --mirror | sh
  skopos images --stack prod | xargs -n1 docker pull`,
    )
    .action(async (options: Options) => {
      const folder = stackFolder();
      if (options.pin || options.check) return resolveAll(folder, options);
      const images = imagesOf(loadStack(folder, options.stack));
      // Replaced images come from where they are stated: they are not copied.
      if (options.mirror) {
        const copies = copiesOf(images);
        return print(options.json ? JSON.stringify(copies, null, 2) : copies.map(({ command }) => command).join("\n"));
      }
      print(options.json ? JSON.stringify(images, null, 2) : images.map(({ reference }) => reference).join("\n"));
    });
}

function seconds(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= 3600) return number;
  throw new InvalidArgumentError("It is a whole number from 1 to 3600.");
}

function imagesOf(stack: RenderedStack): readonly StackImage[] {
  const catalogued = usedImages(stack).map((name) => [name, imageReference(name, stack.props.images)] as const);
  const replaced = [...replacedImages(stack)].map(([reference, name]) => [name, reference] as const);
  return [
    ...catalogued.map(([name, reference]) => ({ name, source: imageReference(name), reference })),
    ...replaced.map(([name, reference]) => ({ name, source: withoutDigest(reference), reference })),
  ].map((image) => ({ ...image, digest: image.reference.split("@")[1] ?? null }));
}

const withoutDigest = (reference: string): string => reference.split("@")[0] ?? reference;

/** `--pin` and `--check`. */
async function resolveAll(folder: string, options: Options): Promise<void> {
  const { stack, timeout, plainHttp = [] } = options;
  const { lock, problems } = readImageLock(folder, stack);
  if (options.check && problems.length > 0) throw new ConfigurationError(problems);
  const name = imageLockName(stack);
  // A digest in the stack file is not ours to replace.
  const open = imagesOf(loadStack(folder, stack, false)).filter(({ digest }) => digest === null);
  const references = [...new Set(open.map(({ reference }) => reference))].sort();
  const result = await resolveDigests(references, lock, { timeoutSeconds: timeout, plainHttp });
  const write = options.pin === true && result.failed.length === 0;
  if (write) replaceFile(join(folder, name), `${JSON.stringify(lockOf(result.images), null, 2)}\n`);
  const unlocked = result.images.filter(({ change }) => change !== "same");
  if (result.failed.length > 0) process.exitCode = 2;
  else if (options.check && unlocked.length > 0) process.exitCode = 1;
  if (options.json) return print(JSON.stringify({ stack, lock: name, written: write, ...result }, null, 2));
  const listed = options.check ? unlocked : result.images;
  if (listed.length > 0) print(listed.map(lineOf).join("\n"));
  for (const line of summary(result, name, write, options.check ?? false)) progress(line);
}

function lineOf({ reference, digest, change, previous }: ResolvedImage): string {
  return change === "moved" ? `${reference}@${digest} moved from ${previous}` : `${reference}@${digest} ${change}`;
}

function summary({ images, failed }: Resolution, lock: string, written: boolean, check: boolean): readonly string[] {
  const count = (change: string) => images.filter((image) => image.change === change).length;
  const onePlatform = images.filter(({ platforms }) => !platforms).map(({ reference }) => reference);
  const outcome = written
    ? `wrote ${lock}`
    : check
      ? `compared with ${lock}`
      : `${lock} was not written, because ${failed.length} of ${images.length + failed.length} images failed`;
  return [
    ...failed.map(({ reference, cause, fix }) => `${reference}: ${cause}\n  fix: ${fix}`),
    ...onePlatform.map((reference) => `${reference}: an image for one platform only, not an index of several`),
    `${outcome}: ${count("new")} new, ${count("moved")} moved, ${count("same")} unchanged`,
  ];
}

/** How an image gets to the mirror. */
interface Copy {
  readonly source: string;
  readonly target: string;
  /** A line for a shell. */
  readonly command: string;
}

/** Copies whole indices: a mirror of one architecture fails on a mixed cluster. Their digests stay the same. */
function copiesOf(images: readonly StackImage[]): readonly Copy[] {
  const mirrored = images
    .map(({ source, reference }) => ({ source: withoutDigest(source), target: withoutDigest(reference) }))
    .filter(({ source, target }) => source !== target);
  if (mirrored.length === 0)
    throw new CommandFailure(
      "the stack has no mirror: set skopos:images.registries, {docker.io: mirror.example.com/docker}",
    );
  return mirrored.map(({ source, target }) => ({
    source,
    target,
    command: `skopeo copy --all --preserve-digests docker://${source} docker://${target}`,
  }));
}
