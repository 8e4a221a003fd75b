// Each error code has one meaning: it is raised in one place, described in one place, and neither exists without the other.
import { globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { problemCatalogue } from "./problem.ts";

const root = join(import.meta.dirname, "..");
const sources = ["lib", "components", "stacks", "policies", "diff", "cli"].flatMap((folder) =>
  globSync(`${folder}/**/*.ts`, { cwd: root, exclude: (name) => name.endsWith(".test.ts") }),
);

/** How a string literal that is an error code is used. */
type Use = "raised" | "described" | "compared" | "typed" | "other";

function useOf(literal: ts.StringLiteralLike): Use {
  let node: ts.Node = literal;
  while (ts.isAsExpression(node.parent) || ts.isSatisfiesExpression(node.parent)) node = node.parent;
  const { parent } = node;
  if (ts.isLiteralTypeNode(parent)) return "typed";
  if (ts.isPropertyAssignment(parent) && parent.initializer === node && parent.name.getText() === "code")
    return "raised";
  if (ts.isBinaryExpression(parent) && /^[=!]==$/.test(parent.operatorToken.getText())) return "compared";
  return "other";
}

/** Every use of an error code in a text: string literals, and keys of objects. */
function usesIn(file: string, text: string): { code: string; use: Use; place: string }[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const uses: { code: string; use: Use; place: string }[] = [];
  const visit = (node: ts.Node): void => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    const place = `${file}:${line + 1}`;
    if (ts.isStringLiteralLike(node) && /^SKP\d{4}$/.test(node.text))
      uses.push({ code: node.text, use: useOf(node), place });
    else if (ts.isPropertyAssignment(node) && /^SKP\d{4}$/.test(node.name.getText()))
      uses.push({ code: node.name.getText(), use: "described", place });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return uses;
}

const uses = sources.flatMap((file) =>
  usesIn(relative(root, join(root, file)), readFileSync(join(root, file), "utf8")),
);
const placesOf = (use: Use): Map<string, string[]> => {
  const places = new Map<string, string[]>();
  for (const each of uses) if (each.use === use) places.set(each.code, [...(places.get(each.code) ?? []), each.place]);
  return places;
};

test("finds where a code is raised, however it is written", () => {
  const found = usesIn(
    "a.ts",
    'const a = { code: "SKP1001" as const, at }; const b = { code: `SKP1002` }; if (c === "SKP1003") raise("SKP1004");',
  );
  expect(found.map(({ code, use }) => `${code} ${use}`)).toEqual([
    "SKP1001 raised",
    "SKP1002 raised",
    "SKP1003 compared",
    "SKP1004 other",
  ]);
});

test("each code is raised in exactly one place", () => {
  const raised = placesOf("raised");
  expect([...raised].filter(([, places]) => places.length > 1)).toEqual([]);
  expect([...raised.keys()].sort()).toEqual(Object.keys(problemCatalogue).sort());
});

test("codes are described in the catalogue only, and raised only as `code:` of an object", () => {
  expect(uses.filter(({ use }) => use === "other")).toEqual([]);
  const described = uses.filter(({ use }) => use === "described");
  expect(described.length).toBe(Object.keys(problemCatalogue).length);
  expect(described.filter(({ place }) => !place.startsWith("stacks/problem.ts:"))).toEqual([]);
});

test("no two codes have the same title", () => {
  const titles = Object.values(problemCatalogue).map(({ title }) => title);
  expect(titles).toEqual([...new Set(titles)]);
});
