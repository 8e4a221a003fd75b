import { type ChildProcess, execFile, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { GiveUp, type Patience, until } from "../support/wait.ts";
import type { Watchdog } from "./watchdog.ts";

/** A program that runs as long as the cluster, or until it is stopped. */
export interface Daemon {
  readonly name: string;
  /** The last lines it wrote, for error messages. */
  log(lines?: number): string;
  /** Waits until `check` succeeds; fails at once, with the log, when the daemon has ended. */
  ready(check: () => Promise<unknown>, patience?: Patience): Promise<void>;
  /** Ends it with SIGKILL and waits. */
  stop(): Promise<void>;
}

/** Where programs run: on this machine, or in the namespaces of one of the test's own. */
export interface Place {
  /** Starts a program in the background; its output goes to a file in the cluster's folder. */
  start(name: string, file: string, args: readonly string[], env?: Readonly<Record<string, string>>): Daemon;
  /** Runs a program to its end and returns what it printed. Throws, with its error output, when it fails. */
  run(file: string, ...args: readonly string[]): Promise<string>;
}

const execute = promisify(execFile);

/**
 * Programs see a search path and nothing else of the environment: no proxy, credential or locale slips in. Those of a cluster
 * are Go programs; they collect their garbage less often here, which is a fifth of the API server's work.
 */
export const environment = { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, GOGC: "400" };

/**
 * @param directory where logs are written.
 * @param prefix a command that enters the place and runs the rest of its arguments there; empty for this machine.
 */
export function newPlace(directory: string, watchdog: Watchdog, prefix: readonly string[] = []): Place {
  const command = (file: string, args: readonly string[]): [string, string[]] => {
    const [first = file, ...rest] = [...prefix, file, ...args];
    return [first, rest];
  };
  return {
    start(name, file, args, env = {}) {
      const path = join(directory, `${name}.log`);
      const output = openSync(path, "a");
      const child = spawn(...command(file, args), {
        stdio: ["ignore", output, output],
        env: { ...environment, ...env },
        cwd: directory,
        detached: true,
      });
      closeSync(output);
      const { pid } = child;
      if (pid !== undefined) {
        watchdog.add({ pid });
        child.once("exit", () => watchdog.add({ ended: pid }));
      }
      return daemonOf(name, child, path);
    },
    async run(file, ...args) {
      const { stdout } = await execute(...command(file, args), { env: environment, maxBuffer: 1 << 26 });
      return stdout;
    },
  };
}

function daemonOf(name: string, child: ChildProcess, path: string): Daemon {
  let ended: string | undefined;
  const exit = new Promise<void>((resolve) => {
    child.on("error", (error) => {
      ended = error.message;
      resolve();
    });
    child.on("exit", (code, signal) => {
      ended = `exit code ${code ?? signal}`;
      resolve();
    });
  });
  // The owner must be able to end while its daemons run: the watchdog takes them down then.
  child.unref();
  const log = (lines = 30) => readFileSync(path, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  return {
    name,
    log,
    ready: async (check, patience) => {
      const ask = async () => {
        if (ended !== undefined) throw new GiveUp(`${name} ended (${ended}):\n${log()}`);
        await check();
        return true;
      };
      await until(`${name} to be ready`, ask, { explain: log, ...patience });
    },
    async stop() {
      child.kill("SIGKILL");
      await exit;
    },
  };
}

/** Ports of the loopback interface that nobody listens on at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  const ports = await Promise.all(
    servers.map(async (server) => {
      if (!server.listening) await new Promise((resolve) => server.once("listening", resolve));
      return (server.address() as AddressInfo).port;
    }),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
