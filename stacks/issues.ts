import type { z } from "zod";
import { type Format, looksSecret, nearest } from "../lib/formats/index.ts";
import {
  type Finding,
  outOfRange,
  removeKey,
  renameKey,
  repeated,
  wrongFormat,
  wrongLength,
  wrongType,
} from "../lib/sizing/index.ts";
import { knownKeys } from "./json-schema.ts";
import type { Problem } from "./problem.ts";
import { exampleAt, repairedQuantity, repairedText, repairedType } from "./repair.ts";
import { retiredKey } from "./retired.ts";
import { plainSecret } from "./schema/secret.ts";
import { unknownOffline } from "./secure.ts";
import { configPath, snippet, yamlValue } from "./snippet.ts";

export type Issue = z.core.$ZodIssue;

/** One kind of issue. */
type IssueOf<Code extends Issue["code"]> = Extract<Issue, { readonly code: Code }>;

/** Whether the file has no mistake at a path, once another value stands there. */
type Accepts = (path: readonly PropertyKey[], value: unknown) => boolean;

/** An issue of zod as problems of ours: none of zod's own words, which speak to programmers, is shown. */
export function problemsOf(issue: Issue, accepts: Accepts): Problem[] {
  const { path, input } = issue;
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => retiredKey(path, key, input) ?? unknownKey([...path, key], input));
    case "invalid_value":
      return [notAllowed(path, input, issue.values)];
    case "invalid_type":
      if (issue.message === plainSecret) return [plainTextSecret(path)];
      // A number that is not whole is of the right type for whoever writes it.
      if (issue.expected === "int" && typeof input === "number")
        return [range(path, input, "a whole number", Math.round(input))];
      return [mistyped(path, input, [issue.expected], accepts)];
    case "too_small":
      return [tooFew(issue, "at least", Number(issue.minimum), accepts)];
    case "too_big":
      return [tooFew(issue, "at most", Number(issue.maximum), accepts)];
    case "not_multiple_of":
      return [
        range(path, input, `a multiple of ${issue.divisor}`, Math.round(Number(input) / issue.divisor) * issue.divisor),
      ];
    case "invalid_format":
      return [
        formatted(path, input, { name: "in the format", examples: [String(exampleAt(path))] }, issue.message, accepts),
      ];
    case "invalid_key":
      return issue.issues
        .flatMap((inner) => problemsOf({ ...inner, path }, () => true))
        .map((problem) => ofKey(problem, path));
    case "invalid_element":
      return issue.issues.flatMap((inner) => problemsOf({ ...inner, path: [...path, ...inner.path] }, accepts));
    case "invalid_union":
      return unionProblems(issue, accepts);
    case "custom":
      return [customProblem(issue, accepts)];
  }
}

function unionProblems(issue: IssueOf<"invalid_union">, accepts: Accepts): Problem[] {
  const { path, input } = issue;
  if (issue.discriminator) {
    const key = path.at(-1) === issue.discriminator ? path : [...path, issue.discriminator];
    const found = (input as Record<string, unknown> | undefined)?.[issue.discriminator];
    const options = "options" in issue ? (issue.options ?? []) : [];
    return [notAllowed(key, found, options.map(String))];
  }
  const ofAnotherType = issue.errors.flatMap((branch) =>
    branch.flatMap((each) => (each.code === "invalid_type" && each.path.length === 0 ? [each.expected] : [])),
  );
  if (ofAnotherType.length === issue.errors.length) return [mistyped(path, input, ofAnotherType, accepts)];
  return likeliest(issue.errors).flatMap((inner) => problemsOf({ ...inner, path: [...path, ...inner.path] }, accepts));
}

/** The branch of a union that the input was meant for: the one whose mistakes lie deepest, not in the type of the whole. */
function likeliest(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const typed = branches.filter(
    (issues) => !issues.some(({ code, path }) => code === "invalid_type" && path.length === 0),
  );
  return (typed.length > 0 ? typed : branches).toSorted((a, b) => depth(b) - depth(a))[0] ?? [];
}

