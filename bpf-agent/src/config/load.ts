import { readFileSync } from "node:fs";
import { type LineCounter, LineCounter as Lines, parseDocument } from "yaml";
import { encodeFilter } from "../filter.ts";
import { type CompleteConfig, configSchema } from "./schema.ts";

/** A mistake in a configuration file. */
export interface ConfigProblem {
  /** Where, such as flows.timeouts.tcp; "" for the whole file. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** A configuration that cannot be used, with every mistake in it. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[]) {
    const lines = problems.map(
      ({ path, line, message }) => `${file}:${line}: ${path === "" ? "" : `${path} `}${message}`,
    );
    super(lines.join("\n"));
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/**
 * Reads a configuration file. An empty file is one with every default.
 *
 * @throws ConfigError with every mistake, or why the file cannot be read
 */
export function readConfig(file: string): CompleteConfig {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError(file, [{ path: "", line: 1, message: `cannot be read: ${(error as Error).message}` }]);
  }
  return parseConfig(text, file);
}

/** The same of text. */
export function parseConfig(text: string, file: string): CompleteConfig {
  const lines = new Lines();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ pos, message }) => ({
      path: "",
      line: lines.linePos(pos[0]).line,
      message: `is not YAML: ${message}`,
    }));
    throw new ConfigError(file, problems);
  }
  const parsed = configSchema.safeParse(document.toJS() ?? {});
  const lineOf = (path: readonly PropertyKey[]) => lineAt(document, lines, path);
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap(({ path, message, code, ...rest }) => {
      const unknown = code === "unrecognized_keys" ? (rest as { keys: string[] }).keys : undefined;
      const at = (key?: string) => [...path, ...(key === undefined ? [] : [key])];
      return (unknown ?? [undefined]).map((key) => ({
        path: at(key).join("."),
        line: lineOf(at(key)),
        message: key === undefined ? wording(message) : "is no setting; see --print-config",
      }));
    });
    throw new ConfigError(file, problems);
  }
  try {
    encodeFilter(JSON.parse(JSON.stringify(parsed.data.filter)));
  } catch (error) {
    throw new ConfigError(file, [{ path: "filter", line: lineOf(["filter"]), message: (error as Error).message }]);
  }
  return parsed.data;
}

/** Messages of the schema's own read as part of a sentence; those of the library are made to. */
const wording = (message: string): string =>
  message.startsWith("is ") ? message : `is wrong: ${message.replace(/^Invalid input: /, "")}`;

function lineAt(document: ReturnType<typeof parseDocument>, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true) ?? document.contents;
    const items = (parent as { items?: { key?: { value?: unknown; range?: [number, number, number] } }[] }).items ?? [];
    const start = items.find(({ key }) => key?.value === path[length - 1])?.key?.range?.[0];
    if (start !== undefined) return lines.linePos(start).line;
  }
  return 1;
}
