import { type ChildProcess, spawn } from "node:child_process";

const running = new Set<ChildProcess>();

/**
 * Runs a command to its end with everything it prints on our stderr, so that stdout stays ours.
 *
 * @returns its exit code, null when a signal ended it.
 * @throws Error when it cannot be started.
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

/** Ends what {@link run} has under way. */
export function stopAll(): void {
  for (const child of running) child.kill();
}
