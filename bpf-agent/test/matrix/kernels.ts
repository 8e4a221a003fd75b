/** Debian's kernel packages, downloaded by apt and kept outside the work tree. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Meta packages: each names the newest build of its series. */
export const series = { "6.1": "linux-image-cloud-amd64", "6.12": "linux-image-6.12-cloud-amd64" } as const;
export type Series = keyof typeof series;

/** An unpacked kernel. */
export interface Kernel {
  /** As `uname -r` says it. */
  readonly release: string;
  readonly image: string;
  /** The folder with `modules.dep`. */
  readonly modules: string;
}

/** Where kernels are kept: `$XDG_CACHE_HOME/skopos/kernels`, else `~/.cache/skopos/kernels`. */
const cacheRoot = () => join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "skopos", "kernels");

/** The package a meta package depends on: `linux-image-RELEASE`. */
function newestOf(meta: string): string | undefined {
  const { stdout } = spawnSync("apt-cache", ["depends", meta], { encoding: "utf8" });
  return /Depends: (linux-image-[^\s]+)/.exec(stdout ?? "")?.[1];
}

/** Asks for the newest package, and for the lists of packages first where there are none. */
function packageOf(meta: string): string {
  const found = newestOf(meta);
  if (found) return found;
  execFileSync("apt-get", ["update", "-qq"], { stdio: ["ignore", "ignore", "pipe"] });
  const now = newestOf(meta);
  if (!now) throw new Error(`apt knows no package behind ${meta}`);
  return now;
}

/** Downloads a package into a folder; lists that name a version no longer served are fetched anew. */
function download(name: string, folder: string): void {
  const get = () =>
    execFileSync("apt-get", ["download", "-qq", name], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  try {
    get();
  } catch {
    execFileSync("apt-get", ["update", "-qq"], { stdio: ["ignore", "ignore", "pipe"] });
    get();
  }
}

/** A folder of the cache with what packages contain, downloaded where it is not there yet. */
function unpacked(name: string, packages: readonly string[], finish: (root: string) => void): string {
  const folder = join(cacheRoot(), name);
  if (existsSync(folder)) return folder;
  const partial = `${folder}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  for (const each of packages) download(each, partial);
  for (const archive of readdirSync(partial).filter((file) => file.endsWith(".deb"))) {
    execFileSync("dpkg-deb", ["--extract", archive, "."], { cwd: partial });
    rmSync(join(partial, archive));
  }
  finish(partial);
  renameSync(partial, folder);
  return folder;
}

/** The folder of C headers of Linux and glibc on arm64. @throws Error when apt cannot download them */
export function arm64Headers(): string {
  const root = unpacked("arm64-headers", ["linux-libc-dev-arm64-cross", "libc6-dev-arm64-cross"], () => {});
  return join(root, "usr", "aarch64-linux-gnu", "include");
}

/**
 * The newest kernel of a series, downloaded where it is not in the cache yet.
 *
 * @throws Error when apt cannot download it.
 */
export function kernelOf(name: Series): Kernel {
  const packageName = packageOf(series[name]);
  const release = packageName.replace("linux-image-", "");
  const folder = unpacked(release, [packageName], (root) => execFileSync("depmod", ["--basedir", root, release]));
  // /lib is a link to /usr/lib since Debian 13.
  const lib = [join(folder, "lib"), join(folder, "usr", "lib")].find((path) => existsSync(join(path, "modules")))!;
  return { release, image: join(folder, "boot", `vmlinuz-${release}`), modules: join(lib, "modules", release) };
}
