// Records what real programs expose into lib/monitoring/catalogues: `npm run catalogues [-- NAME...]`, by default all that
// are built.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Catalogue } from "../../lib/monitoring/catalogues/index.ts";
import { findProgram, testedVersion } from "../binaries/catalogue.ts";
import { programPath } from "../binaries/find.ts";
import { metricsOf } from "./exposition.ts";
import { expose, recipes } from "./programs.ts";

const folder = join(import.meta.dirname, "../../lib/monitoring/catalogues");

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(recipes);
for (const name of wanted) {
  const program = findProgram(name);
  if (!program || !recipes[name] || !programPath(name)) {
    console.error(`${name}: ${program && recipes[name] ? `not built: npm run binaries -- ${name}` : "no such recipe"}`);
    process.exitCode = 1;
    continue;
  }
  const version = testedVersion(program);
  const catalogue: Catalogue = {
    program: name,
    version,
    names: recipes[name].names,
    metrics: metricsOf(await expose(name)),
  };
  writeFileSync(join(folder, `${name}.generated.json`), `${JSON.stringify(catalogue, null, 1)}\n`);
  console.error(`${name} ${version}: ${Object.keys(catalogue.metrics).length} metrics`);
}
