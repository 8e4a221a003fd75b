import {
  construct,
  flag,
  formatPlace,
  isFormat,
  isKnownLater,
  isLimits,
  type Limits,
  ListOf,
  looksSecret,
  MapOf,
  mistakeIn,
  numeric,
  type Shape,
  TextOr,
  unchecked,
} from "../formats/index.ts";
import type { Finding } from "./finding.ts";
import { outOfRange, repeated, wrongFormat, wrongType } from "./findings.ts";

type Path = readonly (string | number)[];

/**
 * Finds each part of a component's props that does not have its shape: text in the wrong format, numbers out of range,
 * values of the wrong type. Text that stands for a Pulumi Output is validated when its value is known.
 */
function validateShape(value: unknown, shape: Shape, path: Path = []): Finding[] {
  if (value === undefined || shape === unchecked) return [];
  if (shape === flag) return typeof value === "boolean" ? [] : [mistyped(path, value, "true or false", "true")];
  if (shape === numeric) return typeof value === "number" ? [] : [mistyped(path, value, "a number", "1")];
  if (shape === construct) return isPlain(value) ? [mistyped(path, value, "a construct", "...")] : [];
  if (shape instanceof TextOr) return validateShape(value, typeof value === "string" ? shape.text : shape.other, path);
  if (isFormat(shape)) {
    if (typeof value !== "string") return [mistyped(path, value, shape.name, shape.examples[0])];
    const mistake = isKnownLater(value) ? undefined : mistakeIn(shape, value);
    if (mistake === undefined) return [];
    return [wrongFormat(formatPlace(path), show(path, value), shape.name, mistake, shape.examples[0])];
  }
  if (isLimits(shape)) return validateNumber(value, shape, path);
  if (shape instanceof ListOf) return validateList(value, shape, path);
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    return [mistyped(path, value, "an object", "{}")];
  }
  // Constructs of cdk8s-plus and other objects of classes know themselves what they may be.
  if (!isPlain(value)) return [];
  if (shape instanceof MapOf) {
    return Object.entries(value).flatMap(([key, item]) => [
      ...validateShape(key, shape.keys, [...path, key]),
      ...validateShape(item, shape.values, [...path, key]),
    ]);
  }
  // Unknown keys are left to the compiler: a program may pass on an object that has more than is used here.
  return Object.entries(shape as Readonly<Record<string, Shape>>).flatMap(([key, inner]) =>
    validateShape((value as Readonly<Record<string, unknown>>)[key], inner, [...path, key]),
  );
}

/** Whether a value is data, and no object of a class. */
function isPlain(value: unknown): boolean {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function validateNumber(value: unknown, { min, max, whole = false }: Limits, path: Path): Finding[] {
  const at = formatPlace(path);
  if (typeof value !== "number") return [mistyped(path, value, "a number", String(min))];
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return [];
  const nearest = value > max ? max : value < min || Number.isNaN(value) ? min : Math.round(value);
  return [outOfRange(at, String(value), `${whole ? "a whole number from " : ""}${min} to ${max}`, String(nearest))];
}

function validateList(value: unknown, { items, unique }: ListOf, path: Path): Finding[] {
  if (!Array.isArray(value)) return [mistyped(path, value, "a list", "[]")];
  return value.flatMap((item, index): Finding[] => {
    const at = [...path, index];
    if (!unique || value.indexOf(item) === index) return validateShape(item, items, at);
    return [repeated(formatPlace(at), show(at, item), index)];
  });
}

const mistyped = (path: Path, value: unknown, expected: string, fix: string): Finding =>
  wrongType(formatPlace(path), show(path, value), expected, fix);

/** A value in a message, unless it may be secret. */
function show(path: Path, value: unknown): string {
  if (looksSecret(path, value)) return "a value that may be secret";
  return typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
}

/**
 * Every mistake in a component's props: those against its shape, and what `others` finds in props of the right types,
 * between which it looks for contradictions.
 */
export function validateProps(props: object, shape: Shape, others: () => readonly Finding[]): readonly Finding[] {
  const found = validateShape(props, shape);
  const computable = found.every(({ code }) => code === "SKP1012" || code === "SKP1016");
  return computable ? [...found, ...others()] : found;
}
