import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join, relative } from "node:path";
import { DiffInputError } from "./errors.ts";

/** A revision of a project in a folder of its own. */
export interface CheckedOut extends Disposable {
  /** The project's folder in it. */
  readonly project: string;
  readonly commit: string;
}

/** Whether a text names a Git revision of the repository that a folder belongs to. */
function isRevision(project: string, name: string): boolean {
  try {
    git(project, "rev-parse", "--quiet", "--verify", `${name}^{commit}`);
    return true;
  } catch {
    return false;
  }
}

/**
 * Checks a revision out into a temporary Git worktree, with the packages of the project where both have the same lockfile, and
 * freshly installed ones (without install scripts) where they differ. Hooks of the repository do not run.
 *
 * @throws DiffInputError where there is no repository, or no such revision
 */
export function checkOut(project: string, revision: string, progress: (line: string) => void): CheckedOut {
  let top: string;
  try {
    top = git(project, "rev-parse", "--show-toplevel").trim();
  } catch {
    throw new DiffInputError(
      `${project} is not in a Git repository`,
      "name a folder of rendered manifests instead: skopos diff --base DIR",
    );
  }
  if (!isRevision(project, revision)) {
    const shallow = git(project, "rev-parse", "--is-shallow-repository").trim() === "true";
    throw new DiffInputError(
      `there is no folder and no Git revision ${JSON.stringify(revision)}`,
      shallow ? `fetch it first: git fetch --depth=1 origin ${revision}` : "see `git branch --all` and `git tag`",
    );
  }
  const commit = git(project, "rev-parse", "--verify", `${revision}^{commit}`).trim();
  const folder = mkdtempSync(join(tmpdir(), "skopos-diff-"));
  const tree = join(folder, "base");
  const remove = () => {
    try {
      git(top, "worktree", "remove", "--force", tree);
    } catch {
      // Not added yet, or gone already.
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    git(top, "-c", "core.hooksPath=/dev/null", "worktree", "add", "--detach", "--quiet", tree, commit);
    const inside = relative(realpathSync(top), realpathSync(project));
    const based = join(tree, inside);
    if (!existsSync(based))
      throw new DiffInputError(
        `${revision} has no folder ${inside}`,
        "the project is new: there is nothing to compare with",
      );
    providePackages(realpathSync(project), based, progress);
    return { project: based, commit, [Symbol.dispose]: remove };
  } catch (error) {
    remove();
    throw error;
  }
}

const lockfiles = ["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"];

function providePackages(head: string, base: string, progress: (line: string) => void): void {
  if (!existsSync(join(base, "package.json")) || existsSync(join(base, "node_modules"))) return;
  const contentOf = (folder: string) =>
    lockfiles
      .map((name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : ""))
      .join("\n");
  if (existsSync(join(head, "node_modules")) && contentOf(head) === contentOf(base)) {
    linkPackages(join(head, "node_modules"), join(base, "node_modules"), head);
    for (const workspace of workspacesOf(base)) {
      const inner = join(head, workspace, "node_modules");
      if (existsSync(inner)) linkPackages(inner, join(base, workspace, "node_modules"), head);
    }
    return;
  }
  progress("the lockfile differs: installing the packages of the base (without install scripts) ...");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  try {
    execFileSync(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: base,
      stdio: ["ignore", "ignore", "pipe"],
      shell: process.platform === "win32",
    });
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer };
    throw new DiffInputError(
      `npm ci failed in the base revision: ${stderr?.toString().trim().split("\n")[0] ?? ""}`,
      "run `npm ci --ignore-scripts` at that revision",
    );
  }
}

/** Links each package; links to workspaces are made anew, so that the base gets its own. */
function linkPackages(from: string, to: string, project: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    if (entry.isDirectory() && (entry.name.startsWith("@") || entry.name === ".bin"))
      linkPackages(source, join(to, entry.name), project);
    else if (entry.isSymbolicLink() && isInside(realpathSync(source), project))
      symlinkSync(readlinkSync(source), join(to, entry.name));
    else symlinkSync(source, join(to, entry.name));
  }
}

/** Whether a package lies in the project itself, not in its node_modules. */
const isInside = (path: string, project: string): boolean => {
  const inner = relative(project, path);
  return !inner.startsWith("..") && !isAbsolute(inner) && !inner.split(/[\\/]/).includes("node_modules");
};

function workspacesOf(project: string): readonly string[] {
  const { workspaces } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as { workspaces?: unknown };
  return Array.isArray(workspaces)
    ? workspaces.filter((each): each is string => typeof each === "string" && !each.includes("*"))
    : [];
}

function git(folder: string, ...args: readonly string[]): string {
  return execFileSync("git", args, {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
  });
}

/** The command line of a project's own Skopos: its sources where the project is Skopos itself, else the installed package. */
export function skoposOf(project: string): string {
  let folder = project;
  for (;;) {
    const own = join(folder, "package.json");
    if (existsSync(own) && (JSON.parse(readFileSync(own, "utf8")) as { name?: string }).name === "skopos")
      return join(folder, "bin", "skopos.mjs");
    const installed = join(folder, "node_modules", "skopos", "bin", "skopos.mjs");
    if (existsSync(installed)) return installed;
    const parent = dirname(folder);
    if (parent === folder) throw new DiffInputError(`${project} has no Skopos installed`, "npm install skopos");
    folder = parent;
  }
}
