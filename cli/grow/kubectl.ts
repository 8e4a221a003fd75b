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
        reject(
          new KubectlError(
            Buffer.concat(errors)
              .toString("utf8")
              .trim()
              .replace(/\s*\n\s*/g, "; ") || `kubectl ended with ${code}`,
          ),
        );
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