const depth = (issues: readonly Issue[]): number => Math.max(...issues.map(({ path }) => path.length));

interface CustomParams {
  readonly quantity?: string;
  readonly examples?: readonly string[];
  readonly range?: string;
  readonly nearest?: string | ((text: string) => string | undefined);
  readonly format?: Format;
  readonly mistake?: string;
  readonly repeated?: boolean;
  /** Keys of which one must be there. */
  readonly oneOf?: readonly string[];
  /** Why the key has no effect. */
  readonly useless?: string;
}

/** A setting that nothing reads. */
export function withoutEffect(
  path: readonly PropertyKey[],
  why: string,
  fix: string = removeKey(String(path.at(-1))),
): Problem {
  return { code: "SKP1013", path: configPath(path), message: `has no effect: ${why}`, fix };
}

/** A value that our own types reject: see `quantities.ts` and `formats.ts`. */
function customProblem({ path, input, params = {}, message }: IssueOf<"custom">, accepts: Accepts): Problem {
  const {
    quantity,
    examples = [],
    range: bounds,
    nearest: near,
    format,
    mistake,
    oneOf,
    useless,
  } = params as CustomParams;
  if ((params as CustomParams).repeated) {
    return placed(path, repeated("", show(input, path), Number(path.at(-1))));
  }
  if (oneOf) return missing([...path, oneOf[0] as string], `is missing, and so is ${oneOf.slice(1).join(", ")}`);
  if (useless) return withoutEffect(path, useless);
  if (bounds) return range(path, input, bounds, String(near));
  if (quantity) {
    const meant = looksSecret(path, input)
      ? undefined
      : repairedQuantity(input, examples, near as (text: string) => string);
    return {
      code: "SKP1002",
      path: configPath(path),
      message: `${show(input, path)} is not ${quantity} such as ${examples.join(", ")}`,
      fix:
        meant === undefined ? `# write ${quantity}, such as ${examples.join(", ")}` : snippet(path, yamlValue(meant)),
    };
  }
  return formatted(
    path,
    input,
    format ?? { name: "valid", examples: [yamlValue(exampleAt(path))] },
    mistake ?? message,
    accepts,
  );
}

/** A text in the wrong format. */
function formatted(
  path: readonly PropertyKey[],
  input: unknown,
  format: Pick<Format, "name" | "examples"> & Partial<Format>,
  mistake: string,
  accepts: Accepts,
): Problem {
  const isKnown = typeof input === "string" && format.mistake !== undefined && !looksSecret(path, input);
  const meant = isKnown ? repairedText(format as Format, input, (text) => accepts(path, text)) : undefined;
  const fix = meant === undefined ? `# write ${format.name}, such as ${format.examples[0]}` : yamlValue(meant);
  return placed(path, wrongFormat("", show(input, path), format.name, mistake, fix));
}

/** A problem of a value as one of the key itself: the key has to be another one. */
function ofKey(problem: Problem, path: readonly PropertyKey[]): Problem {
  const key = String(path.at(-1));
  const value = /: (.*)$/.exec(problem.fix)?.[1];
  const meant = value === undefined || problem.fix.startsWith("#") ? undefined : value.replace(/^"(.*)"$/, "$1");
  return {
    ...problem,
    fix:
      meant === undefined
        ? problem.fix.replace("# write", `# in place of ${JSON.stringify(key)}, write`)
        : renameKey(key, meant),
  };
}

/** Too few or too many: digits, letters or items. */
function tooFew(issue: IssueOf<"too_small" | "too_big">, atLeast: string, bound: number, accepts: Accepts): Problem {
  const { path, input, origin } = issue;
  if (typeof input === "number") return range(path, input, `${atLeast} ${bound}`, bound);
  const expected = (unit: string): string => `${atLeast} ${bound} ${unit}${bound === 1 ? "" : "s"}`;
  if (origin === "string")
    return formatted(
      path,
      input,
      { name: "a text of this length", examples: [String(exampleAt(path))] },
      expected("character"),
      accepts,
    );
  const [items, example] = [expected(origin === "array" ? "item" : "key"), exampleAt(path)];
  const fix = accepts(path, example) ? yamlValue(example) : `# write ${items}`;
  return placed(path, wrongLength("", items, fix));
}

