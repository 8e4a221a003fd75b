import { type ChildProcess, spawn } from "node:child_process";

const running = new Set<ChildProcess>();

/**
 * Runs a command and redirects all of its output to stderr, because stdout is for the summary.
 *
 * @returns its exit code; null if a signal ended it
 * @throws Error if it cannot be started
 */
export function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<number | null> {
  const child = spawn(command, args, { ...options, stdio: ["ignore", 2, 2] });
  running.add(child);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      running.delete(child);
      resolve(code);
    });
  });
}

/** Stops all commands that {@link run} has started. */
export function stopAll(): void {
  for (const child of running) child.kill();
}
