import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { inventoryName, requireSameStack, writeManifests } from "./output-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-output-"));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
const fresh = () => join(folder, String(++count));
const manifest = (path: string, text = "kind: Service\n") => ({ path, text });
const files = (at: string) =>
  readdirSync(at, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(at, join(entry.parentPath, entry.name)))
    .sort();

test("deletes what an earlier run wrote, and nothing else", () => {
  const out = fresh();
  writeManifests(out, [manifest("loki/a.yaml"), manifest("mimir/b.yaml")]);
  writeFileSync(join(out, "kustomization.yaml"), "resources: []\n");
  writeFileSync(join(out, "mimir", "own.yaml"), "kind: ConfigMap\n");
  writeManifests(out, [manifest("loki/c.yaml")]);
  expect(files(out)).toEqual([inventoryName, "kustomization.yaml", "loki/c.yaml", "mimir/own.yaml"]);
});

test("deletes the folder of a component that is gone", () => {
  const out = fresh();
  writeManifests(out, [manifest("loki/a.yaml"), manifest("mimir/b.yaml")]);
  writeManifests(out, [manifest("loki/a.yaml")]);
  expect(existsSync(join(out, "mimir"))).toBe(false);
});

test("belongs to the stack that was first written to it", () => {
  const out = fresh();
  writeManifests(out, [manifest("loki/a.yaml")], { stack: "dev" });
  expect(() => requireSameStack(out, "prod")).toThrow("holds stack dev");
  expect(() => requireSameStack(out, "dev")).not.toThrow();
  expect(() => requireSameStack(fresh(), "prod")).not.toThrow();
  writeManifests(out, [manifest("loki/b.yaml")], { stack: "dev" });
  expect(files(out)).toEqual([inventoryName, "loki/b.yaml"]);
});

describe("a folder with files of others", () => {
  test("is left alone without force", () => {
    const out = fresh();
    mkdirSync(join(out, "apps"), { recursive: true });
    writeFileSync(join(out, "apps", "deployment.yaml"), "mine\n");
    expect(() => writeManifests(out, [manifest("loki/a.yaml")])).toThrow("--force");
    expect(files(out)).toEqual(["apps/deployment.yaml"]);
  });

  test("is written to with force, and never cleaned", () => {
    const out = fresh();
    mkdirSync(join(out, "apps"), { recursive: true });
    writeFileSync(join(out, "apps", "deployment.yaml"), "mine\n");
    writeManifests(out, [manifest("loki/a.yaml")], { force: true });
    writeManifests(out, [manifest("loki/b.yaml")], { force: true });
    expect(files(out)).toEqual([inventoryName, "apps/deployment.yaml", "loki/b.yaml"]);
  });

  test("keeps a file of the same name, unless forced", () => {
    const out = fresh();
    writeManifests(out, [manifest("loki/a.yaml")]);
    writeFileSync(join(out, "loki", "b.yaml"), "mine\n");
    expect(() => writeManifests(out, [manifest("loki/b.yaml")])).toThrow("loki/b.yaml");
    expect(readFileSync(join(out, "loki", "b.yaml"), "utf8")).toBe("mine\n");
  });
});

test("an inventory cannot reach out of its folder", () => {
  const out = fresh();
  const outside = join(folder, "outside.yaml");
  writeFileSync(outside, "mine\n");
  writeManifests(out, [manifest("loki/a.yaml")]);
  writeFileSync(join(out, inventoryName), `../outside.yaml\n${outside}\nloki/../../outside.yaml\nloki/a.yaml\n`);
  writeManifests(out, [manifest("loki/a.yaml")]);
  expect(existsSync(outside)).toBe(true);
});

test.each(["", " ", ".", "..", "/", relative(process.cwd(), process.cwd()) || "./"])("refuses %o as output", (out) => {
  expect(() => writeManifests(out, [])).toThrow("name a folder");
});

test("rejects a file, a broken link and a folder that cannot be created", () => {
  const file = fresh();
  writeFileSync(file, "");
  expect(() => writeManifests(file, [])).toThrow("is not a folder");
  const link = fresh();
  symlinkSync(join(folder, "nowhere", "at-all"), link);
  expect(() => writeManifests(link, [])).toThrow();
  expect(() => writeManifests("/proc/skopos", [])).toThrow(/ENOENT|EACCES/);
});
