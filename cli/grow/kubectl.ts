import { spawn } from "node:child_process";
import type { KubernetesObject } from "../../lib/kubernetes/index.ts";
import { CommandFailure } from "../failure.ts";

/** kubectl could not do something; the message is its own. */
export class KubectlError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "KubectlError";
  }
}

/** The user's kubectl, with the user's kubeconfig and credentials. */
export interface Kubectl {
  /** Objects of a kind in a namespace, or of a cluster-scoped kind. @throws KubectlError */
  list<T extends KubernetesObject>(kind: string, namespace?: string): Promise<readonly T[]>;
  /** Runs kubectl with a text on stdin. @throws KubectlError */
  run(args: readonly string[], input?: string): Promise<string>;
}

/** @param context of the kubeconfig; undefined for the current one */
export function kubectlFor(context: string | undefined): Kubectl {
  const run: Kubectl["run"] = (args, input) =>
    new Promise((resolve, reject) => {
      // A request that hangs must not hang this command.
      const all = [...(context ? ["--context", context] : []), "--request-timeout=60s", ...args];
      const child = spawn("kubectl", all, { stdio: ["pipe", "pipe", "pipe"] });
      const [output, errors]: [Buffer[], Buffer[]] = [[], []];
      child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
      child.stdin.on("error", () => {});
      child.stdin.end(input ?? "");
      child.on("error", (error: NodeJS.ErrnoException) =>
        reject(
          error.code === "ENOENT" ? new CommandFailure("kubectl was not found: install it, or add it to PATH") : error,
        ),
      );
      child.on("close", (code) => {
        if (code === 0) return resolve(Buffer.concat(output).toString("utf8"));
        reject(new KubectlError(messageIn(Buffer.concat(errors).toString("utf8")) || `kubectl ended with ${code}`));
      });
    });
  return {
    run,
    list: async <T>(kind: string, namespace?: string) => {
      const text = await run(["get", kind, ...(namespace ? ["-n", namespace] : []), "-o", "json"]);
      return (JSON.parse(text) as { items: readonly T[] }).items;
    },
  };
}

/** A line of the log that kubectl's libraries write beside its message: `E1130 19:19:13.000000   12 memcache.go:265] ...`. */
const logLine = /^[IWEF]\d{4} \d{2}:\d{2}:\d{2}\.\d+ /;

/** The message of kubectl in what it wrote to stderr, as one line. */
function messageIn(stderr: string): string {
  const lines = stderr.split("\n").flatMap((line) => line.trim() || []);
  const own = lines.filter((line) => !logLine.test(line));
  return (own.length > 0 ? own : lines.slice(-1)).join("; ");
}
