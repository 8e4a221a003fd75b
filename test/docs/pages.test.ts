// What pages and comments point to must exist: pages, anchors, files, folders, commands and their options.
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { anchorsOf, blocksOf, inlineCode, linksOf, pages, readPage, root } from "./markdown.ts";

const skipped = new Set(["node_modules", "dist", ".git", "coverage", "build"]);
const files = globSync("**/*", { cwd: root, exclude: (name) => skipped.has(basename(name)) });
const names = new Set(files.map((file) => basename(file)));
const topLevel = new Set(files.map((file) => file.split("/")[0]));

test("links between pages lead to files and headings that exist", () => {
  const dead = pages()
    .flatMap(linksOf)
    .filter(({ path, anchor }) => {
      if (!existsSync(join(root, path))) return true;
      return anchor !== undefined && !anchorsOf(path).includes(anchor);
    });
  expect(dead).toEqual([]);
});

/** A path in the text, or undefined: `docs/errors.md`, `lib/pulumi/`, `stacks/Pulumi.<stack>.yaml`, `tiers.ts`. */
function pathIn(text: string): string | undefined {
  const path = text.replaceAll(/<[^>]+>|NAME/g, "*");
  if (!/^[\w.*@{},-]+(\/[\w.*@{},-]+)*\/?$/.test(path) || /^(dist\/|x\.)/.test(path)) return undefined;
  const known = topLevel.has(path.split("/")[0] ?? "") && path.includes("/");
  return known || /\w\.(ts|mjs|md|h|c)$/.test(path) ? path : undefined;
}

/** Whether a path exists, seen from the root, from the file that names it, from its package or from a component; a bare name anywhere. */
function exists(path: string, from: string): boolean {
  if (/^(linux|asm|bpf|sys)\//.test(path)) return true; // system headers
  const package_ = /^(metrics|bpf-agent)\//.exec(from)?.[1] ?? "";
  const places = [
    path,
    join(dirname(from), path),
    join(package_, path),
    join(package_, "src", path),
    join("components/*", path),
  ];
  if (places.some((place) => globSync(place, { cwd: root }).length > 0)) return true;
  return !path.includes("/") && names.has(path);
}

test("files and folders that pages name exist", () => {
  const missing = pages().flatMap((page) =>
    inlineCode(page).flatMap((code) => {
      const path = pathIn(code);
      return path && !exists(path, page) ? [`${page}: ${path}`] : [];
    }),
  );
  expect(missing).toEqual([]);
});

test("files and folders that comments of the source name exist", () => {
  const sources = files.filter((file) => /\.(ts|mjs|c|h)$/.test(file) && !file.includes("generated"));
  const missing = sources.flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    const comments = [...text.matchAll(/\/\*[\s\S]*?\*\/|(?:^|\s)\/\/ .*$/gm)].map(([comment]) => comment);
    return comments.flatMap((comment) =>
      [
        ...comment.matchAll(
          /(?<![\w/:@.<>$-])[\w.-]+(?:\/[\w.*-]+)+\.(?:md|ts|mjs|yaml|h|c)\b|(?<=`)[\w-]+\.(?:ts|md|mjs)(?=`)/g,
        ),
      ].flatMap(([path]) => (exists(path, file) ? [] : [`${file}: ${path}`])),
    );
  });
  expect(missing).toEqual([]);
});

test("the folders of the architecture page are those of the repository", () => {
  const block = blocksOf("docs/architecture.md").find(({ check }) => check === "tree");
  const parents: string[] = [];
  const named = (block?.text ?? "").split("\n").flatMap((line) => {
    const depth = (/^ */.exec(line)?.[0].length ?? 0) / 2;
    const entries = line.trim().split(/ {2,}/)[0]?.split(", ") ?? [];
    return entries.map((entry) => {
      parents.splice(depth, parents.length, entry);
      return parents.join("");
    });
  });
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  const folders = ["", "components/", "lib/", "test/"].flatMap((parent) =>
    globSync(`${parent}*/`, { cwd: root }).map((folder) => `${folder.replace(/\/$/, "")}/`),
  );
  const ignored = /^(node_modules|dist|coverage|build)\//;
  expect(folders.filter((folder) => !ignored.test(folder) && !named.includes(folder))).toEqual([]);
});

describe("commands that pages name", () => {
  const lines = pages().flatMap((page) => [
    ...inlineCode(page),
    ...blocksOf(page)
      .filter(({ language }) => language === "sh")
      .flatMap(({ text }) => text.split("\n")),
  ]);
  const used = new Map<string, Set<string>>();
  for (const line of lines) {
    const [, command, rest = ""] = /(?:npx )?skopos ([a-z]+)([^|&#]*)/.exec(line) ?? [];
    if (!command || !/^(npx )?skopos /.test(line)) continue;
    const options = used.get(command) ?? new Set();
    for (const [option] of rest.matchAll(/--[a-z-]+/g)) options.add(option);
    used.set(command, options);
  }

  test.each([...used])("skopos %s exists, with the options named", (command, options) => {
    const { status, stdout } = spawnSync(process.execPath, ["bin/skopos.mjs", command, "--help"], {
      cwd: root,
      encoding: "utf8",
    });
    expect(status).toBe(0);
    expect([...options].filter((option) => !stdout.includes(option))).toEqual([]);
    expect(stdout).toContain(`skopos ${command}`);
  });

  test("every command is in the README", () => {
    const { stdout } = spawnSync(process.execPath, ["bin/skopos.mjs", "--help"], { cwd: root, encoding: "utf8" });
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) .*\[/gm)].map(([, name]) => name);
    const table = readPage("README.md").split("## Commands")[1] ?? "";
    // `npm start` is `skopos preview`.
    const missing = commands.filter(
      (name) => !["preview", "help"].includes(name!) && !table.includes(`skopos ${name}`),
    );
    expect(missing).toEqual([]);
  });
});
