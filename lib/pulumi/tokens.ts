import * as pulumi from "@pulumi/pulumi";
import { isConstruct } from "../kubernetes/constructs.ts";

/**
 * Outputs in the props of a chart. Charts work on plain values, so each Output is replaced by a token of letters and digits
 * (printers would escape anything else), and restored in the rendered objects.
 */
export class TokenTable {
  readonly #outputs: pulumi.Output<string>[] = [];

  /** A copy of the value with a token in place of every Output and Promise. */
  hide<T>(value: unknown): T {
    if (pulumi.Output.isInstance(value) || value instanceof Promise) {
      this.#outputs.push(pulumi.output(value) as pulumi.Output<string>);
      return `skoposoutput${String(this.#outputs.length - 1).padStart(6, "0")}x` as T;
    }
    if (Array.isArray(value)) return value.map((item) => this.hide(item)) as T;
    if (value !== null && typeof value === "object" && !isConstruct(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.hide(item)])) as T;
    }
    return value as T;
  }

  /** The tokens in a text, in order and without duplicates. */
  static find(text: string): readonly string[] {
    return [...new Set(text.match(/skoposoutput\d{6}x/g) ?? [])];
  }

  /** The Output behind a token. */
  output(token: string): pulumi.Output<string> {
    const output = this.#outputs[Number(token.slice("skoposoutput".length, -1))];
    if (!output) throw new RangeError(`unknown token ${token}`);
    return output;
  }

  /** A text with its tokens replaced by Outputs. @param place writes values into the text, escaped for their context */
  reveal(text: string, place: Place = plainText): pulumi.Input<string> {
    const tokens = TokenTable.find(text);
    if (tokens.length === 0) return text;
    if (tokens[0] === text && place === plainText) return this.output(text);
    return pulumi
      .all(tokens.map((token) => this.output(token)))
      .apply((values) => place(text, new Map(tokens.map((token, index) => [token, String(values[index])]))));
  }
}

/** Writes values into a text in place of their tokens. */
export type Place = (text: string, values: ReadonlyMap<string, string>) => string;

/** Writes values without escaping. */
export const plainText: Place = (text, values) => {
  let result = text;
  for (const [token, value] of values) result = result.replaceAll(token, () => value);
  return result;
};
