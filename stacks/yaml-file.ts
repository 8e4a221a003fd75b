import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { parseDocument } from "yaml";
import { ConfigurationError } from "./problem.ts";

/**
 * A YAML file as Pulumi reads it, with merge keys (`<<`).
 * @throws ConfigurationError if it is not a file, or not YAML
 */
export function readYamlFile(path: string): unknown {
  const unreadable = (message: string, fix: string) =>
    new ConfigurationError([{ code: "SKP1005", path: basename(path), message, fix }]);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EISDIR") throw unreadable("is a folder, not a file", `# move it away: ${basename(path)}`);
    throw unreadable(`cannot be read (${code})`, `# check the permissions of ${basename(path)}`);
  }
  const document = parseDocument(text, { merge: true });
  const [error] = document.errors;
  if (error) {
    const message = error.message.split("\n")[0] ?? "syntax error";
    throw unreadable(message, `# correct line ${error.linePos?.[0].line ?? "?"}`);
  }
  try {
    return document.toJS();
  } catch (error) {
    throw unreadable((error as Error).message, "# correct the aliases");
  }
}
