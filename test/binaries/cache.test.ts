import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { linkFlags, programKey } from "./cache.ts";
import { type Program, programFolder, programs } from "./catalogue.ts";

const etcd = programs.find((program) => program.name === "etcd")!;
const go = "go1.26.8 linux amd64";
const scratch = mkdtempSync(join(tmpdir(), "skopos-cache-"));
const folder = join(scratch, "etcd");

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(programFolder(etcd), folder, { recursive: true });
});
afterAll(() => rmSync(scratch, { recursive: true }));

describe("a program's key", () => {
  test("is the same for the same files anywhere", () => {
    expect(programKey(etcd, go, folder)).toBe(programKey(etcd, go, programFolder(etcd)));
  });

  test.each([
    ["go.sum", () => writeFileSync(join(folder, "go.sum"), "")],
    ["a new source file", () => writeFileSync(join(folder, "main.go"), "package main")],
    ["a file in a folder", () => cpSync(join(folder, "go.mod"), join(folder, "cmd", "go.mod"))],
    ["a renamed file", () => renameSync(join(folder, "go.sum"), join(folder, "go.work.sum"))],
  ])("changes with %s", (_what, change) => {
    change();
    expect(programKey(etcd, go, folder)).not.toBe(programKey(etcd, go, programFolder(etcd)));
  });

  test.each<[string, Program, string]>([
    ["the Go version", etcd, "go1.27.0 linux amd64"],
    ["the target", etcd, "go1.26.8 darwin arm64"],
    ["the binaries", { ...etcd, binaries: { ...etcd.binaries, etcdutl: "go.etcd.io/etcd/etcdutl/v3" } }, go],
    ["the stamped version", { ...etcd, stamp: { "main.version": "1" } }, go],
    ["the generator", { ...etcd, generate: ["generate"] }, go],
  ])("changes with %s", (_what, program, toolchain) => {
    expect(programKey(program, toolchain, folder)).not.toBe(programKey(etcd, go, folder));
  });

  test("does not change with what says nothing about the build", () => {
    expect(programKey({ ...etcd, module: "go.etcd.io/etcd/api/v3" }, go, folder)).toBe(programKey(etcd, go, folder));
  });
});

test("link flags drop the symbol table and stamp the version", () => {
  expect(linkFlags({ ...etcd, stamp: { "a.Version": "1.2.3", "a.Major": "1" } })).toBe(
    "-s -w -X a.Version=1.2.3 -X a.Major=1",
  );
});
