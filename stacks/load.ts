import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { ConfigurationError, type Problem } from "./problem.ts";
import { nearest } from "./suggest.ts";

/** A stack's file, with keys that have lost their `skopos:`. */
export interface StackFile {
  readonly stack: string;
  readonly path: string;
  readonly raw: Readonly<Record<string, unknown>>;
  /** Whether Pulumi ESC adds values that are unknown offline. */
  readonly hasEnvironment: boolean;
}

/** Names of the stacks in a folder: files `Pulumi.<stack>.yaml`. */
export function stackNames(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])
    .sort();
}

/** Reads a stack's file. @throws ConfigurationError when there is none, or it is not YAML */
export function readStackFile(folder: string, stack: string): StackFile {
  const path = join(folder, `Pulumi.${stack}.yaml`);
  if (!existsSync(path)) {
    const names = stackNames(folder);
    const meant = nearest(stack, names) ?? names[0];
    throw new ConfigurationError([
      {
        code: "SKP1006",
        path: `--stack ${stack}`,
        message: names.length > 0 ? `there are ${names.join(", ")}` : "no stack file was found here",
        fix: meant ? `--stack ${meant}` : "skopos init",
      },
    ]);
  }
  const document = parseDocument(readFileSync(path, "utf8"));
  const [error] = document.errors;
  if (error) {
    const problem: Problem = {
      code: "SKP1005",
      path: `Pulumi.${stack}.yaml`,
      message: error.message.split("\n")[0] ?? "syntax error",
      fix: `correct line ${error.linePos?.[0].line ?? "?"}`,
    };
    throw new ConfigurationError([problem]);
  }
  const { config = {}, environment } = (document.toJS() ?? {}) as {
    config?: Record<string, unknown>;
    environment?: unknown;
  };
  const raw = Object.entries(config ?? {}).flatMap(([key, value]) =>
    key.startsWith("skopos:") ? [[key.slice("skopos:".length), value] as const] : [],
  );
  return { stack, path, raw: Object.fromEntries(raw), hasEnvironment: environment !== undefined };
}
