import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import type { KubernetesObject } from "../engine/object.ts";
import { type LoadProblem, largestFile, type ReadFile, readManifest } from "./yaml.ts";

/** Manifests that could not be read, every problem at once. */
export class ManifestError extends Error {
  readonly problems: readonly LoadProblem[];

  constructor(problems: readonly LoadProblem[]) {
    super(problems.map(formatLoadProblem).join("\n"));
    this.name = "ManifestError";
    this.problems = problems;
  }
}

/** `file:line: what; fix: what to do` */
export function formatLoadProblem({ file, line, message, fix }: LoadProblem): string {
  return `${file}:${line}: ${message}\n  fix: ${fix.replaceAll("\n", "\n       ")}`;
}

/** What was read from files and folders. */
export interface Manifests {
  readonly objects: readonly KubernetesObject[];
  /** Files without a Kubernetes object. */
  readonly ignored: readonly string[];
}

/** What files say, by their content: of two folders with mostly the same files, each is parsed once. */
export type ParsedFiles = Map<string, ReadFile>;

/**
 * Reads manifests from files, from folders with everything below them, and from standard input (`-`).
 *
 * @param parsed what was parsed before, and gets what is parsed now. An object that comes from it names the file that was first
 * read. @default nothing
 * @throws ManifestError with every problem of every file
 */
export function readManifests(paths: readonly string[], parsed?: ParsedFiles): Manifests {
  const files = paths.flatMap((path) => (path === "-" ? ["-"] : filesIn(path)));
  const problems: LoadProblem[] = [];
  const objects: KubernetesObject[] = [];
  const ignored: string[] = [];
  for (const file of files) {
    const read = typeof file === "string" ? readOne(file, parsed) : { objects: [], problems: [file], ignored: [] };
    problems.push(...read.problems);
    objects.push(...read.objects.filter((object) => !isChartTest(object)));
    if (read.ignored.length > 0 && read.objects.length === 0) ignored.push(typeof file === "string" ? file : file.file);
  }
  if (problems.length === 0 && objects.length === 0) {
    problems.push({
      file: paths.join(" "),
      line: 1,
      message: "no Kubernetes object in it",
      fix: "name a folder or file of manifests: .yaml, .yml or .json",
    });
  }
  if (problems.length > 0) throw new ManifestError(problems);
  return { objects, ignored };
}

/** Whether an object is no part of what a chart installs: `helm test` creates it, and removes it when the test has run. */
const isChartTest = ({ annotations }: KubernetesObject): boolean => /^test\b/.test(annotations["helm.sh/hook"] ?? "");

/** Files below a path in the order of their names; the file itself where it is one. */
function filesIn(path: string): readonly (string | LoadProblem)[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return [{ file: path, line: 1, message: "no such file or folder", fix: "check the path" }];
  if (!stat.isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.name.startsWith(".") || entry.name === "node_modules") return [];
      const inner = join(path, entry.name);
      if (entry.isDirectory()) return filesIn(inner);
      return /\.(ya?ml|json)$/.test(entry.name) && entry.isFile() ? [inner] : [];
    });
}

function readOne(file: string, parsed: ParsedFiles = new Map()): ReadFile {
  const problem = (message: string, fix: string): ReadFile => ({
    objects: [],
    problems: [{ file, line: 1, message, fix }],
    ignored: [],
  });
  try {
    if (file !== "-") {
      const { size } = statSync(file);
      if (size > largestFile) {
        return problem(
          `the file has ${(size / 1024 / 1024).toFixed(1)} MiB; at most ${largestFile / 1024 / 1024} MiB are read`,
          "split it into several files",
        );
      }
      if (isBinary(file)) return problem("the file is not text", "name only manifests: YAML or JSON");
    }
    const content = readFileSync(file === "-" ? 0 : file, "utf8");
    const known = parsed.get(content);
    if (known) return known;
    const read = readManifest(content, file === "-" ? "(standard input)" : file);
    if (read.problems.length === 0) parsed.set(content, read);
    return read;
  } catch (error) {
    return problem(`cannot be read: ${error instanceof Error ? error.message : error}`, "check the file's permissions");
  }
}

/** Whether a file has a NUL byte at its start: text has none. */
function isBinary(file: string): boolean {
  const start = Buffer.alloc(1024);
  const handle = openSync(file, "r");
  try {
    return start.subarray(0, readSync(handle, start)).includes(0);
  } finally {
    closeSync(handle);
  }
}
