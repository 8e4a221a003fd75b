/** A machine of QEMU's that boots a kernel with the package's tests in its initramfs. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { Archive } from "./cpio.ts";
import type { Kernel } from "./kernels.ts";

const here = join(import.meta.dirname, "..", "..");

/** Modules the tests use, those they need before themselves. */
const modules = [
  ..."sch_ingress cls_bpf veth dummy bridge 8021q bonding macvlan ipvlan vxlan geneve ipip ip_gre tun".split(" "),
  ..."sch_netem cls_matchall act_gact".split(" "),
  ..."nf_conntrack nf_tables nft_chain_nat nft_nat nft_masq nft_numgen nft_ct".split(" "),
];

/** Programs of the host's that the tests run. */
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

/** The shared libraries of a binary, its interpreter among them. */
function libraries(binary: string): string[] {
  const { stdout } = spawnSync("ldd", [binary], { encoding: "utf8" });
  return [...(stdout ?? "").matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path!);
}

const which = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).stdout.trim();

function initramfs(kernel: Kernel, path: string, script: string): void {
  using archive = new Archive(path);
  for (const folder of ["proc", "sys", "dev", "run", "tmp", "etc"]) archive.directory(folder);
  const put = (binary: string, at: string) => {
    archive.copy(at, binary);
    for (const library of libraries(binary)) archive.copy(library);
  };
  for (const program of programs) {
    const found = which(program);
    if (!found) throw new Error(`the kernel matrix needs ${program} on PATH`);
    put(found, `bin/${program}`);
  }
  put(process.execPath, "bin/node");
  archive.link("sbin", "bin");
  for (const addon of ["dist/flow_reader.node", "dist/test/programs.node"])
    for (const library of libraries(join(here, addon))) archive.copy(library);
  for (const file of moduleFiles(kernel))
    archive.copy(`lib/modules/${kernel.release}/${file}`, join(kernel.modules, file));
  for (const file of readdirSync(kernel.modules).filter((name) => name.startsWith("modules.")))
    archive.copy(`lib/modules/${kernel.release}/${file}`, join(kernel.modules, file));
  archive.file("etc/hosts", "127.0.0.1 localhost\n");
  archive.file("package.json", '{"type":"module"}');
  for (const folder of ["dist", "src", "test", "bench", "kernel", "native"]) addFolder(archive, folder);
  archive.copy("bpf-agent/build.ts", join(here, "build.ts"));
  archive.file("init", init(script));
}

function addFolder(archive: Archive, folder: string): void {
  for (const entry of readdirSync(join(here, folder), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !path.includes("/sanitized/")) archive.copy(`bpf-agent/${relative(here, path)}`, path);
  }
}

const init = (script: string) => `#!/bin/sh
export PATH=/bin HOME=/tmp
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs run /run; mount -t tmpfs tmp /tmp
mount -t bpf bpf /sys/fs/bpf; mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
for module in ${modules.join(" ")}; do modprobe $module; done
cd /bpf-agent && node ${script} 2>&1
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
    const archive = join(scratch, "initramfs");
    initramfs(kernel, archive, script);
    const machine = [
      "-accel",
      "tcg,thread=multi",
      "-cpu",
      "max",
      "-smp",
      "2",
      "-m",
      "2048",
      "-nographic",
      "-no-reboot",
    ];
    const boot = ["-kernel", kernel.image, "-initrd", archive, "-append", "console=ttyS0 panic=-1"];
    const child = spawn("qemu-system-x86_64", [...machine, ...boot], { stdio: ["ignore", "pipe", "pipe"] });
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
