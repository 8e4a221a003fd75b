import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { pages } from "./generate.ts";

it("the generated pages are up to date; npm run docs -w metrics updates them", () => {
  for (const [name, text] of Object.entries(pages())) {
    expect(readFileSync(new URL(name, import.meta.url), "utf8"), name).toBe(text);
  }
});
