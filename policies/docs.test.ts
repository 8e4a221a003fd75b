import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { policyPages } from "./docs.ts";
import { examples } from "./fixtures/all.ts";
import { rules } from "./rules/index.ts";

const pages = policyPages(rules, examples());

test("the pages of the rules are current: npm run generate", () => {
  for (const { path, text } of pages) expect(readFileSync(path, "utf8"), path).toBe(text);
});

test("every page in the folder belongs to a rule", () => {
  const known = new Set(pages.map(({ path }) => path));
  expect(globSync("docs/policies/*/*.md").filter((path) => !known.has(path))).toEqual([]);
});

test("every rule says what it keeps, why, and what to do", () => {
  for (const { id, title, why, remedy } of rules) {
    expect(title, id).toMatch(/^[A-Z`].*[^.]$/);
    expect(why.length, id).toBeGreaterThan(40);
    expect(remedy, id).toMatch(/[.`]$|\.$/);
  }
});
