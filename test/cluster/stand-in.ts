import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildEnv, cacheRoot, goToolchain } from "../binaries/cache.ts";

const source = join(import.meta.dirname, "stand-in");

/**
 * The stand-in's binary, built unless it is cached. It has no dependencies: a second, once.
 * @throws Error when there is no Go.
 */
export async function standInBinary(): Promise<string> {
  const go = goToolchain();
  if (go === undefined) throw new Error("the test clusters' stand-in needs Go on PATH");
  const hash = createHash("sha256").update(go);
  for (const file of ["go.mod", "main.go"]) hash.update(readFileSync(join(source, file)));
  const directory = join(cacheRoot(), `stand-in-${hash.digest("hex").slice(0, 16)}`);
  const binary = join(directory, "stand-in");
  if (existsSync(binary)) return binary;
  mkdirSync(cacheRoot(), { recursive: true });
  const scratch = mkdtempSync(join(cacheRoot(), ".building-stand-in-"));
  await promisify(execFile)("go", ["build", "-trimpath", "-ldflags", "-s -w", "-o", join(scratch, "stand-in"), "."], {
    cwd: source,
    env: { ...process.env, ...buildEnv },
  });
  // Another process may have been quicker: its build is as good.
  if (existsSync(directory)) rmSync(scratch, { recursive: true });
  else renameSync(scratch, directory);
  return binary;
}
