import { hostname } from "node:os";
import { isAlias, isMap, isScalar, LineCounter, parseDocument, type Node as YamlNode } from "yaml";
import { type Problem, shown, throwIfAny } from "../errors.ts";
import { didYouMean } from "./did-you-mean.ts";
import { environmentName, type ObservabilityConfig, SETTINGS, type Setting } from "./schema.ts";

const ROOT = "observability";
/** Parts of the longest path of a setting. */
const DEEPEST = Math.max(...SETTINGS.map(({ path }) => path.split(".").length));
/** Aliases put into one value. */
const MOST_ALIASES = 100;

export interface ParseOptions {
  /** For `${NAME}` and overrides. @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Shown before the line in errors. @default none */
  readonly file?: string;
}

/**
 * Reads the observability settings of a service from YAML. `${NAME}` and `${NAME:-otherwise}` in text stand for environment
 * variables; `OBSERVABILITY_<PATH>` overrides a setting.
 * @throws MetricsError with every problem
 */
export function parseConfig(yaml: string, options: ParseOptions = {}): ObservabilityConfig {
  const { environment = process.env, file } = options;
  const problems: Problem[] = [];
  const given = readYaml(yaml, file, problems);
  // What cannot be read is not also missing.
  throwIfAny(problems);
  const config: Record<string, unknown> = {};
  for (const setting of SETTINGS) {
    const variable = environmentName(setting.path);
    const override = Object.hasOwn(environment, variable) ? environment[variable] : undefined;
    const entry = given.get(setting.path);
    given.delete(setting.path);
    const place = override === undefined ? (entry?.place ?? `${ROOT}.${setting.path}`) : variable;
    const raw = override ?? entry?.value;
    const value = expand(raw, place, environment, problems);
    // What came out of the environment is text, whatever it stands for.
    const typed =
      typeof value === "string" && (override !== undefined || value !== raw) ? fromText(setting, value) : value;
    put(config, setting.path, check(setting, place, typed, problems));
  }
  for (const [path, { place }] of given) {
    const fix = didYouMean(
      path,
      SETTINGS.map((setting) => setting.path),
    );
    problems.push({ code: "CONFIG_UNKNOWN", path: place, why: `${path} is not a setting.`, fix });
  }
  throwIfAny(problems);
  return config as unknown as ObservabilityConfig;
}

interface Given {
  readonly value: unknown;
  /** The path, and the line where there is a file. */
  readonly place: string;
}

/** Values by path. Maps are gone through, but for those that are values themselves. */
function readYaml(yaml: string, file: string | undefined, problems: Problem[]): Map<string, Given> {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number | undefined) =>
    offset === undefined ? "" : ` (${file ? `${file}:` : "line "}${lines.linePos(offset).line})`;
  for (const error of document.errors) {
    problems.push({
      code: "CONFIG_YAML",
      path: `${file ?? "YAML"}${at(error.pos[0])}`,
      why: `${error.message}.`,
      fix: "Correct the YAML.",
    });
  }
  const given = new Map<string, Given>();
  const resolve = (node: YamlNode | null | undefined) => (isAlias(node) ? node.resolve(document) : node);
  const visit = (written: YamlNode | null, path: readonly string[]): void => {
    const node = resolve(written);
    const name = path.join(".");
    const isValue = SETTINGS.some((setting) => setting.path === name && setting.type === "texts");
    // Deeper than any setting is only what names itself by an alias.
    if (!isMap(node) || isValue || path.length > DEEPEST) {
      // An empty section, e.g. `registry:` with everything below commented out, says nothing.
      if (isScalar(node) && node.value === null) return;
      given.set(name, { value: plainValue(node, document), place: `${ROOT}.${name}${at(written?.range?.[0])}` });
      return;
    }
    for (const { key, value } of node.items) visit(value as YamlNode | null, [...path, String(key)]);
  };
  const { contents } = document;
  if (document.errors.length > 0) return given;
  for (const item of isMap(contents) ? contents.items : []) {
    if (String(item.key) === ROOT) visit(item.value as YamlNode | null, []);
  }
  if (!isMap(contents) || !contents.has(ROOT)) {
    const why = `there is no ${ROOT} at the top.`;
    problems.push({ code: "CONFIG_ROOT", path: file ?? "YAML", why, fix: `Put the settings below ${ROOT}:` });
  }
  return given;
}

