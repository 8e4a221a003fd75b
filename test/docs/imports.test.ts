// The table of imports on the architecture page is the rule: no file imports against it.
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import { readPage, root } from "./markdown.ts";

/** What each folder of the table may import, by the folder's path. */
const allowed = new Map(
  [...readPage("docs/architecture.md").matchAll(/^\| (`[^|]+) \| ([^|]+) \|$/gm)].flatMap(
    ([, folders = "", cell = ""]) => {
      const names = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
      return names(folders).map((folder) => [folder, names(cell)] as const);
    },
  ),
);

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** The most specific folder of the table that holds a file. */
const folderOf = (file: string): string | undefined =>
  [...allowed.keys()].filter((folder) => isWithin(file, folder)).sort((a, b) => b.length - a.length)[0];

/** The files that a file imports, those of this repository's packages by their folders. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/(?:from|import\(?) ?"([^"]+)"/g)].flatMap(([, specifier = ""]) => {
    if (specifier.startsWith(".")) return [relative(root, join(root, dirname(file), specifier))];
    const package_ = /^@skopos\/([a-z-]+)/.exec(specifier)?.[1];
    return package_ ? [package_] : [];
  });
}

const folders = [
  "cli",
  "stacks",
  "components",
  "lib",
  "policies",
  "diff",
  "applications",
  "metrics/src",
  "bpf-agent/src",
];
const sources = folders
  .flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root }))
  .filter((file) => !/\.test\.ts$|\/(test|node_modules|dist)\//.test(file));

test("every source file is in a folder of the table", () => {
  expect(sources.length).toBeGreaterThan(200);
  expect(sources.filter((file) => folderOf(file) === undefined)).toEqual([]);
});

test("no file imports against the table", () => {
  const against = sources.flatMap((file) => {
    const folder = folderOf(file) ?? "";
    const targets = [folder, ...(allowed.get(folder) ?? [])];
    return importsOf(file)
      .filter((target) => !targets.some((each) => isWithin(target, each)))
      .map((target) => `${file} imports ${target}`);
  });
  expect(against).toEqual([]);
});

test("a component imports another one through its index.ts", () => {
  const component = (path: string) => /^components\/([^/]+)\//.exec(path)?.[1];
  const against = sources.flatMap((file) =>
    importsOf(file)
      .filter((target) => component(file) && component(target) && component(file) !== component(target))
      .filter((target) => !/^components\/[^/]+\/index\.ts$/.test(target))
      .map((target) => `${file} imports ${target}`),
  );
  expect(against).toEqual([]);
});

test("Pulumi is imported only where the architecture page says so", () => {
  const [, paragraph = ""] =
    /\n(Only [^\n]*(?:\n[^\n]+)*? import Pulumi\.)/.exec(readPage("docs/architecture.md")) ?? [];
  const named = [...paragraph.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
  expect(named.length).toBeGreaterThan(5);
  const users = [...sources, ...globSync("*.ts", { cwd: root })].filter((file) =>
    /(from|import\() ?"@pulumi\//.test(readFileSync(join(root, file), "utf8")),
  );
  expect(users.filter((file) => !named.some((each) => isWithin(file, each)))).toEqual([]);
});
