import { z } from "zod";
import { parseBytes, parseCount, parseDuration } from "../lib/sizing/index.ts";

function quantity(parse: (text: string) => number | undefined, what: string, examples: readonly string[]) {
  return z
    .union([z.string(), z.number()])
    .meta({ description: what, examples: [...examples] })
    .transform((value, context) => {
      const parsed = parse(String(value));
      if (parsed !== undefined) return parsed;
      context.addIssue({ code: "custom", params: { quantity: what, examples }, input: value });
      return z.NEVER;
    });
}

/** A count with an optional unit: `300k`, `1.5M`, 20000. */
export const count = quantity(parseCount, "a count", ["300k", "1.5M", "20000"]);

/** A size in bytes: `10GiB`. */
export const bytes = quantity(parseBytes, "a size in bytes", ["512MiB", "10GiB", "2TiB"]);

/** A duration: `15d`. */
export const duration = quantity(parseDuration, "a duration", ["30s", "6h", "15d"]);
