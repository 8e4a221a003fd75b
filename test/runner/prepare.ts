import { existsSync } from "node:fs";
import { type Build, buildPrograms } from "../binaries/build.ts";
import { programs } from "../binaries/catalogue.ts";
import type { Tier } from "../tiers.ts";
import { lackOf, type Machine } from "./plan.ts";
import { run } from "./processes.ts";

/** Installs the Debian packages that are missing for the tiers. Does nothing without root or apt. */
export async function installPackages(tiers: readonly Tier[], machine: Machine, root: string): Promise<void> {
  const missing = [...new Set(tiers.flatMap((tier) => lackOf(tier, machine).packages))];
  if (missing.length === 0 || !machine.root || !existsSync("/usr/bin/apt-get")) return;
  console.error(`installing ${missing.join(", ")}`);
  const options = { cwd: root, env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  await run("apt-get", ["update", "--quiet"], options);
  await run("apt-get", ["install", "--yes", "--quiet", "--no-install-recommends", ...missing], options);
}

/**
 * Builds the programs that are missing for the tiers, and returns what it built. Reports build errors; the tiers of such a
 * program are left out.
 */
export async function buildMissing(tiers: readonly Tier[], machine: Machine): Promise<readonly Build[]> {
  const missing = new Set(tiers.flatMap((tier) => lackOf(tier, machine).programs));
  const wanted = programs.filter((program) => missing.has(program.name));
  const { built, errors } = await buildPrograms(wanted, (line) => console.error(line));
  for (const error of errors) console.error(error.message);
  return built;
}
