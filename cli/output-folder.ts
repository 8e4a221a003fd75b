import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, normalize, relative, resolve, sep } from "node:path";
import { CommandFailure } from "./failure.ts";
import type { Manifest } from "./manifests.ts";

/** The list of files that were written to a folder. Without an extension, so that `kubectl apply -R` ignores it. */
export const inventoryName = ".skopos-inventory";

export interface WriteOptions {
  /** Whether to write to a folder with files of others, and to overwrite them. They are never deleted. @default false */
  readonly force?: boolean;
  /** Stack that the manifests belong to, which the folder then keeps. @default none */
  readonly stack?: string;
}

/** Start of the line of an inventory that names its stack. */
const stackMark = "# stack: ";

/** Refuses a folder that holds another stack: its files would be deleted, and its claim sizes taken for those of this one. */
export function requireSameStack(folder: string, stack: string): void {
  const held = stackIn(folder);
  if (held === undefined || held === stack) return;
  throw new CommandFailure(
    `--out ${folder} holds stack ${held}: name another folder, such as dist/${stack}, or delete it`,
  );
}

/** Refuses a folder that an earlier run did not write for this stack: it has no claim sizes to keep. */
export function requirePrevious(folder: string, stack: string): void {
  const held = stackIn(folder);
  if (readInventory(folder).length === 0)
    throw new CommandFailure(
      `--previous ${folder} was not written by skopos render: name the folder that you deployed`,
    );
  if (held !== undefined && held !== stack)
    throw new CommandFailure(`--previous ${folder} holds stack ${held}: name the folder of ${stack}`);
}

/** The stack that a folder was written for, where its inventory says so. */
function stackIn(folder: string): string | undefined {
  const mark = inventoryLines(folder).find((line) => line.startsWith(stackMark));
  return mark?.slice(stackMark.length);
}

/**
 * Writes manifests to a folder, and deletes the stale ones among the files that an earlier run wrote there. Nothing else
 * is ever deleted.
 * @throws CommandFailure for the project itself, and without `force` for a folder with files of others
 */
export function writeManifests(folder: string, manifests: readonly Manifest[], options: WriteOptions = {}): void {
  checkFolder(folder);
  const written = readInventory(folder);
  const paths = manifests.map(({ path }) => path);
  if (!options.force) checkForeign(folder, paths, written);
  createFolder(resolve(folder));
  // First everything that is or will be there: an interrupted run must not lose track of its files.
  writeInventory(folder, [...new Set([...written, ...paths])], options.stack);
  for (const { path, text } of manifests) {
    createFolder(resolve(folder, dirname(path)));
    writeFileSync(join(folder, path), text);
  }
  const wanted = new Set(paths);
  for (const stale of written) if (!wanted.has(stale)) remove(folder, stale);
  writeInventory(folder, paths, options.stack);
}

/** Refuses folders that hold the project: its own files could be taken for output. */
function checkFolder(folder: string): void {
  if (folder.trim() === "") throw new CommandFailure("--out is empty: name a folder, such as dist/dev");
  const toProject = relative(resolve(folder), process.cwd());
  if (!toProject.startsWith("..") && !isAbsolute(toProject)) {
    throw new CommandFailure(`--out ${folder} holds the project itself: name a folder of its own, such as dist/dev`);
  }
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found && !found.isDirectory() && !found.isSymbolicLink()) {
    throw new CommandFailure(`--out ${folder} is not a folder`);
  }
}

function checkForeign(folder: string, paths: readonly string[], written: readonly string[]): void {
  if (!existsSync(folder)) return;
  const known = new Set(written);
  if (known.size === 0 && readdirSync(folder).length > 0) {
    throw new CommandFailure(
      `--out ${folder} has files that were not written by skopos: name another folder, or add --force to write beside them`,
    );
  }
  const taken = paths.filter((path) => !known.has(path) && existsSync(join(folder, path)));
  if (taken.length > 0) {
    const few = taken.slice(0, 5).join(", ");
    const names = taken.length > 5 ? `${few} and ${taken.length - 5} more` : few;
    throw new CommandFailure(
      `--out ${folder} has files that ${inventoryName} does not list and that would be overwritten: ${names}; move them, or add --force`,
    );
  }
}

/** The files of an earlier run. Lines that lead out of the folder are ignored: someone else wrote them. */
export function readInventory(folder: string): readonly string[] {
  return inventoryLines(folder).filter(
    (line) => line !== "" && !line.startsWith("#") && !isAbsolute(line) && !normalize(line).startsWith(".."),
  );
}

function inventoryLines(folder: string): readonly string[] {
  const file = join(folder, inventoryName);
  return existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
}

function writeInventory(folder: string, paths: readonly string[], stack: string | undefined): void {
  const mark = stack === undefined ? "" : `${stackMark}${stack}\n`;
  writeFileSync(join(folder, inventoryName), `${mark}${paths.toSorted().join("\n")}\n`);
}

/** Deletes a file, and its folder if that is empty then. */
function remove(folder: string, path: string): void {
  const file = join(folder, path);
  if (!lstatSync(file, { throwIfNoEntry: false })?.isFile()) return;
  rmSync(file);
  const holder = dirname(file);
  if (readdirSync(holder).length === 0) rmdirSync(holder);
}

/** Like `mkdir -p`. Not `mkdirSync` with `recursive`, which never returns for a folder in /proc. */
function createFolder(path: string): void {
  const missing: string[] = [];
  for (let each = path; !existsSync(each) && each.includes(sep); each = dirname(each)) missing.push(each);
  for (const each of missing.reverse()) mkdirSync(each);
}
