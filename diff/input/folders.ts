import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { ManifestError, type ParsedFiles } from "../../policies/load/files.ts";
import { type LoadProblem, readManifest } from "../../policies/load/yaml.ts";
import type { Manifest } from "../model/object.ts";
import { DiffInputError } from "./errors.ts";

/** The objects of two folders that may differ. */
export interface ObjectPair {
  readonly before: readonly Manifest[];
  readonly after: readonly Manifest[];
}

/** The same, and what was parsed for it. */
export interface FolderPair extends ObjectPair {
  readonly parsed: ParsedFiles;
}

/**
 * Reads two folders of manifests: YAML or JSON, streams, Lists, what Helm writes. A file that is the same on both sides, byte
 * for byte, is not parsed: most of a large tree never is.
 *
 * @throws ManifestError with every problem of every file
 * @throws DiffInputError where a folder is missing
 */
export function readFolders(before: string, after: string): FolderPair {
  const [left, right] = [filesOf(before), filesOf(after)];
  const problems: LoadProblem[] = [];
  const parsed: ParsedFiles = new Map();
  const read = (files: ReadonlyMap<string, Buffer>, others: ReadonlyMap<string, Buffer>, folder: string): Manifest[] =>
    [...files].flatMap(([path, content]) => {
      if (others.get(path)?.equals(content)) return [];
      const text = content.toString("utf8");
      const file = readManifest(text, join(folder, path));
      problems.push(...file.problems);
      parsed.set(text, file);
      return file.objects.map(({ raw }) => raw as unknown as Manifest);
    });
  const pair = { before: read(left, right, before), after: read(right, left, after), parsed };
  if (problems.length > 0) throw new ManifestError(problems);
  return pair;
}

/** Every manifest file below a folder by its path from there; a file stands for a folder that holds it alone. */
function filesOf(folder: string): ReadonlyMap<string, Buffer> {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (!stat)
    throw new DiffInputError(
      `${folder}: no such file or folder`,
      "name a folder of manifests, or a Git revision with --base",
    );
  if (!stat.isDirectory()) return new Map([["", readFileSync(folder)]]);
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:ya?ml|json)$/.test(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !/(?:^|[\\/])(?:\.|node_modules[\\/])/.test(path));
  return new Map(paths.sort().map((path) => [path.replaceAll("\\", "/"), readFileSync(join(folder, path))]));
}
