// Single files of published Go modules: schemas that programs bring with their source.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cacheRoot } from "./cache.ts";

/** A file of a module at a version. */
export interface ModuleFile {
  readonly module: string;
  readonly version: string;
  /** The module's checksum, as go.sum would hold it. */
  readonly sum: string;
  /** Path in the module. */
  readonly path: string;
  /** Where the cache keeps it. */
  readonly cached: string;
}

/**
 * Reads a file from the cache, or else from the Go module proxy, once.
 * @throws Error if the module cannot be downloaded, or is not what the checksum says
 */
export function readModuleFile(file: ModuleFile): string {
  const cached = join(cacheRoot(), file.cached);
  if (!existsSync(cached)) download(file, cached);
  return readFileSync(cached, "utf8");
}

function download({ module, version, sum, path }: ModuleFile, cached: string): void {
  // A module cache of its own, deleted afterwards: sources are large.
  const modules = mkdtempSync(join(tmpdir(), "skopos-module-"));
  try {
    const printed = execFileSync("go", ["mod", "download", "-json", `${module}@${version}`], {
      cwd: modules,
      encoding: "utf8",
      timeout: 300_000,
      // The checksum is the one stated: not every proxy serves the checksum database.
      env: { ...process.env, GOMODCACHE: modules, GOFLAGS: "-modcacherw", GONOSUMDB: module, GOWORK: "off" },
    });
    const { Sum, Dir } = JSON.parse(printed) as { Sum: string; Dir: string };
    if (Sum !== sum) throw new Error(`${module}@${version} has checksum ${Sum}, not ${sum}`);
    mkdirSync(dirname(cached), { recursive: true });
    copyFileSync(join(Dir, path), `${cached}.${process.pid}`);
    chmodSync(`${cached}.${process.pid}`, 0o644);
    renameSync(`${cached}.${process.pid}`, cached);
  } finally {
    rmSync(modules, { recursive: true, force: true });
  }
}
