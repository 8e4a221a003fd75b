import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { testedOn, testedOnPath } from "./tested-on.ts";

test("docs/tested-on.md is what the tiers and programs say: npm run generate writes it", () => {
  expect(readFileSync(testedOnPath, "utf8")).toBe(testedOn());
});
