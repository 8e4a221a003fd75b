// Shell commands of the documentation, and which of them a test can run.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Block, root } from "./markdown.ts";

/** One command of a shell block. */
export interface Command {
  readonly page: string;
  readonly line: number;
  readonly text: string;
}

/** The commands of a shell block, without comments; a line that ends in a backslash continues. */
export function commandsOf(block: Block): Command[] {
  const lines = block.text.split("\n");
  return lines.flatMap((line, index) => {
    if (index > 0 && lines[index - 1]?.endsWith("\\")) return [];
    let text = line;
    for (let next = index + 1; text.endsWith("\\"); next++) text = `${text.slice(0, -1)}${lines[next]?.trim()}`;
    text = text.replace(/(^|\s+)#.*$/, "").trim();
    return text === "" ? [] : [{ page: block.page, line: block.line + 1 + index, text }];
  });
}

/** Why a command is not run here; each of these has a test of its own or needs what a unit test has not. */
export function unrunnable(command: string): string | undefined {
  const reasons: readonly (readonly [RegExp, string])[] = [
    [/^npm test/, "it would run this test again"],
    [/^npm run build && npm pack|skopos init/, "test/consumer builds, packs and installs the package"],
    [/^(npx )?vitest|^npx vitest/, "it runs tests"],
    [/^npm run bench/, "benchmarks take minutes"],
    [
      /^npm run build -w bpf-agent|^node bpf-agent\/dist/,
      "it needs a C compiler and root; the kernel tier builds and runs it",
    ],
    [/skopos-flow-agent/, "it needs the agent's build; the kernel tier runs it"],
    [/^npm run soak/, "it takes minutes to hours; soak.test.ts runs a short one"],
    [/^npm run compat-suite/, "it needs a checkout of prom-client"],
    [/^npm run catalogues/, "it starts the real programs"],
    [/^npm run binaries/, "it builds Go programs"],
    [/^npm run docs/, "it rewrites files; a test compares them"],
    [/^(cd test\/|go )/, "it downloads Go modules"],
    [/^apt-get/, "it installs packages"],
    [/^(kubectl|npx pulumi|pulumi)/, "it needs a cluster"],
  ];
  return reasons.find(([pattern]) => pattern.test(command))?.[1];
}

/** Whether package.json, or that of the workspace named by `-w`, has the script that an npm command runs. */
export function npmScriptExists(command: string): boolean {
  const script = /^npm (?:run )?([a-z-]+)/.exec(command)?.[1] ?? "";
  const workspace = / -w ([a-z/-]+)/.exec(command)?.[1] ?? ".";
  const { scripts } = JSON.parse(readFileSync(join(root, workspace, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  return script in scripts;
}
