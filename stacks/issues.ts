import type { z } from "zod";
import { knownKeys } from "./json-schema.ts";
import type { Problem } from "./problem.ts";
import { unknownOffline } from "./secure.ts";
import { configPath, snippet } from "./snippet.ts";
import { nearest } from "./suggest.ts";

export type Issue = z.core.$ZodIssue;

/** An issue of zod as problems of ours. */
export function problemsOf(issue: Issue): Problem[] {
  const { path } = issue;
  const at = configPath(path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => retiredKey(path, key, issue.input) ?? unknownKey([...path, key]));
    case "invalid_value":
      return [notAllowed(path, issue.input, issue.values.map(String))];
    case "custom":
      if (issue.params?.quantity) {
        const { quantity, examples } = issue.params as { quantity: string; examples: string[] };
        const wanted = `${quantity} such as ${examples.join(", ")}`;
        return [
          {
            code: "SKP1002",
            path: at,
            message: `${show(issue.input)} is not ${wanted}`,
            fix: snippet(path, nearestQuantity(issue.input, examples)),
          },
        ];
      }
      return [{ code: "SKP1003", path: at, message: issue.message, fix: snippet(path, "...") }];
    case "invalid_union":
      if ("discriminator" in issue && issue.discriminator) {
        const key = path.at(-1) === issue.discriminator ? path : [...path, String(issue.discriminator)];
        const options = "options" in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
        return [
          notAllowed(key, (issue.input as Record<string, unknown> | undefined)?.[String(issue.discriminator)], options),
        ];
      }
      return likeliest(issue.errors).flatMap((inner) => problemsOf({ ...inner, path: [...path, ...inner.path] }));
    default: {
      const missing = issue.input === undefined;
      const message = missing ? "is missing" : `${show(issue.input)}: ${issue.message}`;
      return [{ code: "SKP1003", path: at, message, fix: snippet(path, exampleOf(issue)) }];
    }
  }
}

/** The branch of a union that the input was meant for: the one whose mistakes lie deepest, not in the type of the whole. */
function likeliest(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const typed = branches.filter(
    (issues) => !issues.some(({ code, path }) => code === "invalid_type" && path.length === 0),
  );
  return (typed.length > 0 ? typed : branches).toSorted((a, b) => depth(b) - depth(a))[0] ?? [];
}

const depth = (issues: readonly Issue[]): number => Math.max(...issues.map(({ path }) => path.length));

/** A key of an earlier version, with what replaces it. */
function retiredKey(path: readonly PropertyKey[], key: string, input: unknown): Problem | undefined {
  if (path.length > 0 || key !== "keep") return undefined;
  const { retention, keep } = input as Record<string, unknown>;
  const profile = typeof retention === "string" ? retention : "standard";
  const overrides = typeof keep === "object" && keep !== null ? Object.entries(keep) : [];
  const lines = [["profile", profile], ...overrides].map(([name, value]) => `  ${name}: ${value}`);
  return {
    code: "SKP1007",
    path: "skopos:keep",
    message: "was replaced: overrides of the retention profile are part of skopos:retention",
    fix: ["skopos:retention:", ...lines].join("\n"),
  };
}

function unknownKey(path: readonly PropertyKey[]): Problem {
  const key = String(path.at(-1));
  const known = knownKeys(path.slice(0, -1));
  const meant = nearest(key, known);
  return {
    code: "SKP1001",
    path: configPath(path),
    message: meant ? `unknown key: did you mean "${meant}"?` : `unknown key: known here are ${known.join(", ")}`,
    fix: meant ? snippet([...path.slice(0, -1), meant], "...") : "remove the key",
  };
}

function notAllowed(path: readonly PropertyKey[], input: unknown, values: readonly string[]): Problem {
  const meant = nearest(String(input), values) ?? values[0] ?? "...";
  const found = input === undefined ? "is missing" : `${show(input)} is not one of the values`;
  return {
    code: input === undefined ? "SKP1003" : "SKP1004",
    path: configPath(path),
    message: `${found}: ${values.join(", ")}`,
    fix: snippet(path, meant),
  };
}

/** The same number with a unit that exists, where a number can be read. */
function nearestQuantity(input: unknown, examples: readonly string[]): string {
  const [, digits, unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)/.exec(String(input)) ?? [];
  const units = examples.map((example) => example.replace(/[\d.]+/, ""));
  const meant = units.find((known) => known !== "" && unit.toLowerCase().startsWith(known.toLowerCase())) ?? units[0];
  return digits ? `${digits}${meant ?? ""}` : (examples[0] ?? "...");
}

function exampleOf(issue: Issue): string {
  if (issue.code === "invalid_type")
    return { string: '"..."', number: "1", boolean: "true" }[issue.expected as string] ?? "...";
  if (issue.code === "too_small") return String(issue.minimum);
  if (issue.code === "too_big") return String(issue.maximum);
  return "...";
}

function show(value: unknown): string {
  return value === unknownOffline ? "a secure value" : (JSON.stringify(value) ?? "undefined");
}
