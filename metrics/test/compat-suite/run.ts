// Runs prom-client's own tests against `compat`: npm run compat-suite -w metrics -- DIR, where DIR is a checkout of prom-client at
// v15.1.3 with its development dependencies (npm install --ignore-scripts). Nothing of it is part of this repository.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";
import { INTERNAL_FILES, KNOWN_FAILURES } from "./known.ts";

interface TestResult {
  readonly fullName: string;
  readonly status: "passed" | "failed" | "pending";
  readonly failureMessages: readonly string[];
}

interface JestReport {
  readonly testResults: readonly {
    readonly name: string;
    /** What is wrong with the file as a whole, when no test of it ran. */
    readonly message: string;
    readonly assertionResults: readonly TestResult[];
  }[];
}

const source = resolve(import.meta.dirname, "../../src");

/** Jest cannot load ES modules: the same code as CommonJS. */
function transpile(to: string): void {
  for (const file of globSync("**/*.ts", { cwd: source })) {
    if (file.endsWith(".test.ts")) continue;
    const { outputText } = ts.transpileModule(readFileSync(join(source, file), "utf8"), {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023, esModuleInterop: true },
      fileName: file,
    });
    // Without prefixes, as prom-client names what its tests replace.
    const text = outputText
      .replace(/require\("(\.[^"]*)\.ts"\)/g, 'require("$1.js")')
      .replace(/require\("node:/g, 'require("');
    const target = join(to, file.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
}

/** A copy of the checkout whose every module but the internal ones is this package's. */
function prepare(checkout: string): string {
  const copy = mkdtempSync(join(tmpdir(), "compat-suite-"));
  for (const part of ["test", "lib", "package.json"])
    cpSync(join(checkout, part), join(copy, part), { recursive: true });
  symlinkSync(join(checkout, "node_modules"), join(copy, "node_modules"));
  transpile(join(copy, "compat"));
  const write = (file: string, text: string) => writeFileSync(join(copy, file), text);
  const from = (file: string) =>
    `require(${JSON.stringify(`./${relative(join(copy, dirname(file)), join(copy, "compat/compat"))}`)}`;
  const index = (file: string) => from(file).replace(/"$/, '/index.js")');
  write("index.js", `module.exports = ${index("index.js")};`);
  write(
    "lib/registry.js",
    `const c = ${index("lib/x.js")}; module.exports = c.Registry; module.exports.globalRegistry = c.register;`,
  );
  write(
    "lib/cluster.js",
    `const c = ${index("lib/x.js")}; module.exports = c.AggregatorRegistry; module.exports.globalRegistry = c.register;`,
  );
  for (const name of ["counter", "gauge", "histogram", "summary", "pushgateway"]) {
    write(`lib/${name}.js`, `module.exports = ${index("lib/x.js")}.${name[0]!.toUpperCase()}${name.slice(1)};`);
  }
  for (const file of globSync("lib/metrics/*.js", { cwd: copy })) {
    const name = file.slice("lib/metrics/".length, -".js".length);
    const defaults = from(file).replace(/"$/, '/default-metrics.js")');
    write(
      file,
      `const { makeGroup } = ${defaults}; module.exports = (register, config = {}) => makeGroup(${JSON.stringify(name)}, { ...config, register });`,
    );
  }
  return copy;
}

const [checkout] = process.argv.slice(2);
if (checkout === undefined || !existsSync(join(checkout, "node_modules/.bin/jest"))) {
  console.error("usage: npm run compat-suite -w metrics -- DIR");
  console.error("DIR: prom-client at v15.1.3, after npm install --ignore-scripts");
  process.exit(2);
}
const copy = prepare(resolve(checkout));
const output = join(copy, "report.json");
const jest = spawnSync(
  join(copy, "node_modules/.bin/jest"),
  ["--json", `--outputFile=${output}`, "--ci", "--rootDir", copy, "--testPathIgnorePatterns", ...INTERNAL_FILES],
  { cwd: copy, encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] },
);
if (!existsSync(output)) {
  console.error(jest.stderr);
  process.exit(2);
}
const report = JSON.parse(readFileSync(output, "utf8")) as JestReport;
rmSync(copy, { recursive: true });

const unexpected: string[] = [];
console.log("| file | tests | pass | differ |\n|---|---:|---:|---:|");
const sum = { tests: 0, pass: 0, differ: 0 };
for (const { name, assertionResults, message } of [...report.testResults].sort((a, b) => (a.name < b.name ? -1 : 1))) {
  const file = relative(join(copy, "test"), name);
  const ran = assertionResults.filter(({ status }) => status !== "pending");
  const failed = ran.filter(({ status }) => status === "failed");
  for (const { fullName, failureMessages } of failed) {
    if (!KNOWN_FAILURES.some(({ test }) => `${file}: ${fullName}`.includes(test))) {
      unexpected.push(`${file}: ${fullName}\n    ${failureMessages[0]?.split("\n").slice(0, 12).join("\n    ")}`);
    }
  }
  console.log(`| ${file} | ${ran.length} | ${ran.length - failed.length} | ${failed.length} |`);
  if (assertionResults.length === 0) unexpected.push(`${file}: ${message.split("\n").slice(0, 12).join("\n    ")}`);
  sum.tests += ran.length;
  sum.pass += ran.length - failed.length;
  sum.differ += failed.length;
}
console.log(`| all | ${sum.tests} | ${sum.pass} | ${sum.differ} |`);
for (const failure of unexpected) console.error(`\nfails: ${failure}`);
process.exitCode = unexpected.length > 0 ? 1 : 0;
