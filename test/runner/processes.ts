import { type ChildProcess, spawn } from "node:child_process";
import { endedChildrenCpuSeconds } from "../support/cpu.ts";

/** How a command ended. */
export interface Ended {
  /** Its exit code, null when a signal ended it. */
  readonly code: number | null;
  /** User and system time of it and its descendants. */
  readonly cpuSeconds: number;
}

const running = new Set<ChildProcess>();

/**
 * Runs a command and redirects all of its output to stderr, because stdout is for the summary.
 *
 * @throws Error if it cannot be started
 */
export function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<Ended> {
  const child = spawn(command, args, { ...options, stdio: ["ignore", 2, 2] });
  running.add(child);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => {
      running.delete(child);
      resolve({ code, cpuSeconds: endedChildrenCpuSeconds() });
    });
  });
}

/** Stops all commands that {@link run} has started. */
export function stopAll(): void {
  for (const child of running) child.kill();
}
