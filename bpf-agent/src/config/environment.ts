import { parse } from "yaml";
import type { z } from "zod";
import { configSchema } from "./schema.ts";

/**
 * Before the name of each variable. Two underscores separate sections, so that the variables that Kubernetes makes for Services
 * (`SKOPOS_FLOW_AGENT_PORT`) are none of them.
 */
const PREFIX = "SKOPOS_FLOW_AGENT__";

/** A setting that a variable can override. */
export interface Setting {
  readonly path: readonly string[];
  /** Such as SKOPOS_FLOW_AGENT__FLOWS__RECORD_INTERVAL. */
  readonly variable: string;
  /** Whether the value is taken as it is. Others are YAML: numbers, `[a, b]`, `{a: b}`. */
  readonly isText: boolean;
}

/** The type of a setting without what says that it may be left out. */
export function bare(schema: z.core.$ZodType): z.core.$ZodType {
  const { innerType } = schema._zod.def as { innerType?: z.core.$ZodType };
  return innerType ? bare(innerType) : schema;
}

/** The settings of a section; undefined for a setting itself. */
export function shapeOf(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> | undefined {
  const { type, shape } = bare(schema)._zod.def as { type: string; shape?: Record<string, z.core.$ZodType> };
  return type === "object" ? shape : undefined;
}

/** Every setting, in the order of the schema. */
export function settings(schema: z.core.$ZodType = configSchema, path: readonly string[] = []): Setting[] {
  const shape = shapeOf(schema);
  if (shape) return Object.entries(shape).flatMap(([name, inner]) => settings(inner, [...path, name]));
  const type = bare(schema)._zod.def.type;
  return [{ path, variable: variableOf(path), isText: type === "string" || type === "enum" }];
}

const variableOf = (path: readonly string[]): string =>
  PREFIX + path.map((name) => name.replace(/[A-Z]/g, "_$&").toUpperCase()).join("__");

/** A mistake in a variable. */
export interface VariableProblem {
  readonly variable: string;
  readonly message: string;
}

/** What variables say: a value for each path, and mistakes. Values are not part of messages, because they may be secret. */
export function readEnvironment(env: NodeJS.ProcessEnv): {
  readonly overrides: readonly { readonly setting: Setting; readonly value: unknown }[];
  readonly problems: readonly VariableProblem[];
} {
  const known = new Map(settings().map((setting) => [setting.variable, setting]));
  const overrides: { setting: Setting; value: unknown }[] = [];
  const problems: VariableProblem[] = [];
  for (const [variable, text] of Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!variable.startsWith(PREFIX) || text === undefined) continue;
    const setting = known.get(variable);
    if (!setting) problems.push({ variable, message: "is not a setting; see --print-config" });
    else if (setting.isText) overrides.push({ setting, value: text });
    else {
      try {
        overrides.push({ setting, value: parse(text) });
      } catch {
        problems.push({ variable, message: "is not YAML" });
      }
    }
  }
  return { overrides, problems };
}

/** Puts a value into a tree of plain objects, making those on the way. */
export function assign(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = "", ...rest] = path;
  if (rest.length === 0) {
    tree[name] = value;
    return;
  }
  const inner = tree[name];
  const section = typeof inner === "object" && inner !== null && !Array.isArray(inner) ? { ...inner } : {};
  tree[name] = section;
  assign(section as Record<string, unknown>, rest, value);
}
