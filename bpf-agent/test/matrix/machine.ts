/** A machine of QEMU's that boots a kernel with the package's tests in its initramfs. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { Archive } from "./cpio.ts";
import type { Kernel } from "./kernels.ts";
import { libraries, type Platform, platformOf, programIn } from "./platform.ts";

const here = join(import.meta.dirname, "..", "..");

/** Kernel modules that the tests use. */
const modules = [
  ..."sch_ingress cls_bpf veth dummy bridge 8021q bonding macvlan ipvlan vxlan geneve ipip ip_gre tun".split(" "),
  ..."sch_netem cls_matchall act_gact".split(" "),
  ..."nf_conntrack nf_tables nft_chain_nat nft_nat nft_masq nft_numgen nft_ct".split(" "),
];

/** Programs that the tests run in a guest. */
const programs = ["sh", "mount", "modprobe", "sleep", "ip", "tc", "nft", "sysctl", "ping"];

/** Files of modules and of what they depend on, each once. */
function moduleFiles(kernel: Kernel): string[] {
  const needs = new Map<string, readonly string[]>();
  for (const line of readFileSync(join(kernel.modules, "modules.dep"), "utf8").trim().split("\n")) {
    const [file = "", dependencies = ""] = line.split(":");
    const name = basename(file)
      .replace(/\.ko.*$/, "")
      .replaceAll("-", "_");
    needs.set(name, [file, ...dependencies.split(" ").filter(Boolean)]);
  }
  return [...new Set(modules.flatMap((name) => needs.get(name) ?? []))];
}

function initramfs(kernel: Kernel, platform: Platform, path: string, script: string): void {
  using archive = new Archive(path);
  for (const folder of ["proc", "sys", "dev", "run", "tmp", "etc"]) archive.directory(folder);
  const { root, node, addons } = platform;
  const put = (at: string, binary: string) => {
    archive.copy(at, binary);
    for (const [path, file] of libraries(root, binary)) archive.copy(path, file);
  };
  for (const program of programs) put(`bin/${program}`, programIn(root, program));
  put("bin/node", node);
  archive.link("sbin", "bin");
  for (const addon of ["flow_reader.node", "test/programs.node"])
    put(`bpf-agent/dist/${addon}`, join(here, addons, addon));
  for (const file of moduleFiles(kernel))
    archive.copy(`lib/modules/${kernel.release}/${file}`, join(kernel.modules, file));
  for (const file of readdirSync(kernel.modules).filter((name) => name.startsWith("modules.")))
    archive.copy(`lib/modules/${kernel.release}/${file}`, join(kernel.modules, file));
  archive.file("etc/hosts", "127.0.0.1 localhost\n");
  archive.file("package.json", '{"type":"module"}');
  for (const file of readdirSync(join(here, "dist")).filter((name) => name.endsWith(".bpf.o")))
    archive.copy(`bpf-agent/dist/${file}`, join(here, "dist", file));
  // Empty, so that nothing counts as older than its sources.
  for (const folder of ["kernel", "native", "test/native", "bench"]) archive.directory(`bpf-agent/${folder}`);
  for (const folder of ["src", "test"]) addFolder(archive, folder);
  addScript(archive, "build.ts");
  archive.file("init", init(script));
}

function addFolder(archive: Archive, folder: string): void {
  for (const entry of readdirSync(join(here, folder), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && entry.name.endsWith(".ts")) addScript(archive, relative(here, path));
  }
}

/** As JavaScript: stripping the types of all modules takes an emulated processor seconds in every process. */
function addScript(archive: Archive, path: string): void {
  const stripped = stripTypeScriptTypes(readFileSync(join(here, path), "utf8"));
  archive.file(asScript(`bpf-agent/${path}`), stripped.replace(/(?<=["']\.{1,2}\/[^"'\n]*)\.ts(?=["'])/g, ".js"));
}

const asScript = (path: string) => path.replace(/\.ts$/, ".js");

const init = (script: string) => `#!/bin/sh
export PATH=/bin HOME=/tmp
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs run /run; mount -t tmpfs tmp /tmp
mount -t bpf bpf /sys/fs/bpf; mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
modprobe --all ${modules.join(" ")}
cd /bpf-agent && node ${asScript(script)} 2>&1
echo o > /proc/sysrq-trigger; sleep 10
`;

/** What a guest's line on the console begins with when it is a result. */
export const resultMark = "@result ";

/**
 * Boots a kernel, runs a script of this package in it and returns what it reported.
 *
 * @param script relative to the package
 * @throws Error with the console's last lines when the machine ends without a result.
 */
export async function runInKernel<T>(kernel: Kernel, script: string, timeoutMs = 600_000): Promise<T> {
  const scratch = mkdtempSync(join(tmpdir(), "skopos-kernel-"));
  try {
    const platform = platformOf(kernel.architecture);
    const archive = join(scratch, "initramfs");
    initramfs(kernel, platform, archive, script);
    const [emulator = "", ...machine] = platform.emulator;
    const size = ["-accel", "tcg,thread=multi", "-smp", "2", "-m", "2048", "-nographic", "-no-reboot"];
    const append = `console=${platform.console} panic=-1`;
    const boot = ["-kernel", kernel.image, "-initrd", archive, "-append", append];
    const child = spawn(emulator, [...machine, ...size, ...boot], { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    child.stdout.on("data", (data) => (text += data));
    child.stderr.on("data", (data) => (text += data));
    const limit = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    await once(child, "close");
    clearTimeout(limit);
    const line = text.split("\n").find((found) => found.startsWith(resultMark));
    if (line === undefined) throw new Error(`${kernel.release}: no result:\n${text.slice(-2500)}`);
    return JSON.parse(line.slice(resultMark.length)) as T;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
