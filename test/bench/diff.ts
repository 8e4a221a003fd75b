// The cases of `npm run bench` about `skopos diff`, next to dyff where it is on PATH.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { manyManifests } from "../../policies/fixtures/many.ts";

/** One program on the pair, or two of them. */
export interface DiffCase {
  readonly name: string;
  readonly ours: () => void;
  /** dyff over the same objects; undefined where it cannot do the work, or is not installed. */
  readonly dyff?: (() => void) | undefined;
  /** Arguments of the command, for its peak memory. */
  readonly args: readonly string[];
  readonly cwd: string;
}

const bin = resolve("bin/skopos.mjs");

/** Runs a comparison; both programs end with 0 or 1. */
function compare(program: string, args: readonly string[], cwd: string): void {
  const { status, stderr } = spawnSync(program, args, { cwd, stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
  if (status !== 0 && status !== 1) throw new Error(`${program} ${args[0]} ended with ${status}: ${stderr}`);
}

/** The cases, over files that are written below a folder. */
export function diffCases(folder: string): readonly DiffCase[] {
  const dyff = spawnSync("dyff", ["version"]).error === undefined;
  const caseOf = (name: string, args: readonly string[], cwd: string, pair?: readonly [string, string]): DiffCase => ({
    name,
    args,
    cwd,
    ours: () => compare(process.execPath, [bin, ...args], cwd),
    dyff:
      pair && dyff ? () => compare("dyff", ["between", "--set-exit-code", "--output=brief", ...pair], cwd) : undefined,
  });
  const clone = changedProject(join(folder, "clone"));
  const [base, head] = ["base", "head"].map((side) => join(folder, side)) as [string, string];
  for (const [side, revision] of [
    [base, "base"],
    [head, "head"],
  ] as const) {
    if (revision === "base") execFileSync("git", ["stash", "--quiet"], { cwd: clone });
    execFileSync(process.execPath, [bin, "render", "--stack", "prod", "--out", side], { cwd: clone, stdio: "ignore" });
    if (revision === "base") execFileSync("git", ["stash", "pop", "--quiet"], { cwd: clone });
  }
  const many = manyObjects(folder, 10_000);
  return [
    caseOf("diff: prod with another retention, both renders", ["diff", "--base", "HEAD", "--stack", "prod"], clone),
    caseOf("diff: the same two folders, rendered", ["diff", "--base", base, head, "--no-policies"], folder, [
      joined(base),
      joined(head),
    ]),
    caseOf("diff: 10,000 objects, 30 changes", ["diff", "--base", many.base, many.head, "--no-policies"], folder, [
      joined(many.base),
      joined(many.head),
    ]),
  ];
}

/** A clone of this repository in which the prod stack has another retention: more than 30 objects change. */
function changedProject(clone: string): string {
  execFileSync("git", ["clone", "--quiet", "--shared", ".", clone]);
  for (const workspace of [".", "metrics", "bpf-agent", "toolchain"]) {
    const packages = resolve(workspace, "node_modules");
    if (readdirSync(workspace).includes("node_modules")) symlinkSync(packages, join(clone, workspace, "node_modules"));
  }
  const file = join(clone, "stacks/Pulumi.prod.yaml");
  const text = readFileSync(file, "utf8");
  const changed = text.replace(/skopos:retention: .*/, "skopos:retention: standard");
  if (changed === text) throw new Error("the prod stack has standard retention already");
  writeFileSync(file, changed);
  return clone;
}

/** Two folders of many objects, one file for each object, of which 30 differ. */
function manyObjects(folder: string, count: number): { readonly base: string; readonly head: string } {
  const sides = { base: join(folder, "many-base"), head: join(folder, "many-head") };
  for (const side of Object.values(sides)) mkdirSync(side);
  let left = 30;
  for (const [index, text] of manyManifests(count).split(/^---$/m).entries()) {
    const changed = index % 300 === 0 && left-- > 0 ? `${text.trimEnd()}\nchanged: true\n` : text;
    writeFileSync(join(sides.base, `${index}.yaml`), text);
    writeFileSync(join(sides.head, `${index}.yaml`), changed);
  }
  return sides;
}

/** The manifests of a folder as one file beside it: dyff compares two files. */
function joined(side: string): string {
  const files = readdirSync(side, { recursive: true, encoding: "utf8" }).filter((name) => /\.ya?ml$/.test(name));
  const file = `${side}.yaml`;
  writeFileSync(
    file,
    files
      .sort()
      .map((name) => readFileSync(join(side, name), "utf8"))
      .join("\n---\n"),
  );
  return file;
}
