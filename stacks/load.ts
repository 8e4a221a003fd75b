import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { nearest } from "../lib/formats/index.ts";
import { removeKey, renameKey } from "../lib/sizing/index.ts";
import { ConfigurationError, type Problem } from "./problem.ts";
import { stackSchema } from "./schema.ts";
import { readYamlFile } from "./yaml-file.ts";

/** A stack's configuration as it is written, keys without their `skopos:`. */
export interface RawConfig {
  readonly raw: Readonly<Record<string, unknown>>;
  /** Keys that look like ours and would be ignored. */
  readonly problems: readonly Problem[];
}

/** A stack's file. */
export interface StackFile extends RawConfig {
  readonly stack: string;
  readonly path: string;
  /** Whether Pulumi ESC adds values that are unknown offline. */
  readonly hasEnvironment: boolean;
}

/**
 * The folder that holds a project's stack files: `stackConfigDir` of its Pulumi.yaml, or the project folder itself.
 * @throws ConfigurationError if Pulumi.yaml cannot be read
 */
export function stackFolder(project = process.cwd()): string {
  const file = join(project, "Pulumi.yaml");
  if (!existsSync(file)) return project;
  const { stackConfigDir = "." } = (readYamlFile(file) ?? {}) as { stackConfigDir?: unknown };
  if (typeof stackConfigDir === "string") return join(project, stackConfigDir);
  const message = "stackConfigDir is not the name of a folder";
  throw new ConfigurationError([{ code: "SKP1020", path: "Pulumi.yaml", message, fix: "stackConfigDir: stacks" }]);
}

/** Names of the stacks in a folder: files `Pulumi.<stack>.yaml`. */
export function stackNames(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])
    .sort();
}

/** Reads a stack's file. @throws ConfigurationError if there is none, or it has no configuration */
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
  const content = readYamlFile(path);
  const { config, environment } = isMapping(content) ? content : {};
  if (!isMapping(config) && environment === undefined) {
    throw new ConfigurationError([noConfiguration(`Pulumi.${stack}.yaml`, content, config)]);
  }
  const keys = configKeys(isMapping(config) ? config : {});
  return { stack, path, ...keys, hasEnvironment: environment !== undefined };
}

/** Sorts out which keys of a Pulumi configuration, with their namespaces, are ours. */
export function configKeys(config: Readonly<Record<string, unknown>>): RawConfig {
  const raw: Record<string, unknown> = {};
  const problems: Problem[] = [];
  const known = Object.keys(stackSchema.shape);
  for (const [key, value] of Object.entries(config)) {
    const colon = key.indexOf(":");
    const [namespace, name] = colon < 0 ? ["", key] : [key.slice(0, colon), key.slice(colon + 1)];
    if (namespace === "skopos") raw[name] = value;
    else if (namespace === "" ? known.includes(name) : nearest(namespace, ["skopos"]) && nearest(name, known)) {
      const meant = `skopos:${nearest(name, known)}`;
      const message = `is not a key of this stack: did you mean "${meant}"?`;
      const fix = Object.hasOwn(config, meant) ? removeKey(key) : renameKey(key, meant);
      problems.push({ code: "SKP1008", path: key, message, fix });
    }
  }
  return { raw, problems };
}

/** The top-level keys that Pulumi knows. */
const topLevel = ["config", "environment", "secretsprovider", "encryptedkey", "encryptionsalt"];

function noConfiguration(path: string, content: unknown, config: unknown): Problem {
  const problem = { code: "SKP1009", path } as const;
  const fix = [
    "config:",
    "  skopos:cluster:",
    "    name: my-cluster",
    "    context: my-cluster",
    '    version: "1.36"',
    "    networkPolicies: false",
    "  skopos:retention: standard",
    "  skopos:scale: small",
    "  skopos:availability: single",
  ].join("\n");
  if (content === null || content === undefined) return { ...problem, message: "is empty", fix };
  if (!isMapping(content)) return { ...problem, message: "is not a mapping of keys to values", fix };
  if (config !== undefined && config !== null) {
    return { ...problem, message: "config is not a mapping of keys to values", fix };
  }
  const typo = Object.keys(content).find((key) => !topLevel.includes(key) && nearest(key, ["config"]));
  return typo
    ? { ...problem, message: `has no config, but "${typo}": did you mean "config"?`, fix: renameKey(typo, "config") }
    : { ...problem, message: "has no config", fix };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
