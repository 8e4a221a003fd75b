// Records what real programs expose into lib/monitoring/catalogues: `npm run catalogues [-- --fresh] [SOURCE...]`, by default
// from every source. What an earlier recording of the same version has and this one does not is kept, unless --fresh.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Catalogue, catalogues } from "../../lib/monitoring/catalogues/index.ts";
import { findProgram, testedVersion } from "../binaries/catalogue.ts";
import { exposeCluster } from "./cluster.ts";
import { type Expositions, grouped, merged, metricsOf } from "./exposition.ts";
import { binaryOf } from "./index.ts";
import { expose, recipes } from "./programs.ts";
import { exposeTests } from "./tests.ts";

const folder = join(import.meta.dirname, "../../lib/monitoring/catalogues");

const sources: Readonly<Record<string, () => Promise<Expositions>>> = {
  ...Object.fromEntries(Object.keys(recipes).map((name) => [name, async () => ({ [name]: await expose(name) })])),
  tests: exposeTests,
  cluster: exposeCluster,
};

const options = process.argv.slice(2);
const fresh = options.includes("--fresh");
const wanted = options.filter((option) => option !== "--fresh");
const unknown = wanted.filter((name) => !sources[name]);
if (unknown.length > 0) {
  console.error(`no such source: ${unknown.join(", ")}; there are ${Object.keys(sources).join(", ")}`);
  process.exit(2);
}
const recordings: Expositions[] = [];
for (const name of wanted.length > 0 ? wanted : Object.keys(sources)) recordings.push(await sources[name]!());
const found = grouped(
  recordings.flatMap((programs) =>
    Object.entries(programs).flatMap(([program, texts]) => texts.map((text) => [program, text] as const)),
  ),
);
for (const [program, texts] of Object.entries(found)) {
  const version = testedVersion(findProgram(binaryOf(program))!);
  const before = catalogues.find((each) => each.program === program);
  const kept = !fresh && before?.version === version ? before.metrics : {};
  const metrics = merged(kept, metricsOf(...texts));
  writeFileSync(join(folder, `${program}.generated.json`), catalogueText({ program, version, metrics }));
  console.error(`${program} ${version}: ${Object.keys(metrics).length} metrics`);
}

// The catalogues are read when their module is loaded, so the list is made by another process.
execFileSync(process.execPath, [join(import.meta.dirname, "unrecorded.ts")], { stdio: "inherit" });

/** One metric a line. */
function catalogueText({ program, version, metrics }: Catalogue): string {
  const lines = Object.entries(metrics).map(([name, metric]) => `  ${JSON.stringify(name)}: ${JSON.stringify(metric)}`);
  return `{\n "program": ${JSON.stringify(program)},\n "version": ${JSON.stringify(version)},\n "metrics": {\n${lines.join(",\n")}\n }\n}\n`;
}
