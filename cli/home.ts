import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** The folder of stack files of the project in a folder: Pulumi.yaml's `stackConfigDir`, else the project itself. */
export function stackFolder(project = process.cwd()): string {
  const file = join(project, "Pulumi.yaml");
  const { stackConfigDir } = existsSync(file)
    ? ((parse(readFileSync(file, "utf8")) ?? {}) as { stackConfigDir?: string })
    : {};
  return join(project, stackConfigDir ?? ".");
}
