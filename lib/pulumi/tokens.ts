import * as pulumi from "@pulumi/pulumi";
import {
  type Format,
  flag,
  isFormat,
  isLimits,
  ListOf,
  MapOf,
  mistakeIn,
  numeric,
  placeholder,
  placeholdersIn,
  type Shape,
  TextOr,
  unchecked,
} from "../formats/index.ts";
import { isConstruct } from "../kubernetes/constructs.ts";

/** An Output and the props that it was given for. */
interface Hidden {
  readonly output: pulumi.Output<unknown>;
  readonly uses: { readonly path: string; readonly format: Format | undefined }[];
}

/** Texts of Outputs that were made from plain text: a component that is given one renders the text, not a token. */
const knownTexts = new WeakMap<object, string>();

/**
 * Outputs on their way through a chart. A chart is plain text and numbers, so each Output goes in as a token of letters
 * and digits (anything else would be escaped by some printer on the way) and is put back afterwards. Its value is
 * validated when it is known, by the formats of the props that it was given for.
 */
export class TokenTable {
  readonly #hidden: Hidden[] = [];
  /** An Output that is used twice is one token, so that the chart sees that both are the same. */
  readonly #tokens = new Map<object, number>();

  /**
   * A copy of the value in which every Output and Promise is a token.
   * @param shape what its parts may be
   * @param path where it stands, for messages
   * @throws RunError for an Output whose value decides which objects there are
   */
  hide<T>(value: unknown, shape: Shape = unchecked, path = ""): T {
    if (pulumi.Output.isInstance(value) || value instanceof Promise) {
      return (knownTexts.get(value) ?? this.#token(value, shape, path)) as T;
    }
    const inner = (key: string) => `${path}${path && "."}${key}`;
    const outer = shape instanceof TextOr ? shape.other : shape;
    if (Array.isArray(value)) {
      const items = outer instanceof ListOf ? outer.items : unchecked;
      return value.map((item, index) => this.hide(item, items, inner(String(index)))) as T;
    }
    if (value !== null && typeof value === "object" && !isConstruct(value)) {
      const entries = Object.entries(value).map(([key, item]) => [
        key,
        this.hide(item, partOf(outer, key), inner(key)),
      ]);
      return Object.fromEntries(entries) as T;
    }
    return value as T;
  }

  #token(value: object, shape: Shape, path: string): string {
    const format = shape instanceof TextOr ? shape.text : isFormat(shape) ? shape : undefined;
    if (shape === flag || shape === numeric || isLimits(shape) || format?.structural) {
      throw new pulumi.RunError(`${path} cannot be an Output: it decides which objects there are`);
    }
    const known = this.#tokens.get(value);
    const index = known ?? this.#hidden.push({ output: pulumi.output(value), uses: [] }) - 1;
    this.#tokens.set(value, index);
    this.#hidden[index]?.uses.push({ path, format });
    return placeholder(index);
  }

  /** The tokens in a text, in order, each once. */
  static find(text: string): readonly string[] {
    return placeholdersIn(text).map((each) => each.text);
  }

  /** The Output behind a token, with the checks of its value. */
  #output(index: number): pulumi.Output<string> {
    const hidden = this.#hidden[index];
    if (!hidden) throw new RangeError(`unknown token ${index}`);
    return hidden.output.apply((value) => validated(value, hidden.uses));
  }

  /** A text with its tokens replaced by Outputs. @param place writes values into the text, escaped for their context */
  reveal(text: string, place: Place = plainText): pulumi.Input<string> {
    const parts = placeholdersIn(text);
    const [only] = parts;
    if (only === undefined) return text;
    if (only.text === text && place === plainText) {
      return this.#output(only.value).apply(only.derive) as pulumi.Output<string>;
    }
    return pulumi
      .all(parts.map(({ value }) => this.#output(value)))
      .apply((values) =>
        place(text, new Map(parts.map((part, index) => [part.text, String(part.derive(values[index] as string))]))),
      );
  }

  /** A text with its tokens replaced, as an Output even if it has none. */
  revealOutput(text: string): pulumi.Output<string> {
    const output = pulumi.output(this.reveal(text));
    if (placeholdersIn(text).length === 0) knownTexts.set(output, text);
    return output;
  }
}

/** The shape of one part of a value. */
function partOf(shape: Shape, key: string): Shape {
  if (shape instanceof MapOf) return shape.values;
  if (typeof shape !== "object" || shape instanceof ListOf || isFormat(shape) || isLimits(shape)) return unchecked;
  return (shape as Readonly<Record<string, Shape>>)[key] ?? unchecked;
}

/** The value of an Output, if it is the text that the props take. It may be secret, so no message shows it. */
function validated(value: unknown, uses: Hidden["uses"]): string {
  for (const { path, format } of uses) {
    const prop = path || "a prop";
    if (typeof value !== "string") {
      const found = value === null || value === undefined ? String(value) : `a value of type ${typeof value}`;
      throw new pulumi.RunError(`${prop}: the Output is ${found}, instead of ${format?.name ?? "a text"}`);
    }
    const mistake = format && mistakeIn(format, value);
    if (mistake) throw new pulumi.RunError(`${prop}: the value of the Output is not ${format.name}: ${mistake}`);
  }
  return value as string;
}

/** Writes values into a text in place of their tokens. */
export type Place = (text: string, values: ReadonlyMap<string, string>) => string;

/** Writes values without escaping. */
export const plainText: Place = (text, values) => {
  let result = text;
  for (const [token, value] of values) result = result.replaceAll(token, () => value);
  return result;
};