function range(path: readonly PropertyKey[], input: unknown, bounds: string, nearestValue: number | string): Problem {
  return placed(path, outOfRange("", show(input, path), bounds, String(nearestValue)));
}

/** A finding as a problem at a place of the file. */
function placed(path: readonly PropertyKey[], { code, message, fix }: Finding): Problem {
  return { code, path: configPath(path), message, fix: fix.startsWith("#") ? fix : snippet(path, fix) };
}

/** A secret that stands in the file itself. */
export function plainTextSecret(
  path: readonly PropertyKey[],
  fix: string = snippet(path, "{secret: name-of-the-secret, key: key-in-it}"),
): Problem {
  return { code: "SKP1010", path: configPath(path), message: "is a secret in plain text", fix };
}

function unknownKey(path: readonly PropertyKey[], holder: unknown): Problem {
  const key = String(path.at(-1));
  const known = knownKeys(path.slice(0, -1));
  const meant = nearest(key, known);
  const isTaken = meant !== undefined && Object.hasOwn((holder ?? {}) as object, meant);
  return {
    code: "SKP1001",
    path: configPath(path),
    message: meant ? `unknown key: did you mean "${meant}"?` : `unknown key: known here are ${known.join(", ")}`,
    fix: meant && !isTaken ? renameKey(key, meant) : removeKey(key),
  };
}

function notAllowed(path: readonly PropertyKey[], input: unknown, allowed: readonly unknown[]): Problem {
  const values = allowed.map(String);
  const words = values.join(", ");
  if (input === undefined) return missing(path, `is missing: ${words}`, values);
  const meant = looksSecret(path, input)
    ? undefined
    : (nearest(String(input), values) ?? (values.length === 1 ? values[0] : undefined));
  return {
    code: "SKP1004",
    path: configPath(path),
    message: `${show(input, path)} is not one of the values: ${words}`,
    fix:
      meant === undefined
        ? `# write one of the values: ${words}`
        : snippet(path, yamlValue(allowed[values.indexOf(meant)])),
  };
}

/** Keys that decide which other keys there are: one of their values alone fixes nothing. */
const kinds: readonly PropertyKey[] = ["kind", "op"];

function missing(path: readonly PropertyKey[], message = "is missing", values: readonly string[] = []): Problem {
  const isKind = kinds.includes(path.at(-1) ?? "");
  const fix = isKind ? `# write one of the values: ${values.join(", ")}` : snippet(path, yamlValue(exampleAt(path)));
  return { code: "SKP1003", path: configPath(path), message, fix };
}

/** What zod calls the types, in words. */
const types: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping of keys to values",
  record: "a mapping of keys to values",
};

function mistyped(
  path: readonly PropertyKey[],
  input: unknown,
  expected: readonly string[],
  accepts: Accepts,
): Problem {
  if (input === undefined) return missing(path);
  const names = [...new Set(expected.map((each) => types[each] ?? `a ${each}`))].join(" or ");
  const meant = looksSecret(path, input)
    ? undefined
    : expected.map((each) => repairedType(each, input)).find((each) => each !== undefined && accepts(path, each));
  const fix = meant === undefined ? `# write ${names}, such as ${yamlValue(exampleAt(path))}` : yamlValue(meant);
  return placed(path, wrongType("", show(input, path), names, fix));
}

/** A value in a message, unless it may be secret. */
function show(value: unknown, path: readonly PropertyKey[]): string {
  if (value === unknownOffline) return "a secure value";
  if (looksSecret(path, value)) return "a value that may be secret";
  // JSON has no word for `.nan` and `.inf` of YAML.
  return typeof value === "number" ? String(value) : (JSON.stringify(value) ?? "undefined");
}
