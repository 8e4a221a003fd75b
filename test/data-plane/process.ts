import { type ChildProcess, spawn } from "node:child_process";
import { programPath } from "../binaries/find.ts";
import { GiveUp, until } from "../support/wait.ts";

/** A real program that a test started. */
export interface RunningProgram {
  readonly pid: number;
  /** All that it has written so far. */
  output(): string;
  /** Resolves with its exit code when it ends by itself. */
  readonly exited: Promise<number>;
  /** Ends it, by its pid, and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<number>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Path of a real program. @throws when it was not built: the runner decides whether a tier runs, not the test */
export function requireProgram(name: string): string {
  const path = programPath(name);
  if (!path) throw new Error(`${name} is not built: npm run binaries ${name}`);
  return path;
}

/**
 * Starts a real program. Its environment is empty but for what is given, so that nothing reaches out.
 * @param launcher command line that the program and its arguments are appended to. It must replace itself by them
 */
export function start(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  launcher: readonly string[] = [],
): RunningProgram {
  const [command = "", ...rest] = [...launcher, requireProgram(name), ...args];
  const child: ChildProcess = spawn(command, rest, { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...env } });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (text += chunk));
  const exited = new Promise<number>((done) => child.once("exit", (code, signal) => done(code ?? (signal ? 128 : 1))));
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    child.kill(signal);
    const late = setTimeout(() => child.kill("SIGKILL"), 60_000);
    const code = await exited;
    clearTimeout(late);
    return code;
  };
  return {
    pid: child.pid ?? -1,
    output: () => text,
    exited,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}

/** Waits until a URL answers 2xx, or until a probe succeeds. @throws with the program's output when it ends, or never answers */
export async function ready(program: RunningProgram, probe: string | (() => Promise<boolean>)): Promise<void> {
  const isReady =
    typeof probe === "string" ? async () => (await fetch(probe, { signal: AbortSignal.timeout(10_000) })).ok : probe;
  let ended: number | undefined;
  void program.exited.then((code) => (ended = code));
  const output = () => program.output().slice(-4000);
  await until(
    `an answer of ${typeof probe === "string" ? probe : "the program"}`,
    async () => {
      if (ended !== undefined) throw new GiveUp(`it ended with ${ended}:\n${output()}`);
      return isReady();
    },
    { every: 100, explain: output },
  );
}
