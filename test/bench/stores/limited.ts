import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { requireProgram } from "../../data-plane/process.ts";
import { GiveUp, until } from "../../support/wait.ts";

/** A program under the memory limit that the plan gives its pod. */
export interface LimitedProgram {
  /** CPU seconds that it has used so far. */
  cpuSeconds(): number;
  /** Most resident memory that it ever had, in bytes. */
  peakBytes(): number;
  output(): string;
  stop(): Promise<void>;
}

const hierarchies = ["/sys/fs/cgroup/memory", "/sys/fs/cgroup"];
/** Clock ticks per second in /proc/PID/stat: the kernel's USER_HZ. */
const ticks = 100;

/** A cgroup with a memory limit, by the interface of version 1 or 2. */
function memoryCgroup(name: string, bytes: number): string {
  const root = hierarchies.find((path) => existsSync(path)) ?? "";
  const folder = join(root, `skopos-bench-${name}-${process.pid}`);
  mkdirSync(folder);
  const v1 = join(folder, "memory.limit_in_bytes");
  writeFileSync(existsSync(v1) ? v1 : join(folder, "memory.max"), String(bytes));
  return folder;
}

/**
 * Starts a program in a cgroup of its own, and waits until it is ready. @throws if the kernel or it itself ends it
 * @param command the program and its arguments
 */
export async function startLimited(
  [binary = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  memoryLimitBytes: number,
  readyUrl: string,
): Promise<LimitedProgram> {
  const cgroup = memoryCgroup(binary, memoryLimitBytes);
  const script = `echo $$ > ${cgroup}/cgroup.procs && exec "$@"`;
  const child: ChildProcess = spawn("/bin/sh", ["-c", script, "sh", requireProgram(binary), ...args], {
    env: { PATH: "/usr/bin:/bin", ...env },
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk) => (text = (text + chunk).slice(-20_000)));
  process.once("exit", () => child.kill("SIGKILL"));
  const exited = new Promise<void>((done) => child.once("exit", () => done()));
  const status = (file: string) => readFileSync(`/proc/${child.pid}/${file}`, "utf8");
  const assertAlive = () => {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new GiveUp(
        `${binary} ended (${child.signalCode ?? child.exitCode}) below its limit:\n${text.slice(-3000)}`,
      );
  };
  await until(`${binary} to be ready`, async () => {
    assertAlive();
    return (await fetch(readyUrl, { signal: AbortSignal.timeout(5000) })).ok;
  });
  return {
    cpuSeconds: () => {
      assertAlive();
      const fields = status("stat").split(") ")[1]?.split(" ") ?? [];
      return (Number(fields[11]) + Number(fields[12])) / ticks;
    },
    peakBytes: () => {
      assertAlive();
      return Number(/VmHWM:\s+(\d+)/.exec(status("status"))?.[1]) * 1024;
    },
    output: () => text,
    stop: async () => {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 30_000);
      await exited;
      clearTimeout(late);
      rmdirSync(cgroup);
    },
  };
}
