import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ManifestError, readManifests } from "./files.ts";
import { readSettings } from "./settings.ts";
import { largestFile, readManifest } from "./yaml.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-manifests-"));
afterAll(() => rmSync(folder, { recursive: true }));

const object = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

describe("what is read", () => {
  test("streams, empty documents, Lists within Lists and JSON", () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n- apiVersion: v1\n  kind: ConfigMapList\n  items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: d}}]\n`;
    const { objects, problems } = readManifest(
      `# Source: chart\n---\n${object("a")}---\n---\n${object("b")}...\n---\n${list}`,
      "x.yaml",
    );
    expect(problems).toEqual([]);
    expect(objects.map(({ name }) => name)).toEqual(["a", "b", "c", "d"]);
    expect(readManifest('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}}', "x.json").objects[0]?.id).toBe(
      "Pod/default/p",
    );
  });

  test("aliases and merge keys as the value they stand for", () => {
    const text = `${object("a")}data: &d {x: "1"}\n---\n${object("b")}`;
    expect(readManifest(text, "x.yaml").objects[0]?.raw.data).toEqual({ x: "1" });
  });

  test("lines of objects, of values, and of values in an embedded document", () => {
    const text = `${object("a")}---\n${object("b")}data:\n  x.yaml: |\n    one: 1\n    two:\n      three: 3\n`;
    const [first, second] = readManifest(text, "x.yaml").objects;
    expect([first?.source?.line, second?.source?.line]).toEqual([1, 6]);
    expect(second?.source?.lineOf(["metadata", "name"])).toBe(9);
    expect(second?.source?.lineOf(["data", "x.yaml", "two", "three"])).toBe(14);
    expect(second?.source?.lineOf(["data", "missing", "deep"])).toBe(10);
  });

  test("values files of charts are no objects and no mistake", () => {
    expect(readManifest("replicas: 1\nimage: {tag: x}\n", "values.yaml")).toMatchObject({
      objects: [],
      problems: [],
      ignored: [{ line: 1 }],
    });
  });
});

describe("what cannot be read says file, line and what to do", () => {
  const problem = (text: string) => readManifest(text, "x.yaml").problems[0];

  test.each([
    ["a tabulator", "a:\n\tb: 1\n", 2, /not YAML/],
    ["a duplicate key", `${object("a")}data:\n  x: "1"\n  x: "2"\n`, 7, /twice/],
    ["a cyclic anchor", `${object("a")}data: &a\n  x: *a\n`, 6, /contains itself/],
    ["an undefined alias", `${object("a")}data: *nothing\n`, 5, /nothing/],
    ["a template", "apiVersion: v1\n{{- if .Values.x }}\nkind: Pod\n{{- end }}\n", 2, /template/],
    ["an object without a kind", "apiVersion: v1\nmetadata: {name: x}\n", 1, /no kind/],
    ["a kind that is a number", "apiVersion: v1\nkind: 7\n", 1, /no kind/],
    ["an object without a name", "apiVersion: v1\nkind: Pod\nmetadata: {}\n", 3, /no metadata.name/],
    ["a list", "- a\n- b\n", 1, /a list, not an object/],
    ["a text", "hello\n", 1, /a string, not an object/],
  ])("%s", (_, text, line, message) => {
    expect(problem(text)?.message).toMatch(message);
    expect(problem(text)?.line).toBe(line);
    expect(problem(text)?.fix).not.toBe("");
  });

  test("aliases that would grow without bound", () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) => `a${level + 1}: &a${level + 1} [${Array(10).fill(`*a${level}`).join(", ")}]`,
    );
    const bomb = `a0: &a0 [x]\n${levels.join("\n")}\n`;
    expect(problem(bomb)?.message).toMatch(/alias/i);
  });

  test("every problem of every file at once", () => {
    mkdirSync(join(folder, "bad", "inner"), { recursive: true });
    writeFileSync(join(folder, "bad", "a.yaml"), "a: [\n");
    writeFileSync(join(folder, "bad", "inner", "b.yml"), "kind: Pod\n");
    writeFileSync(join(folder, "bad", "c.json"), Buffer.from([0, 1, 2]));
    writeFileSync(join(folder, "bad", "notes.txt"), "not a manifest");
    let error: unknown;
    try {
      readManifests([join(folder, "bad"), join(folder, "nowhere")]);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ManifestError);
    expect((error as ManifestError).problems.map(({ file }) => file.slice(folder.length + 1))).toEqual([
      "bad/a.yaml",
      "bad/c.json",
      "bad/inner/b.yml",
      "nowhere",
    ]);
  });

  test("a file that is too large is not read", () => {
    const file = join(folder, "large.yaml");
    writeFileSync(file, Buffer.alloc(largestFile + 1, "a: b\n"));
    expect(() => readManifests([file])).toThrow(/large.yaml:1: the file has 32.0 MiB; at most 32 MiB are read/);
    expect(readManifest("a".repeat(largestFile + 1), "stream").problems[0]?.message).toMatch(/at most 32 MiB/);
  });

  test("what a chart installs only while its tests run is left out", () => {
    const file = join(folder, "hooks.yaml");
    const object = (name: string, hook: string) =>
      `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, annotations: {helm.sh/hook: "${hook}"}}\n`;
    writeFileSync(file, ["test", "test-success", "pre-install"].map((hook) => object(hook, hook)).join("---\n"));
    expect(readManifests([file]).objects.map(({ name }) => name)).toEqual(["pre-install"]);
  });

  test("a folder without objects", () => {
    mkdirSync(join(folder, "empty"));
    expect(() => readManifests([join(folder, "empty")])).toThrow(/no Kubernetes object/);
  });
});

describe("settings", () => {
  const read = (text: string) => {
    const file = join(folder, "settings.yaml");
    writeFileSync(file, text);
    return readSettings(file);
  };

  test("have defaults for everything", () => {
    expect(read("")).toEqual({ rules: {}, waivers: [], facts: {} });
    expect(read("facts: {availability: redundant}\nrules: {pods/image-digest: off}\n").facts).toEqual({
      availability: "redundant",
    });
  });

  test("with mistakes are rejected with their lines", () => {
    const waiver =
      "waivers:\n  - rule: pods/privileged\n    object: web\n    owner: me\n    reason: because I say so\n    expires: tomorrow\n";
    expect(() => read(waiver)).toThrow(/settings.yaml:3: waivers.0.object: an object is written Kind\/namespace\/name/);
    expect(() => read(waiver)).toThrow(/settings.yaml:6: waivers.0.expires/);
    expect(() => read("rulez: {}\n")).toThrow(/rulez/);
    expect(() => read("a: [\n")).toThrow(/not YAML/);
  });
});
