// A copy of the repository in which the commands of the documentation can run without touching the work tree.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { root } from "./markdown.ts";

/** What a command did. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  /** stdout and stderr, for the message of a failed test. */
  readonly output: string;
}

/** A scratch copy; each command runs once, however often its outcome is asked for. */
export interface Scratch {
  readonly run: (command: string) => Outcome;
  readonly remove: () => void;
}

/** Copies the sources on first use. node_modules is a folder of links, so that nothing in it can be deleted from here. */
export function scratchCopy(): Scratch {
  const outcomes = new Map<string, Outcome>();
  let folder: string | undefined;
  const make = (): string => {
    const made = mkdtempSync(join(tmpdir(), "skopos-docs-"));
    const left = new Set(["node_modules", "dist", ".git", "coverage", "build"]);
    cpSync(root, made, { recursive: true, filter: (source) => source === root || !left.has(basename(source)) });
    mkdirSync(join(made, "node_modules"));
    for (const entry of readdirSync(join(root, "node_modules"))) {
      symlinkSync(join(root, "node_modules", entry), join(made, "node_modules", entry));
    }
    return made;
  };
  return {
    run: (command) => {
      const known = outcomes.get(command);
      if (known) return known;
      folder ??= make();
      const path = `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}`;
      // npm prints a banner before a script unless told otherwise; it is not the script's output.
      const env = { ...process.env, PATH: path, NO_COLOR: "1", npm_config_loglevel: "silent", COLUMNS: "200" };
      const { status, stdout, stderr } = spawnSync("bash", ["-c", command], { cwd: folder, env, encoding: "utf8" });
      const outcome = { status, stdout, output: stdout + stderr };
      outcomes.set(command, outcome);
      return outcome;
    },
    remove: () => {
      if (folder) rmSync(folder, { recursive: true, force: true });
    },
  };
}
