import { z } from "zod";
import { type Format, mistakeIn } from "../lib/formats/index.ts";
import { unknownOffline } from "./secure.ts";

/** Text in a format. */
export function text(format: Format) {
  return z
    .string()
    .meta({ examples: [...format.examples] })
    .superRefine((value, context) => {
      if (value === unknownOffline) return;
      const mistake = mistakeIn(format, value);
      if (mistake) context.addIssue({ code: "custom", params: { format, mistake }, input: value });
    });
}

/** A mapping whose keys and values have formats. */
export function mapping(keys: Format, values: Format) {
  return z.record(text(keys), text(values));
}

/** A list without repetitions. */
export function unique<Item extends z.ZodType<string>>(item: Item) {
  return z.array(item).superRefine((values, context) => {
    values.forEach((value, index) => {
      if (values.indexOf(value) === index) return;
      context.addIssue({ code: "custom", path: [index], params: { repeated: true }, input: value });
    });
  });
}

/** A TCP port. */
export const port = z.int().min(1).max(65_535);