/** A value with its aliases put in, or text that no setting takes when that cannot be done. */
function plainValue(node: YamlNode | null | undefined, document: ReturnType<typeof parseDocument>): unknown {
  if (!node) return undefined;
  try {
    // Aliases that multiply, or name what they stand in, are an error here.
    return node.toJS(document, { maxAliasCount: MOST_ALIASES });
  } catch {
    return [];
  }
}

/** What the text of an environment variable says. */
function fromText({ type }: Setting, text: string): unknown {
  if (type === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (type === "number" || type === "integer") return text.trim() === "" ? text : Number(text);
  if (type === "texts") return Object.fromEntries(text.split(",").map((pair) => pair.split(/=(.*)/s, 2)));
  return text;
}

function expand(
  value: unknown,
  place: string,
  environment: NonNullable<ParseOptions["environment"]>,
  problems: Problem[],
): unknown {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, expand(inner, place, environment, problems)]),
    );
  }
  if (typeof value !== "string") return value;
  return value.replace(
    /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g,
    (_, name: string, otherwise: string | undefined) => {
      // Shells do not export HOSTNAME everywhere; the system always knows it.
      const system = name === "HOSTNAME" ? hostname() : undefined;
      const set = Object.hasOwn(environment, name) ? environment[name] : undefined;
      // As in a shell, `:-` is also for what is set to nothing.
      const found = otherwise === undefined ? (set ?? system) : set || system || otherwise;
      if (found === undefined) {
        const why = `the environment variable ${name} is not set.`;
        problems.push({ code: "CONFIG_VARIABLE", path: place, why, fix: `Set it, or write \${${name}:-otherwise}.` });
      }
      return found ?? "";
    },
  );
}

function check(setting: Setting, place: string, value: unknown, problems: Problem[]): unknown {
  const report = (code: string, why: string, fix: string) => problems.push({ code, path: place, why, fix });
  if (value === undefined) {
    if (setting.required) report("CONFIG_MISSING", "it is not set.", setting.help);
    return setting.default;
  }
  const { type, least = -Infinity, most = Infinity, oneOf } = setting;
  if (!isOfType(type, value)) {
    // Headers hold credentials.
    const what = type === "texts" ? "it" : shown(value);
    report("CONFIG_TYPE", `${what} is not ${TYPE_NAMES[type]}.`, setting.help);
  } else if (typeof value === "number" && !(value >= least && value <= most)) {
    report("CONFIG_RANGE", `${value} is not between ${least} and ${most}.`, setting.help);
  } else if (oneOf && !oneOf.includes(value as string)) {
    report("CONFIG_CHOICE", `${JSON.stringify(value)} is not a choice.`, didYouMean(value as string, oneOf));
  }
  return value;
}

const TYPE_NAMES = {
  text: "text",
  address: "an http or https address",
  boolean: "true or false",
  number: "a number",
  integer: "a whole number",
  texts: "a map of texts",
} as const;

function isOfType(type: Setting["type"], value: unknown): boolean {
  if (type === "text") return typeof value === "string" && value !== "";
  if (type === "address") return typeof value === "string" && /^https?:$/.test(URL.parse(value)?.protocol ?? "");
  if (type === "boolean") return typeof value === "boolean";
  if (type === "number") return typeof value === "number" && Number.isFinite(value);
  if (type === "integer") return Number.isInteger(value);
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((inner) => typeof inner === "string")
  );
}

function put(target: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.split(".");
  let at = target;
  for (const key of keys.slice(0, -1)) {
    at[key] ??= {};
    at = at[key] as Record<string, unknown>;
  }
  at[keys.at(-1)!] = value;
}
