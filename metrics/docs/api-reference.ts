import { fileURLToPath } from "node:url";
import ts from "typescript";

const ENTRIES = [
  ["@skopos/metrics", "index"],
  ["@skopos/metrics/otel", "otel/index"],
  ["@skopos/metrics/config", "config/index"],
  ["@skopos/metrics/compat", "compat/index"],
] as const;

const file = (path: string): string => fileURLToPath(new URL(`../src/${path}.ts`, import.meta.url));

/** The exported symbols of every entry point, with signatures and doc comments, as Markdown. */
export function apiReference(): string {
  const program = ts.createProgram(
    ENTRIES.map(([, path]) => file(path)),
    {
      target: ts.ScriptTarget.ES2024,
      module: ts.ModuleKind.NodeNext,
      lib: ["lib.es2024.d.ts", "lib.esnext.disposable.d.ts"],
      allowImportingTsExtensions: true,
      noEmit: true,
      strict: true,
      skipLibCheck: true,
      types: ["node"],
    },
  );
  const checker = program.getTypeChecker();
  const sections = ENTRIES.map(([name, path]) => {
    const source = program.getSourceFile(file(path))!;
    const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source)!);
    const symbols = exported.map((symbol) =>
      symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    );
    const named = symbols.map((symbol, i) => ({ name: exported[i]!.name, symbol }));
    named.sort((a, b) => (a.name < b.name ? -1 : 1));
    return `## \`${name}\`\n\n${named.map(({ name: own, symbol }) => describe(checker, own, symbol)).join("\n")}`;
  });
  return `# API reference\n\nGenerated from the doc comments in \`src\`; \`npm run docs -w metrics\` updates it.\n\n${sections.join("\n")}`;
}

function describe(checker: ts.TypeChecker, name: string, symbol: ts.Symbol): string {
  const declaration = symbol.declarations![0]!;
  const heading = `### ${name}\n\n`;
  const text = docOf(checker, symbol);
  if (ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration)) {
    const kind = ts.isClassDeclaration(declaration) ? "class" : "interface";
    const members = declaration.members.filter(isPublic).map((member) => describeMember(checker, member));
    const parents = declaration.heritageClauses?.map((clause) => clause.getText()).join(" ") ?? "";
    const types = declaration.typeParameters?.map((parameter) => parameter.getText()).join(", ");
    const title = `${kind} ${name}${types ? `<${types}>` : ""} ${parents}`.trim();
    return `${heading}\`${oneLine(title)}\`\n\n${text}${members.length > 0 ? `${members.join("")}\n` : ""}`;
  }
  return `${heading}\`\`\`ts\n${signatureOf(checker, name, symbol, declaration)}\n\`\`\`\n\n${text}`;
}

function signatureOf(checker: ts.TypeChecker, name: string, symbol: ts.Symbol, declaration: ts.Declaration): string {
  if (ts.isTypeAliasDeclaration(declaration)) return declaration.getText().replace(/^export /, "");
  const type = checker.getTypeOfSymbol(symbol);
  const flags = ts.TypeFormatFlags.NoTruncation;
  const [signature] = type.getCallSignatures();
  if (signature) return `function ${name}${checker.signatureToString(signature, undefined, flags)}`;
  // The module of a default export is named by its place, which differs from machine to machine.
  const shown = checker
    .typeToString(type, undefined, flags)
    .replaceAll(fileURLToPath(new URL("../src", import.meta.url)), ".");
  return `const ${name}: ${shown.length > 400 ? `${shown.slice(0, 400)}…` : shown}`;
}

function describeMember(checker: ts.TypeChecker, member: ts.ClassElement | ts.TypeElement): string {
  const symbol = member.name ? checker.getSymbolAtLocation(member.name) : undefined;
  const body = (member as ts.MethodDeclaration).body;
  const head = body ? member.getText().slice(0, body.getStart() - member.getStart()) : member.getText();
  const withoutValue =
    ts.isPropertyDeclaration(member) && member.initializer
      ? head.slice(0, member.initializer.getStart() - member.getStart()).replace(/=\s*$/, "")
      : head;
  const doc = symbol ? docOf(checker, symbol).trim() : "";
  return `- \`${oneLine(withoutValue).replace(/;$/, "")}\`${doc ? `: ${doc.replaceAll("\n", " ")}` : ""}\n`;
}

/** Whether a member is part of the API: neither private, protected nor internal. */
function isPublic(member: ts.ClassElement | ts.TypeElement): boolean {
  if (ts.isConstructorDeclaration(member) || (member.name && ts.isPrivateIdentifier(member.name))) return false;
  const flags = ts.getCombinedModifierFlags(member as ts.Declaration);
  if (flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) return false;
  return !ts.getJSDocTags(member).some((tag) => tag.tagName.text === "internal");
}

function docOf(checker: ts.TypeChecker, symbol: ts.Symbol): string {
  const comment = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  const tags = symbol
    .getJsDocTags(checker)
    .filter((tag) => tag.name !== "internal")
    .map((tag) => `*${tag.name}* ${ts.displayPartsToString(tag.text)}`);
  const parts = [comment, ...tags]
    .filter((part) => part !== "")
    .map((part) => part.replace(/\{@link ([\w.]+)\}/g, "`$1`"));
  return parts.length > 0 ? `${parts.join("\n\n")}\n\n` : "";
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();
