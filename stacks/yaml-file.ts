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
  // Pulumi warns of keys that are no text; the parser would, too.
  const document = parseDocument(text, { merge: true, logLevel: "error" });
  const [error] = document.errors;
  if (error) {
    const [reason = "syntax error"] = error.message.split("\n");
    // The parser's own words speak to programmers.
    const message = error.code === "MULTIPLE_DOCS" ? "has several documents: only one may be in the file" : reason;
    throw unreadable(message, `# correct line ${error.linePos?.[0].line ?? "?"}`);
  }
  try {
    return withoutCycles(document.toJS());
  } catch (error) {
    throw unreadable((error as Error).message, "# correct the aliases");
  }
}

/** @throws Error if a value contains itself: an alias within its own anchor */
function withoutCycles<T>(value: T, holders: readonly unknown[] = []): T {
  if (value === null || typeof value !== "object") return value;
  if (holders.includes(value)) throw new Error("an alias stands within its own anchor");
  for (const item of Object.values(value)) withoutCycles(item, [...holders, value]);
  return value;
}
