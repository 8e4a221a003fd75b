import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { programDirectory } from "./cache.ts";
import { findProgram } from "./catalogue.ts";

/** Where Debian installs what is not on PATH. */
const debianDirectories: Readonly<Record<string, string>> = { "cni-plugins": "/usr/lib/cni" };

/** Folders that hold system programs but are missing from some users' PATH. */
const systemPath = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/**
 * The absolute path of a real program, or undefined where this machine does not have it.
 *
 * A binary of the catalogue (`otelcol`, `kubelet`, ...) is only ever taken from the cache: a distribution's version of
 * the same program may be years older. Any other name (`runc`, `alloy`, `tempo`) is looked up on PATH. `cni-plugins`
 * is the folder of Debian's CNI plugins.
 */
export function programPath(name: string): string | undefined {
  const program = findProgram(name);
  if (program !== undefined) {
    const directory = programDirectory(program);
    return directory && existing(join(directory, name));
  }
  const debian = debianDirectories[name];
  if (debian !== undefined) return existing(debian);
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...systemPath];
  return folders.map((folder) => join(folder, name)).find((path) => existing(path) && statSync(path).isFile());
}

/** The path itself when it exists and may be executed (or entered). */
function existing(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
}
