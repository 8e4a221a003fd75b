import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readImageLock } from "./image-lock.ts";
import { readStackFile, stackFolder } from "./load.ts";
import { ConfigurationError, type Problem } from "./problem.ts";
import { loadStack } from "./stack.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-load-"));
afterAll(() => rmSync(folder, { recursive: true }));

function problemsOf(text: string): readonly Problem[] {
  writeFileSync(join(folder, "Pulumi.s.yaml"), text);
  return problemsIn(() => loadStack(folder, "s"));
}

function problemsIn(read: () => unknown): readonly Problem[] {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

const least = `
  skopos:cluster: { name: c, version: "1.35", networkPolicies: false, context: c }
  skopos:retention: ephemeral
  skopos:scale: small
  skopos:availability: single
`;

test.each([
  ["", "SKP1009", "is empty"],
  ["# nothing\n", "SKP1009", "is empty"],
  ["- a\n- b\n", "SKP1009", "is not a mapping"],
  ["skopos\n", "SKP1009", "is not a mapping"],
  [`conf:${least}`, "SKP1009", 'did you mean "config"?'],
  ["config: on\n", "SKP1009", "config is not a mapping"],
  ["config: [a]\n", "SKP1009", "config is not a mapping"],
  ["encryptionsalt: v1\n", "SKP1009", "has no config"],
  ["config: {a: [}\n", "SKP1005", ""],
  ["config:\n  <<: *gone\n", "SKP1005", ""],
  ["config: {}\n---\nconfig: {}\n", "SKP1005", "several documents"],
  ["config: { a: &a [*a] }\n", "SKP1005", "an alias stands within its own anchor"],
  [`config:${least}  skopo:availability: single\n`, "SKP1008", 'did you mean "skopos:availability"?'],
  [`config:${least}  skopos_availability: single\n`, undefined, ""],
  [`config:${least}  collectors: native\n`, "SKP1008", 'did you mean "skopos:collectors"?'],
  [`config:${least}  aws:region: eu\n  kubernetes:context: c\n  my-app:scale: small\n`, undefined, ""],
])("%o is %s", (text, code, message) => {
  const problems = problemsOf(text);
  expect(problems.map((problem) => problem.code)).toEqual(code ? [code] : []);
  expect(problems.map((problem) => problem.message).join()).toContain(message);
});

test("a key outside skopos: is reported with all other problems", () => {
  const found = problemsOf(`config:${least}  skopo:collectors: native\n  skopos:runbook: r\n`);
  expect(found.map(({ code }) => code)).toEqual(["SKP1008", "SKP1001"]);
});

test("merge keys are read as Pulumi reads them", () => {
  writeFileSync(
    join(folder, "Pulumi.merged.yaml"),
    `defaults: &defaults${least}config:\n  <<: *defaults\n  skopos:scale: medium\n`,
  );
  expect(readStackFile(folder, "merged").raw).toMatchObject({ scale: "medium", availability: "single" });
});

test("a folder in place of a file, and a broken Pulumi.yaml, are reported in one line each", () => {
  mkdirSync(join(folder, "Pulumi.folder.yaml"));
  expect(problemsIn(() => loadStack(folder, "folder"))).toEqual([
    expect.objectContaining({ code: "SKP1005", message: "is a folder, not a file" }),
  ]);
  writeFileSync(join(folder, "Pulumi.yaml"), "name: [\n");
  expect(problemsIn(() => stackFolder(folder))).toEqual([
    expect.objectContaining({ code: "SKP1005", path: "Pulumi.yaml" }),
  ]);
});

test("an image lock that is a link to nothing is not taken for none", () => {
  symlinkSync("gone.json", join(folder, "images.linked.lock.json"));
  expect(readImageLock(folder, "linked").problems).toEqual([
    expect.objectContaining({ code: "SKP1021", message: "cannot be read (ENOENT)" }),
  ]);
  expect(readImageLock(folder, "none").problems).toEqual([]);
});
