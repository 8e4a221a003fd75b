import { spawn } from "node:child_process";
import { mkdirSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { skoposOf } from "./revision.ts";

/** Longest time that rendering a stack may take, in milliseconds: a render takes about one second. */
const longestRender = 300_000;

/**
 * Variables that a rendering process gets. Everything else stays out, tokens and passwords first: the code of a pull request
 * runs in that process.
 */
const passedOn: readonly string[] = ["PATH", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SystemRoot", "PATHEXT"];

/** A stack's rendering failed; the message is what the program said. */
export class RenderError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "RenderError";
  }
}

/** What a revision of a stack renders: a folder of manifests, and the capacity plan. */
export interface Rendering {
  readonly folder: string;
  readonly plan: PlannedTotals;
}

/** The part of `skopos plan --json` that objects do not show. */
export interface PlannedTotals {
  readonly kubernetesVersion?: string;
  readonly totals: Readonly<Record<string, number>>;
  readonly cost?: { readonly currency: string; readonly month: number };
}

/**
 * Renders a stack of a project with the project's own Skopos, in a process of its own that sees no secret of this one.
 *
 * @param scratch an empty folder: home of the process, and where the manifests go
 * @throws RenderError with what the program printed
 */
export async function renderStackOf(project: string, stack: string, scratch: string): Promise<Rendering> {
  const folder = join(scratch, "manifests");
  const home = join(scratch, "home");
  mkdirSync(home, { recursive: true });
  const command = skoposOf(project);
  // Code of a temporary checkout never runs again from there: compiled, it would only fill the cache.
  const env = { HOME: home, USERPROFILE: home, ...(isBelow(realpathSync(command), tmpdir()) && noCompileCache) };
  const skopos = (...args: readonly string[]) => run(command, [...args, "--stack", stack], project, env);
  const render = ["render", "--out", folder];
  // What --json says of a mistake is for programs: a reader gets the words.
  const { plan } = JSON.parse(await skopos(...render, "--json").catch(() => skopos(...render))) as {
    plan?: PlannedTotals;
  };
  // A revision from before `render --json` had it.
  return { folder, plan: plan ?? (JSON.parse(await skopos("plan", "--json")) as PlannedTotals) };
}

const noCompileCache = { NODE_DISABLE_COMPILE_CACHE: "1" };

const isBelow = (path: string, folder: string) => path.startsWith(`${realpathSync(folder)}${sep}`);

function run(
  script: string,
  args: readonly string[],
  cwd: string,
  own: Readonly<Record<string, string>>,
): Promise<string> {
  const env = Object.fromEntries(
    passedOn.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd,
      env: { ...env, ...own, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: longestRender,
      killSignal: "SIGKILL",
    });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    child.on("error", (error) => reject(new RenderError(error.message)));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(Buffer.concat(output).toString("utf8"));
      else
        reject(
          new RenderError(Buffer.concat(errors).toString("utf8").trim() || `ended with ${signal ?? `code ${code}`}`),
        );
    });
  });
}
