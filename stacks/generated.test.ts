import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generatedFiles } from "./generated.ts";

test.each(generatedFiles())("$path is what `npm run generate` writes", ({ path, text }) => {
  expect(readFileSync(path, "utf8")).toBe(text);
});
