// Type-checks the TypeScript blocks of the documentation against the sources of the packages.
import { join } from "node:path";
import ts from "typescript";
import { type Block, readPage, root } from "./markdown.ts";

/** What a reader imports, and the source behind it. */
export const packages = {
  skopos: ["./pulumi.ts"],
  "skopos/cdk8s": ["./cdk8s.ts"],
  "skopos/policies": ["./policies/index.ts"],
  "skopos/policies/pulumi": ["./policies/pulumi.ts"],
  "skopos/policies/cdk8s": ["./policies/cdk8s.ts"],
  "@skopos/metrics": ["./metrics/src/index.ts"],
  "@skopos/metrics/*": ["./metrics/src/*/index.ts"],
  "@skopos/bpf-agent": ["./bpf-agent/src/index.ts"],
};

/**
 * Checks all blocks in one program. A comment `<!-- given: ... -->` on the lines before a block declares what the block takes
 * for granted; readers do not see it.
 *
 * @returns the errors of a block, by its own lines
 */
export function typeErrors(blocks: readonly Block[]): (block: Block) => string[] {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const files = new Map(blocks.map((block) => [nameOf(block), sourceOf(block)]));
  const host = ts.createCompilerHost({});
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  host.getSourceFile = (name, version) => {
    const text = files.get(name);
    return text === undefined ? getSourceFile(name, version) : ts.createSourceFile(name, text, version);
  };
  const program = ts.createProgram([...files.keys()], { ...options, noUnusedLocals: false, paths: packages }, host);
  return (block) => {
    const file = program.getSourceFile(nameOf(block));
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ start = 0, messageText }) => {
        const { line } = file!.getLineAndCharacterOfPosition(start);
        return `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
      },
    );
  };
}

const nameOf = ({ page, line }: Block): string => join(root, `example-${page.replaceAll("/", "-")}-${line}.ts`);

/** The block, behind one line of what the page takes for granted. */
function sourceOf({ page, line, text }: Block): string {
  const before = readPage(page)
    .split("\n")
    .slice(0, line - 1)
    .join("\n");
  const given = before.endsWith("-->") ? before.slice(before.lastIndexOf("<!-- given:") + 11, -3) : "";
  return `${given.replaceAll("\n", " ")}\n${text}\nexport {};\n`;
}
