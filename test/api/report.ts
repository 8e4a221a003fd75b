// Writes docs/api.md, the package's public surface as TypeScript declarations: `npm run generate`.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const root = new URL("../..", import.meta.url).pathname;

/** The page's place. */
export const apiReportPath = join(root, "docs", "api.md");

/** The package's entry points by the name they are imported by. */
const entries = {
  "skopos/cdk8s": "cdk8s.ts",
  skopos: "pulumi.ts",
  "skopos/policies": "policies/index.ts",
  "skopos/policies/pulumi": "policies/pulumi.ts",
  "skopos/policies/cdk8s": "policies/cdk8s.ts",
} as const;

/** What an entry point exports. */
export interface Surface {
  readonly entry: string;
  /** Declarations by exported name, without comments, as a consumer's compiler sees them. */
  readonly declarations: ReadonlyMap<string, string>;
  /** Types of this repository that the declarations refer to and the entry point does not export. */
  readonly forgotten: readonly string[];
}

/** Reads the surface of each entry point from the declarations that the compiler emits. */
export function surfaces(): readonly Surface[] {
  const path = join(root, "tsconfig.build.json");
  const { outDir: _, ...options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(path, ts.sys.readFile).config,
    ts.sys,
    root,
  ).options;
  const files = Object.values(entries).map((file) => join(root, file));
  const program = ts.createProgram(files, { ...options, emitDeclarationOnly: true });
  const emitted = new Map<string, ts.SourceFile>();
  program.emit(
    undefined,
    (file, text) =>
      emitted.set(file.replace(/\.d\.ts$/, ".ts"), ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)),
    undefined,
    true,
  );
  return Object.entries(entries).map(([entry, file]) => surfaceOf(program, emitted, entry, file));
}

function surfaceOf(
  program: ts.Program,
  emitted: ReadonlyMap<string, ts.SourceFile>,
  entry: string,
  file: string,
): Surface {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(join(root, file));
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${file} exports nothing`);
  const declarations = new Map<string, string>();
  const forgotten = new Set<string>();
  const exported = checker.getExportsOfModule(module).sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = new Set(exported.map(({ name }) => name));
  for (const symbol of exported) {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const declared = emitted.get(target.declarations?.[0]?.getSourceFile().fileName ?? "");
    if (!declared) throw new Error(`${symbol.name} is not declared in this repository`);
    const statements = declared.statements.filter((statement) => namesOf(statement).includes(target.name));
    declarations.set(symbol.name, statements.map((statement) => declarationText(statement, declared)).join("\n"));
    const own = ownNames(declared);
    for (const name of statements.flatMap(referencedTypes)) if (own.has(name) && !names.has(name)) forgotten.add(name);
  }
  return { entry, declarations, forgotten: [...forgotten].sort() };
}

/** The names that a statement declares. */
function namesOf(statement: ts.Statement): readonly string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  const { name } = statement as ts.DeclarationStatement;
  return name ? [name.text] : [];
}

/** The names in a file that stand for something of this repository: declared there, or imported from another file of it. */
function ownNames(file: ts.SourceFile): ReadonlySet<string> {
  return new Set(
    file.statements.flatMap((statement) => {
      if (!ts.isImportDeclaration(statement)) return namesOf(statement);
      const { importClause, moduleSpecifier } = statement;
      const relative = (moduleSpecifier as ts.StringLiteral).text.startsWith(".");
      const bindings = importClause?.namedBindings;
      return relative && bindings && ts.isNamedImports(bindings) ? bindings.elements.map(({ name }) => name.text) : [];
    }),
  );
}

/** The types that a declaration refers to by name. */
function referencedTypes(node: ts.Node): readonly string[] {
  const found: string[] = [];
  const visit = (each: ts.Node): void => {
    if (ts.isTypeReferenceNode(each) && ts.isIdentifier(each.typeName)) found.push(each.typeName.text);
    if (ts.isExpressionWithTypeArguments(each) && ts.isIdentifier(each.expression)) found.push(each.expression.text);
    ts.forEachChild(each, visit);
  };
  visit(node);
  return found;
}

const printer = ts.createPrinter({ removeComments: true });

function declarationText(statement: ts.Statement, file: ts.SourceFile): string {
  return printer
    .printNode(ts.EmitHint.Unspecified, statement, file)
    .replace(/^export declare |^export |^declare /, "")
    .replace(/^ {4}#private;\n/m, "")
    .replaceAll("    ", "  ");
}

/** The page "API". A declaration that both entry points share is printed once. */
export function apiReport(all: readonly Surface[] = surfaces()): string {
  const [cdk8s, pulumi, ...policies] = all as [Surface, Surface, ...Surface[]];
  const shared = [...pulumi.declarations].filter(([name, text]) => cdk8s.declarations.get(name) === text);
  const names = new Set(shared.map(([name]) => name));
  const own = ({ declarations }: Surface) => [...declarations].filter(([name]) => !names.has(name));
  return [
    "<!-- Generated from the entry points by: npm run generate -->",
    "# API",
    "",
    "Everything that the package exports. Doc comments are in the editor, and in the sources.",
    "",
    ...section("Both `skopos` and `skopos/cdk8s`", shared),
    ...section("`skopos/cdk8s`", own(cdk8s)),
    ...section("`skopos`", own(pulumi)),
    ...policies.flatMap(({ entry, declarations }) => section(`\`${entry}\``, [...declarations])),
  ].join("\n");
}

function section(title: string, declarations: readonly (readonly [name: string, text: string])[]): readonly string[] {
  return [`## ${title}`, "", "```ts", declarations.map(([, text]) => text).join("\n\n"), "```", ""];
}

if (import.meta.main) {
  writeFileSync(apiReportPath, apiReport());
  console.error("wrote docs/api.md");
}
