import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { testedOn, testedOnPath } from "./tested-on.ts";

test("docs/tested-on.md is up to date with the tiers and programs; npm run generate updates it", () => {
  expect(readFileSync(testedOnPath, "utf8")).toBe(testedOn());
});
