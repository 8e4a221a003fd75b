/** The two processors that the kernel matrix emulates, and the user space of their guests. */
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { buildAddon, whenStale } from "../../build.ts";
import { builtAddon } from "../harness.ts";
import { programsAddon } from "../programs.ts";
import { type Architecture, arm64Node, arm64Root } from "./kernels.ts";

export interface Platform {
  /** QEMU's program, with the options of the machine. */
  readonly emulator: readonly string[];
  /** The serial console's device. */
  readonly console: string;
  /** Has the guest's programs and shared libraries. */
  readonly root: string;
  readonly node: string;
  /** Where the addons are, by their path in `dist/`. */
  readonly addons: string;
}

const amd64 = (): Platform => ({
  emulator: ["qemu-system-x86_64", "-cpu", "max"],
  console: "ttyS0",
  root: "/",
  node: process.execPath,
  addons: "dist",
});

/** The addons are cross-compiled by clang. Neoverse N1 is what Graviton 2 and Ampere Altra have. */
function arm64(): Platform {
  const root = arm64Root();
  const addons = "dist/test/arm64";
  const target = ["--target=aarch64-linux-gnu", `--sysroot=${root}`, "-mno-outline-atomics"];
  // No start files and no libgcc: Debian's belong to a cross compiler that is not needed otherwise.
  const flags = [...target, "-fuse-ld=lld", "-nostdlib", "-lc"];
  for (const { output, sources, folders } of [
    { output: "flow_reader.node", folders: ["native", "kernel"] },
    programsAddon,
  ])
    whenStale(`${addons}/${output}`, folders, () =>
      buildAddon({ output: `${addons}/${output}`, sources, compiler: "clang", flags }),
    );
  const emulator = ["qemu-system-aarch64", "-machine", "virt", "-cpu", "neoverse-n1"];
  return { emulator, console: "ttyAMA0", root, node: arm64Node(), addons };
}

/** @throws NotDownloaded, or Error when something cannot be built. */
export function platformOf(architecture: Architecture): Platform {
  builtAddon();
  return { amd64, arm64 }[architecture]();
}

/** Follows a link to an absolute path inside the root. */
function real(root: string, path: string): string {
  const at = join(root, path);
  return lstatSync(at).isSymbolicLink() ? real(root, resolve(dirname(path), readlinkSync(at))) : at;
}

const programFolders = ["/bin", "/sbin", "/usr/bin", "/usr/sbin"];
const libraryFolders = ["x86_64-linux-gnu", "aarch64-linux-gnu"].flatMap((triple) => [
  `/lib/${triple}`,
  `/usr/lib/${triple}`,
]);

function find(root: string, name: string, folders: readonly string[]): string {
  const folder = folders.find((each) => existsSync(join(root, each, name)));
  if (!folder) throw new Error(`the kernel matrix needs ${name} in ${folders.join(", ")} of ${root}`);
  return join(folder, name);
}

/** A program's file. @throws Error when the root has none of that name. */
export const programIn = (root: string, name: string): string => real(root, find(root, name, programFolders));

/** What a binary needs to run, its interpreter included: the path in the guest, and the file. */
export function libraries(root: string, binary: string, found = new Map<string, string>()): Map<string, string> {
  const { stdout } = spawnSync("readelf", ["--wide", "--dynamic", "--program-headers", binary], { encoding: "utf8" });
  const [, interpreter] = /program interpreter: ([^\]]+)\]/.exec(stdout) ?? [];
  const needed = [...stdout.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name!);
  const others = needed.filter((name) => !name.startsWith("ld-linux"));
  for (const path of [
    ...(interpreter ? [interpreter] : []),
    ...others.map((name) => find(root, name, libraryFolders)),
  ]) {
    if (found.has(path)) continue;
    const file = real(root, path);
    found.set(path, file);
    libraries(root, file, found);
  }
  return found;
}
