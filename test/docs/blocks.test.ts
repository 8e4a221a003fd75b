// Every code block of every page is run, resolved, type-checked or parsed, or says why it is not.
import { spawnSync } from "node:child_process";
import { afterAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { parseConfig } from "../../bpf-agent/src/config/load.ts";
import type { KubernetesObject } from "../../lib/kubernetes/object.ts";
import { readStackFile } from "../../stacks/load.ts";
import { withOverrides } from "../../stacks/overrides.ts";
import { resolve } from "../../stacks/resolve.ts";
import { renderStack } from "../../stacks/stack.ts";
import { modelOf } from "../support/models.ts";
import { commandsOf, npmScriptExists, unrunnable } from "./commands.ts";
import { type Block, blocksOf, pages } from "./markdown.ts";
import { runProgram } from "./run-program.ts";
import { scratchCopy } from "./scratch.ts";
import { typeErrors } from "./type-check.ts";

/**
 * Both API pages are generated, and tests compare them with the source; runbooks.test.ts checks runbooks, and
 * policies/rules/rules.test.ts applies the fixes on the pages of the rules.
 */
const elsewhere = (page: string): boolean =>
  /(^|\/)docs\/api\.md$|^docs\/runbooks\/|^docs\/policies\/[a-z]+\//.test(page);

const blocks = pages()
  .filter((page) => !elsewhere(page))
  .flatMap(blocksOf);
const blocksIn = (...languages: readonly string[]): readonly Block[] =>
  blocks.filter(({ language, check }) => languages.includes(language) && !check.startsWith("skip "));
const place = ({ page, line }: { page: string; line: number }): string => `${page}:${line}`;

const scratch = scratchCopy();
afterAll(() => scratch.remove());

test("every block is in a language that is checked, or says why it is not", () => {
  const checked = ["sh", "text", "yaml", "ts"];
  const unknown = blocks.filter(({ language, check }) => !checked.includes(language) && !check.startsWith("skip "));
  expect(unknown.map((block) => `${place(block)}: ${block.language || "no language"}`)).toEqual([]);
});

describe("blocks that are not checked", () => {
  for (const block of blocks) {
    const reason = /^skip (.+)$/.exec(block.check)?.[1];
    if (reason) test(place(block), (context) => context.skip(reason));
  }
});

describe("shell commands", () => {
  test.each(blocks.filter(({ language }) => language === "sh").map((block) => ({ name: place(block), block })))(
    "$name is valid shell",
    ({ block }) => {
      expect(spawnSync("bash", ["-n"], { input: block.text, encoding: "utf8" }).stderr).toBe("");
    },
  );

  for (const command of blocksIn("sh").flatMap(commandsOf)) {
    test(`${place(command)}: ${command.text}`, (context) => {
      if (/^npm (run|test|start)/.test(command.text)) expect(npmScriptExists(command.text)).toBe(true);
      const reason = unrunnable(command.text);
      if (reason) context.skip(reason);
      const { status, output } = scratch.run(command.text);
      expect(status, output).toBe(0);
    });
  }
});

/** A quotation's lines as one pattern: a line `...` stands for any lines. */
function pattern(quoted: string): RegExp {
  const escaped = quoted
    .split("\n")
    .map((line) =>
      line.trim() === "..." ? "(?:.*\n)*?" : `${line.trimEnd().replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")} *\n`,
    );
  return new RegExp(`^${escaped.join("")}$`);
}

describe("quoted text", () => {
  test.each(blocksIn("text").map((block) => ({ name: place(block), block })))("$name is what it says", ({ block }) => {
    const [kind, ...rest] = block.check.split(" ");
    const argument = rest.join(" ");
    if (kind === "output-of") expect(scratch.run(argument).stdout).toMatch(pattern(block.text));
    else if (kind === "error-of") expect(`${errorOf(argument)}\n`).toMatch(pattern(block.text));
    else if (kind !== "tree") throw new Error(`${place(block)}: quoted output needs output-of, error-of or tree`);
  });
});

/** What is said of a stack with some keys replaced: `prod {"scale":"tiny"}`. */
function errorOf(argument: string): string {
  const [, stack = "", changes = ""] = /^(\S+) (.*)$/.exec(argument) ?? [];
  try {
    resolve({ ...readStackFile("stacks", stack).raw, ...JSON.parse(changes) }, { stack });
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`${argument}: no error`);
}

/** A block of the flow agent's configuration: `yaml agent`. */
const isAgent = ({ check }: Block): boolean => check === "agent";

test.each(
  blocksIn("yaml")
    .filter(isAgent)
    .map((block) => ({ name: place(block), block })),
)("the flow agent accepts $name", ({ block }) => {
  expect(parseConfig(block.text, block.page)).toBeDefined();
});

describe("stack files", () => {
  const ofStacks = blocksIn("yaml").filter((block) => !isAgent(block));
  test.each(ofStacks.map((block) => ({ name: place(block), block })))("$name can be rendered", ({ block }) => {
    // A part of a stack, `yaml of prod`, is added to it: mappings are merged, everything else replaces what that stack has.
    const [, stack] = /^of (\w+)$/.exec(block.check) ?? [];
    const parsed = parse(block.text) as Record<string, unknown>;
    const config = (stack ? parsed : parsed.config) as Record<string, unknown>;
    const own = Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace("skopos:", ""), value]));
    const raw = stack ? withOverrides(readStackFile("stacks", stack).raw, own) : own;
    expect(renderStack(resolve(raw, { stack: "prod" })).charts.length).toBeGreaterThan(5);
  });
});

describe("TypeScript", () => {
  const typescript = blocksIn("ts");
  const errors = typeErrors(typescript);
  test.each(typescript.map((block) => ({ name: place(block), block })))("$name type-checks", ({ block }) => {
    expect(errors(block)).toEqual([]);
  });

  const programs = typescript.filter(({ check }) => check === "rendered");
  test.each(programs.map((block) => ({ name: place(block), block })))(
    "$name prints Kubernetes objects",
    ({ block }) => {
      const documents = parseAllDocuments(runProgram(block)).map((document) => document.toJS() as KubernetesObject);
      expect(documents.length).toBeGreaterThan(1);
      for (const document of documents) new (modelOf(document.apiVersion, document.kind)!)(document).validate();
    },
  );
});
