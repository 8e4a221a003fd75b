import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tiers } from "../tiers.ts";
import { findPart, partFolder, parts, partVersion } from "./catalogue.ts";

describe.each(parts.map((part) => [part.name, part] as const))("%s", (_name, part) => {
  test("is pinned: a version of its module, and go.sum", () => {
    expect(partVersion(part)).toMatch(/^v\d+\.\d+\.\d+/);
    expect(existsSync(join(partFolder(part), "go.sum"))).toBe(true);
  });

  test("depends on published modules only", () => {
    const goMod = readFileSync(join(partFolder(part), "go.mod"), "utf8");
    expect(goMod.match(/=> [./].*/g)).toBeNull();
  });

  test("builds packages that its go.mod names, or its own", () => {
    const goMod = readFileSync(join(partFolder(part), "go.mod"), "utf8");
    for (const mainPackage of Object.values(part.binaries)) {
      if (mainPackage.startsWith(".")) continue;
      expect(goMod.split("\n").map((line) => line.trim().replace(/^tool /, ""))).toContain(mainPackage);
    }
  });
});

test("every folder is in the catalogue, and no binary comes from two parts", () => {
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map((entry) => entry.name).sort()).toEqual(parts.map((part) => part.name).sort());
  const binaries = parts.flatMap((part) => Object.keys(part.binaries));
  expect(new Set(binaries).size).toBe(binaries.length);
});

test("every part a tier names exists, and every part is in some tier", () => {
  const named = new Set(tiers.flatMap((tier) => tier.parts));
  expect([...named].filter((name) => findPart(name)?.name !== name)).toEqual([]);
  expect(parts.map((part) => part.name).filter((name) => !named.has(name))).toEqual([]);
});
