import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** The folder that holds a project's stack files: `stackConfigDir` of its Pulumi.yaml, or the project folder itself. */
export function stackFolder(project = process.cwd()): string {
  const file = join(project, "Pulumi.yaml");
  const { stackConfigDir } = existsSync(file)
    ? ((parse(readFileSync(file, "utf8")) ?? {}) as { stackConfigDir?: string })
    : {};
  return join(project, stackConfigDir ?? ".");
}
