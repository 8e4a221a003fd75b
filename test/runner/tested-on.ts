// Generates docs/tested-on.md from the tiers and the catalogue of programs: `npm run generate`.
import { writeFileSync } from "node:fs";
import { supportedKubernetes } from "../../stacks/checks.ts";
import { type Program, programs, programVersion } from "../binaries/catalogue.ts";
import { kubernetesModules } from "../binaries/openapi.ts";
import { type Tier, tiers } from "../tiers.ts";

/** Path of the page. */
export const testedOnPath = new URL("../../docs/tested-on.md", import.meta.url).pathname;

/** The page "What is tested on what". */
export function testedOn(): string {
  return `<!-- Generated from test/tiers.ts and test/binaries/ by: npm run generate -->

# What is tested on what

\`npm test\` runs every tier that the machine supports. For every other tier it prints the reason and, if there is one, the
command that makes it run. \`SKOPOS_REQUIRE=all npm test\` (Debian, root, Go) installs the packages, builds the real programs
once into a cache outside the work tree, and treats a tier that cannot run as an error.

${table(["tier", "proves", "runs", "needs"], tiers.map(tierRow))}

A test file's suffix names its tier: \`x.test.ts\` is a unit test, ${suffixes()}.

## Real components

Each is compiled from its published Go module, pinned by a \`go.sum\` in \`test/binaries/\`; \`npm run binaries -- NAME\`
builds one, \`npm run binaries -- --list\` shows which are in the cache.

${table(["program", "module", "version", "binaries", "tiers"], programs.map(programRow))}

## Kubernetes versions

Stacks may name Kubernetes ${supportedKubernetes.oldest} to ${supportedKubernetes.newest}. Every object of every stack is
checked against the OpenAPI document of each of these minors: ${versions()}. The
control-plane, node and pulumi tiers run the newest one. The oldest API server is not run: it would add a build of several
minutes and as many modules again, and what a server rejects beyond its OpenAPI document rarely differs between minors.

## Not tested on the real thing

No package registry offers Alloy, Tempo, Grafana, the OpenTelemetry operator or Pulumi's Node.js language host, and the
Pushgateway only exists as Debian's \`prometheus-pushgateway\`. Tests that need one of them run if the program is on PATH.
Otherwise they are listed as skipped, with the reason.
`;
}

const versions = () =>
  Object.values(kubernetesModules)
    .map(([version]) => version)
    .join(", ");

function tierRow(tier: Tier): readonly string[] {
  const needs = [
    tier.programs.length > 0 ? "Go" : "",
    tier.root ? "Linux, root" : "",
    tier.debian.length > 0 ? `Debian packages ${tier.debian.join(", ")}` : "",
  ].filter((need) => need !== "");
  const runs = tier.programs.length > 0 ? tier.programs.join(", ") : "this repository";
  return [tier.name, tier.proves, runs, needs.length > 0 ? needs.join("; ") : "Node.js"];
}

function programRow(program: Program): readonly string[] {
  const users = tiers.filter((tier) => tier.programs.includes(program.name)).map((tier) => tier.name);
  const binaries = Object.keys(program.binaries).join(", ");
  return [program.name, `\`${program.module}\``, programVersion(program), binaries, users.join(", ")];
}

function suffixes(): string {
  const others = tiers.filter((tier) => tier.name !== "unit");
  return others.map((tier) => `\`${tier.include[0]!.replace("**/*", "x")}\` ${tier.name}`).join(", ");
}

/** A Markdown table with aligned columns, as the formatter wants it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

if (import.meta.main) writeFileSync(testedOnPath, testedOn());
