import type { z } from "zod";
import { type Format, looksSecret } from "../lib/formats/index.ts";
import { nearest } from "../lib/formats/nearest.ts";
import { type Finding, outOfRange as rangeFinding, wrongFormat, wrongType } from "../lib/sizing/index.ts";
import { knownKeys } from "./json-schema.ts";
import type { Problem } from "./problem.ts";
import { plainSecret } from "./schema/secret.ts";
import { unknownOffline } from "./secure.ts";
import { configPath, snippet } from "./snippet.ts";

export type Issue = z.core.$ZodIssue;

/** An issue of zod as problems of ours. */
export function problemsOf(issue: Issue): Problem[] {
  const { path } = issue;
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => retiredKey(path, key, issue.input) ?? unknownKey([...path, key]));
    case "invalid_value":
      return [notAllowed(path, issue.input, issue.values.map(String))];
    case "custom":
      return [issue.params ? customProblem(issue) : invalid(issue)];
    case "invalid_key":
      return issue.issues.flatMap((inner) => problemsOf({ ...inner, path }));
    case "invalid_union":
      if ("discriminator" in issue && issue.discriminator) {
        const key = path.at(-1) === issue.discriminator ? path : [...path, String(issue.discriminator)];
        const options = "options" in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
        return [
          notAllowed(key, (issue.input as Record<string, unknown> | undefined)?.[String(issue.discriminator)], options),
        ];
      }
      return likeliest(issue.errors).flatMap((inner) => problemsOf({ ...inner, path: [...path, ...inner.path] }));
    case "too_small":
    case "too_big":
      return [typeof issue.input === "number" ? outOfRange(issue) : invalid(issue)];
    default:
      return [issue.message === plainSecret ? plainTextSecret(path) : invalid(issue)];
  }
}

function invalid(issue: Issue): Problem {
  const { path, input } = issue;
  const message = input === undefined ? "is missing" : `${show(input, path)}: ${issue.message}`;
  return missingOrMistyped(path, message, exampleOf(issue));
}

function missingOrMistyped(path: readonly PropertyKey[], message: string, example: string): Problem {
  return placed(path, wrongType("", message, example));
}

interface CustomParams {
  readonly quantity?: string;
  readonly examples?: readonly string[];
  readonly range?: string;
  readonly nearest?: string;
  readonly format?: Format;
  readonly mistake?: string;
}

/** A value that our own types refused: see `quantities.ts` and `formats.ts`. */
function customProblem({ path, input, params }: Issue & { readonly code: "custom" }): Problem {
  const { quantity, examples = [], range, nearest, format, mistake } = params as CustomParams;
  if (range) return bounds(path, input, range, nearest ?? "...");
  if (quantity) {
    return {
      code: "SKP1002",
      path: configPath(path),
      message: `${show(input, path)} is not ${quantity} such as ${examples.join(", ")}`,
      fix: snippet(path, nearestQuantity(input, examples)),
    };
  }
  const { name = "allowed", examples: [example = ""] = [] } = format ?? {};
  return placed(path, wrongFormat("", show(input, path), name, mistake ?? "", example || "..."));
}

function outOfRange(issue: Issue & { readonly code: "too_small" | "too_big" }): Problem {
  return issue.code === "too_small"
    ? bounds(issue.path, issue.input, `at least ${issue.minimum}`, String(issue.minimum))
    : bounds(issue.path, issue.input, `at most ${issue.maximum}`, String(issue.maximum));
}

function bounds(path: readonly PropertyKey[], input: unknown, range: string, nearest: string): Problem {
  return placed(path, rangeFinding("", show(input, path), range, nearest));
}

/** A finding as a problem at a place of the file. */
function placed(path: readonly PropertyKey[], { code, message, fix }: Finding): Problem {
  return { code, path: configPath(path), message, fix: snippet(path, fix) };
}

/** A secret that stands in the file itself. */
export function plainTextSecret(
  path: readonly PropertyKey[],
  fix: string = snippet(path, "{secret: NAME, key: KEY}"),
): Problem {
  return { code: "SKP1010", path: configPath(path), message: "is a secret in plain text", fix };
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
  const replaced = path.length === 0 ? replacements[key]?.(input as Record<string, unknown>) : undefined;
  return replaced && { code: "SKP1007", path: `skopos:${key}`, ...replaced };
}

/** Keys of earlier versions, each with what replaces it. */
const replacements: Readonly<
  Record<string, (input: Readonly<Record<string, unknown>>) => { message: string; fix: string }>
> = {
  priorityClassName: ({ priorityClassName }) => ({
    message: "was replaced: it is one of the defaults of all pods",
    fix: snippet(["defaults", "priorityClassName"], String(priorityClassName)),
  }),
  keep: ({ retention, keep }) => {
    const profile = typeof retention === "string" ? retention : "standard";
    const overrides = typeof keep === "object" && keep !== null ? Object.entries(keep) : [];
    const lines = [["profile", profile], ...overrides].map(([name, value]) => `  ${name}: ${value}`);
    return {
      message: "was replaced: overrides of the retention profile are part of skopos:retention",
      fix: ["skopos:retention:", ...lines].join("\n"),
    };
  },
};

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
  const known = values.join(", ");
  if (input === undefined) return missingOrMistyped(path, `is missing: ${known}`, meant);
  const message = `${show(input, path)} is not one of the values: ${known}`;
  return { code: "SKP1004", path: configPath(path), message, fix: snippet(path, meant) };
}

/** The same number with a unit that exists, where a number can be read. */
function nearestQuantity(input: unknown, examples: readonly string[]): string {
  const [, digits, unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)/.exec(String(input)) ?? [];
  const units = examples.map((example) => example.replace(/[\d.]+/, ""));
  const known = units.find((each) => each !== "" && unit.toLowerCase().startsWith(each.toLowerCase()));
  // An unknown unit says nothing of what was meant: 10G is neither 10MiB nor 10GB.
  if (unit !== "" && known === undefined) return `... # such as ${examples.join(", ")}`;
  const meant = known ?? units[0];
  return digits ? `${digits}${meant ?? ""}` : (examples[0] ?? "...");
}

function exampleOf(issue: Issue): string {
  if (issue.code === "invalid_type")
    return { string: '"..."', number: "1", boolean: "true" }[issue.expected as string] ?? "...";
  if (issue.code === "too_small") return String(issue.minimum);
  if (issue.code === "too_big") return String(issue.maximum);
  return "...";
}

/** A value in a message, unless it may be secret. */
function show(value: unknown, path: readonly PropertyKey[]): string {
  if (value === unknownOffline) return "a secure value";
  return looksSecret(path, value) ? "a value that may be secret" : (JSON.stringify(value) ?? "undefined");
}
