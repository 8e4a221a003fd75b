import { readFileSync } from "node:fs";
import { isSeq, type LineCounter, LineCounter as Lines, parseDocument } from "yaml";
import { encodeFilter } from "../filter.ts";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { assign, readEnvironment, type Setting } from "./environment.ts";
import { hasRedacted } from "./print.ts";
import { type CompleteConfig, configSchema } from "./schema.ts";

/**
 * Reads a configuration file. An empty file is one with every default.
 *
 * @param file undefined for none
 * @param env variables that override it: `readEnvironment` @default none
 * @throws ConfigError with every mistake, or why the file cannot be read
 */
export function readConfig(file: string | undefined, env: NodeJS.ProcessEnv = {}): CompleteConfig {
  if (file === undefined) return parseConfig("", "the configuration", env);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError([{ path: "", place: file, message: `cannot be read: ${(error as Error).message}` }]);
  }
  return parseConfig(text, file, env);
}

/** Does the same for text. @param file its name in messages */
export function parseConfig(text: string, file: string, env: NodeJS.ProcessEnv = {}): CompleteConfig {
  const lines = new Lines();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map(({ pos, message }) => ({
        path: "",
        place: `${file}:${lines.linePos(pos[0]).line}`,
        message: `is not YAML: ${message}`,
      })),
    );
  }
  const content: unknown = document.toJS() ?? {};
  const { overrides, problems: wrongVariables } = readEnvironment(env);
  if (typeof content === "object" && !Array.isArray(content)) {
    for (const { setting, value } of overrides) assign(content as Record<string, unknown>, setting.path, value);
  }
  const place = (path: readonly PropertyKey[]) =>
    overrides.find(({ setting }) => isWithin(path, setting))?.setting.variable ??
    `${file}:${lineAt(document, lines, path)}`;
  const problems: ConfigProblem[] = wrongVariables.map(({ variable, message }) => ({
    path: "",
    place: variable,
    message,
  }));
  const parsed = configSchema.safeParse(content);
  if (!parsed.success) {
    problems.push(
      ...parsed.error.issues.flatMap(({ path, message, code, ...rest }) => {
        const unknown = code === "unrecognized_keys" ? (rest as { keys: string[] }).keys : undefined;
        const at = (key?: string) => [...path, ...(key === undefined ? [] : [key])];
        return (unknown ?? [undefined]).map((key) => ({
          path: at(key).join("."),
          place: place(at(key)),
          message: key === undefined ? wording(message) : "is not a setting; see --print-config",
        }));
      }),
    );
  } else {
    problems.push(
      ...problemsBeyondTypes(parsed.data).map(({ path, message }) => ({
        path: path.join("."),
        place: place(path),
        message,
      })),
    );
  }
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);
  return parsed.data;
}

/** What the schema does not know of. */
function problemsBeyondTypes(config: CompleteConfig): { path: string[]; message: string }[] {
  const problems: { path: string[]; message: string }[] = [];
  try {
    encodeFilter(JSON.parse(JSON.stringify(config.filter)));
  } catch (error) {
    problems.push({ path: ["filter"], message: (error as Error).message });
  }
  for (const [index, { headers }] of config.export.endpoints.entries()) {
    if (!hasRedacted(headers)) continue;
    const message = "has a value that --print-config left out: write the header's value";
    problems.push({ path: ["export", "endpoints", String(index), "headers"], message });
  }
  return problems;
}

/** Whether a path is a setting, or leads into its value. */
const isWithin = (path: readonly PropertyKey[], setting: Setting): boolean =>
  setting.path.every((name, index) => path[index] === name);

/** The schema's own messages are part of a sentence; those of the library become one. */
const wording = (message: string): string =>
  /^(is|has) /.test(message) ? message : `is wrong: ${message.replace(/^Invalid input: /, "")}`;

function lineAt(document: ReturnType<typeof parseDocument>, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const start = isSeq(parent)
      ? (parent.items[Number(path[length - 1])] as { range?: [number, number, number] } | undefined)?.range?.[0]
      : startOfKey(parent, path[length - 1]);
    if (start !== undefined) return lines.linePos(start).line;
  }
  return 1;
}

function startOfKey(map: unknown, name: PropertyKey | undefined): number | undefined {
  const { items = [] } = (map ?? {}) as { items?: { key?: { value?: unknown; range?: [number, number, number] } }[] };
  return items.find(({ key }) => key?.value === name)?.key?.range?.[0];
}
