import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tiers } from "../tiers.ts";
import { findProgram, programFolder, programs, programVersion } from "./catalogue.ts";

describe.each(programs.map((program) => [program.name, program] as const))("%s", (_name, program) => {
  test("is pinned: a version of its module, and go.sum", () => {
    expect(programVersion(program)).toMatch(/^v\d+\.\d+\.\d+/);
    expect(existsSync(join(programFolder(program), "go.sum"))).toBe(true);
  });

  test("depends on published modules only", () => {
    const goMod = readFileSync(join(programFolder(program), "go.mod"), "utf8");
    expect(goMod.match(/=> [./].*/g)).toBeNull();
  });

  test("builds packages that its go.mod names, or its own", () => {
    const goMod = readFileSync(join(programFolder(program), "go.mod"), "utf8");
    for (const mainPackage of Object.values(program.binaries)) {
      if (mainPackage.startsWith(".")) continue;
      expect(goMod.split("\n").map((line) => line.trim().replace(/^tool /, ""))).toContain(mainPackage);
    }
  });
});

test("every folder is in the catalogue, and no binary comes from two programs", () => {
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map((entry) => entry.name).sort()).toEqual(programs.map((program) => program.name).sort());
  const binaries = programs.flatMap((program) => Object.keys(program.binaries));
  expect(new Set(binaries).size).toBe(binaries.length);
});

test("every program a tier names exists, and every program is in some tier", () => {
  const named = new Set(tiers.flatMap((tier) => tier.programs));
  expect([...named].filter((name) => findProgram(name)?.name !== name)).toEqual([]);
  expect(programs.map((program) => program.name).filter((name) => !named.has(name))).toEqual([]);
});
