import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { matchesGlob } from "node:path";
import { isBuilt } from "../binaries/cache.ts";
import { findProgram } from "../binaries/catalogue.ts";
import type { Tier } from "../tiers.ts";
import type { Machine } from "./plan.ts";

/** The machine that this process runs on; every answer is current. */
export const thisMachine: Machine = {
  linux: process.platform === "linux",
  root: process.getuid?.() === 0,
  hasPackage(name) {
    const query = spawnSync("dpkg-query", ["--show", "--showformat=${db:Status-Status}", name], { encoding: "utf8" });
    return query.error === undefined ? query.stdout === "installed" : undefined;
  },
  hasProgram(name) {
    const program = findProgram(name);
    if (program === undefined)
      throw new Error(`test/tiers.ts names a program that test/binaries/catalogue.ts lacks: ${name}`);
    return isBuilt(program);
  },
};

/**
 * The repository's test files, as paths relative to its root with forward slashes.
 *
 * @param paths only files whose path contains one of these; all files if empty
 */
export function testFiles(root: string, paths: readonly string[] = []): readonly string[] {
  return globSync("**/*.test.ts", { cwd: root, exclude: ["**/node_modules", "**/dist", "**/.*"] })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => paths.length === 0 || paths.some((path) => file.includes(path.replace(/^\.\//, ""))))
    .sort();
}

/** The test files of a tier. */
export function filesOf(tier: Tier, files: readonly string[]): readonly string[] {
  const matches = (file: string, globs: readonly string[]) => globs.some((glob) => matchesGlob(file, glob));
  return files.filter((file) => matches(file, tier.include) && !matches(file, tier.exclude));
}
