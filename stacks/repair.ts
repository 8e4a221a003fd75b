import { type Format, host, mistakeIn } from "../lib/formats/index.ts";
import { type JsonSchema, schemasAt } from "./json-schema.ts";

/** The text in its format that was most likely meant; undefined where nobody can know. */
export function repairedText(format: Format, text: string, accepted: (text: string) => boolean): string | undefined {
  const trimmed = text.trim();
  if (trimmed === "" || format.language) return undefined;
  const withoutScheme = trimmed.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "");
  const scheme = /^[^./]+(:\d+)?(\/|$)|\.svc\b/.test(withoutScheme) ? "http" : "https";
  const candidates = [
    trimmed,
    trimmed.toLowerCase(),
    withoutScheme,
    withoutScheme.replace(/\/.*$/, ""),
    ...(format === host ? [withoutScheme.replace(/[:/].*$/, "")] : []),
    ...(withoutScheme === trimmed ? [`${scheme}://${trimmed}`] : []),
    `/${trimmed}`,
    ...(/\d+\.\d+/.exec(trimmed) ?? []),
    ...(withoutScheme === trimmed ? ["-", "_"].flatMap((mark) => joined(trimmed, mark)) : []),
  ];
  return candidates.find((each) => mistakeIn(format, each) === undefined && accepted(each));
}

/** The words of a text, joined by a mark. */
const joined = (text: string, mark: string): readonly string[] => {
  const word = text.replace(/[^A-Za-z0-9.]+/g, mark).replace(/^[-_.]+|[-_.]+$/g, "");
  return word === "" ? [] : [word, word.toLowerCase()];
};

/** The same number with a unit that exists, where a number can be read. @param nearest the text within the bounds */
export function repairedQuantity(
  input: unknown,
  examples: readonly string[],
  nearest: (text: string) => string | undefined,
): string | undefined {
  const [, digits, unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*$/.exec(String(input)) ?? [];
  // A number alone may be of any unit, and what follows the first unit may change everything: 1:30 is neither 1s nor 30s.
  if (digits === undefined) return undefined;
  const units = examples.map((example) => example.replace(/[\d.]+/, ""));
  const known = units.find((each) => each !== "" && unit.toLowerCase().startsWith(each.toLowerCase()));
  // An unknown unit says nothing of what was meant: 10G is neither 10MiB nor 10GB.
  return known === undefined ? undefined : nearest(`${digits}${known}`);
}

/** The value in a type that was most likely meant; undefined where nobody can know. @param expected zod's name of the type */
export function repairedType(expected: string, input: unknown): unknown {
  const isScalar = ["string", "number", "boolean"].includes(typeof input);
  switch (expected) {
    case "string":
      return isScalar ? String(input) : undefined;
    case "number":
    case "int":
      return typeof input === "string" && /^-?\d+(\.\d+)?$/.test(input) ? Number(input) : undefined;
    case "boolean":
      return /^(true|yes|on)$/i.test(String(input))
        ? true
        : /^(false|no|off)$/i.test(String(input))
          ? false
          : undefined;
    case "array":
      return isScalar ? [input] : undefined;
    default:
      return undefined;
  }
}

/** An example of what may stand at a path, with no more than it must have. */
export const exampleAt = (path: readonly PropertyKey[]): unknown => exampleOf(schemasAt(path)[0] ?? {});

export function exampleOf(schema: JsonSchema): unknown {
  const { anyOf, oneOf, items, properties = {}, enum: words } = schema;
  if (schema.const !== undefined) return schema.const;
  if (words) return words[0];
  if (Array.isArray(schema.examples)) return schema.examples[0];
  const [option] = anyOf ?? oneOf ?? [];
  if (option) return exampleOf(option);
  switch (schema.type) {
    case "object": {
      const required = Array.isArray(schema.required) ? (schema.required as string[]) : [];
      return Object.fromEntries(required.map((key) => [key, exampleOf(properties[key] ?? {})]));
    }
    case "array":
      return items ? [exampleOf(items)] : [];
    case "boolean":
      return true;
    case "number":
    case "integer":
      return typeof schema.minimum === "number" ? Math.max(schema.minimum, 0) : 1;
    default:
      return "text";
  }
}
