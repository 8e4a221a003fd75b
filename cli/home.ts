import { existsSync } from "node:fs";
import { join } from "node:path";
import { readYamlFile } from "../stacks/yaml-file.ts";
import { CommandFailure } from "./failure.ts";

/**
 * The folder that holds a project's stack files: `stackConfigDir` of its Pulumi.yaml, or the project folder itself.
 * @throws ConfigurationError if Pulumi.yaml cannot be read
 */
export function stackFolder(project = process.cwd()): string {
  const file = join(project, "Pulumi.yaml");
  if (!existsSync(file)) return project;
  const { stackConfigDir = "." } = (readYamlFile(file) ?? {}) as { stackConfigDir?: unknown };
  if (typeof stackConfigDir !== "string") throw new CommandFailure("Pulumi.yaml: stackConfigDir is not a folder name");
  return join(project, stackConfigDir);
}
