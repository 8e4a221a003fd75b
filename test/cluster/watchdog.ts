import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

/** One thing that must not outlive the cluster: a process to end, or a folder to remove. */
export type Charge =
  | { readonly pid: number }
  /** A process that has ended by itself: its number may soon be another's. */
  | { readonly ended: number }
  /** A cgroup folder: removed from the leaves up, once its processes are gone. */
  | { readonly cgroup: string }
  | { readonly directory: string };

/**
 * A process of its own that ends what a cluster started, in the one way there is: when the pipe to its owner closes.
 * The owner closes it to dispose of the cluster; the kernel closes it when the owner dies, of SIGKILL too.
 */
export interface Watchdog {
  /** Takes something into charge. */
  add(charge: Charge): void;
  /** Ends everything, and returns when nothing is left. Throws what the watchdog could not remove. */
  close(): Promise<void>;
}

export function startWatchdog(): Watchdog {
  // Its own session: Ctrl-C reaches the owner, not the watchdog.
  const child: ChildProcess = spawn(process.execPath, [import.meta.filename], {
    stdio: ["pipe", "ignore", "pipe"],
    detached: true,
  });
  let complaints = "";
  child.stderr?.on("data", (chunk) => {
    complaints += chunk;
  });
  const exited = once(child, "exit");
  // After close() the pipe is gone, and so is what a late message could be about.
  child.stdin?.on("error", () => {});
  return {
    add: (charge) => void child.stdin?.write(`${JSON.stringify(charge)}\n`),
    async close() {
      child.stdin?.end();
      await exited;
      if (complaints !== "") throw new Error(complaints);
    },
  };
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Removes a cgroup and its children. The files in a cgroup cannot be unlinked; rmdir takes them along. */
const removeCgroup = (path: string): void => {
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) removeCgroup(join(path, entry.name));
  rmdirSync(path);
};

const attempt = async (action: () => void, tries: number): Promise<unknown> => {
  for (let left = tries; ; left--) {
    try {
      return void action();
    } catch (error) {
      if (left <= 1) return error;
      await sleep(50);
    }
  }
};

async function main(): Promise<void> {
  const charges: Charge[] = [];
  for await (const line of createInterface({ input: process.stdin })) charges.push(JSON.parse(line));
  const ended = new Set(charges.flatMap((charge) => ("ended" in charge ? [charge.ended] : [])));
  const pids = charges.flatMap((charge) => ("pid" in charge && !ended.has(charge.pid) ? [charge.pid] : []));
  for (const pid of pids.filter(isAlive)) await attempt(() => process.kill(pid, "SIGKILL"), 1);
  // A namespace's init goes only when all its processes are gone: mostly within four seconds, waited for up to thirty.
  for (let i = 0; i < 600 && pids.some(isAlive); i++) await sleep(50);
  for (const pid of pids.filter(isAlive)) console.error(`process ${pid} is still there`);
  for (const charge of charges) {
    const error =
      "cgroup" in charge
        ? await attempt(() => existsSync(charge.cgroup) && removeCgroup(charge.cgroup), 100)
        : "directory" in charge
          ? await attempt(() => rmSync(charge.directory, { recursive: true, force: true }), 100)
          : undefined;
    if (error) console.error(String(error));
  }
}

if (import.meta.main) await main();
