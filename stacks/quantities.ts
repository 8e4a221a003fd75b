import { z } from "zod";
import { parseBytes, parseCount, parseDuration } from "../lib/sizing/index.ts";

/** A text or number with a unit, between two bounds. */
function quantity(
  parse: (text: string) => number | undefined,
  what: string,
  examples: readonly string[],
  least: string,
  most: string,
) {
  const [min, max] = [parse(least) as number, parse(most) as number];
  /** The text itself, or the bound that is nearest to it. */
  const nearest = (text: string): string | undefined => {
    const parsed = parse(text);
    return parsed === undefined ? undefined : parsed < min ? least : parsed > max ? most : text;
  };
  return z
    .union([z.string(), z.number()])
    .meta({ description: what, examples: [...examples] })
    .transform((value, context) => {
      const parsed = parse(String(value));
      if (parsed === undefined) {
        context.addIssue({ code: "custom", params: { quantity: what, examples, nearest }, input: value });
        return z.NEVER;
      }
      if (parsed >= min && parsed <= max) return parsed;
      const range = `${least} to ${most}`;
      context.addIssue({ code: "custom", params: { range, nearest: nearest(String(value)) }, input: value });
      return z.NEVER;
    });
}

/** A count with an optional unit: `300k`, `1.5M`, 20000. */
export const count = (least: string, most: string) =>
  quantity(parseCount, "a count", ["300k", "1.5M", "20000"], least, most);

/** A size in bytes: `10GiB`. */
export const bytes = (least: string, most: string) =>
  quantity(parseBytes, "a size in bytes", ["512MiB", "10GiB", "2TiB"], least, most);

/** A duration: `15d`. @param most ten years by default */
export const duration = (least: string, most = "10y") =>
  quantity(parseDuration, "a duration", ["30s", "6h", "15d"], least, most);
