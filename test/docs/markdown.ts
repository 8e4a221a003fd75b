// The Markdown pages of the repository, as the documentation tests read them.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The repository's root folder. */
export const root = join(import.meta.dirname, "../..");

/** A fenced code block. Its info string is the language, then words for the tests; renderers show the language only. */
export interface Block {
  readonly page: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  /** The rest of the info string: how the block is checked. */
  readonly check: string;
  readonly text: string;
}

/** A link to another place in the repository. */
export interface PageLink {
  readonly page: string;
  /** Path relative to the root, empty for the page itself. */
  readonly path: string;
  readonly anchor?: string;
}

/** Every Markdown page that the repository holds, relative to the root. */
export function pages(): string[] {
  const skip = new Set(["node_modules", "dist", ".git", "coverage"]);
  return globSync("**/*.md", { cwd: root, exclude: (name) => skip.has(name.split("/").at(-1) ?? name) }).sort();
}

/** The text of a file of the repository. */
export const readPage = (page: string): string => readFileSync(join(root, page), "utf8");

/** The fenced code blocks of a page, also those inside list items: indentation is removed. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let open: { indent: string; fence: string; line: number; info: string; lines: string[] } | undefined;
  for (const [index, line] of readPage(page).split("\n").entries()) {
    const [, indent = "", fence, info = ""] = /^( *)(`{3,})(.*)$/.exec(line) ?? [];
    if (open && fence === open.fence && info === "") {
      const [language = "", ...check] = open.info.trim().split(" ");
      blocks.push({ page, line: open.line, language, check: check.join(" "), text: open.lines.join("\n") });
      open = undefined;
    } else if (open) open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    else if (fence) open = { indent, fence, line: index + 1, info, lines: [] };
  }
  if (open) throw new Error(`${page}:${open.line}: the code block does not end`);
  return blocks;
}

/** A page without its code blocks. */
export const proseOf = (page: string): string => readPage(page).replaceAll(/^( *)(`{3,}).*\n[\s\S]*?^ *\2$/gm, "");

/** The inline code of a page, spaces and line breaks collapsed. */
export const inlineCode = (page: string): string[] =>
  [...proseOf(page).matchAll(/(?<!`)`([^`]+)`(?!`)/g)].map(([, code = ""]) => code.replaceAll(/\s+/g, " "));

/** Links of a page that lead into the repository. */
export function linksOf(page: string): PageLink[] {
  const prose = proseOf(page).replaceAll(/`[^`]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [path = "", anchor] = target.split("#");
    const to = path === "" ? page : join(page, "..", path);
    return [{ page, path: to, ...(anchor !== undefined && { anchor }) }];
  });
}

/** The anchors that GitHub gives a page's headings. */
export function anchorsOf(page: string): string[] {
  const headings = [...proseOf(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(/\s/g, "-"),
  );
  return headings.map((anchor, index) => {
    const earlier = headings.slice(0, index).filter((other) => other === anchor).length;
    return earlier === 0 ? anchor : `${anchor}-${earlier}`;
  });
}
