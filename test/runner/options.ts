import { parseArgs } from "node:util";
import { tiers } from "../tiers.ts";

/** The options of `npm test`. */
export interface Options {
  /** Names of tiers; empty for all. */
  readonly tiers: readonly string[];
  /** Substrings of paths of test files; empty for all. */
  readonly paths: readonly string[];
  readonly help: boolean;
  /** `SKOPOS_REQUIRE=all`: installs and builds what is missing, and treats a tier that still cannot run as an error. */
  readonly requireAll: boolean;
}

export const help = `npm test [-- [--tier NAME[,NAME]] [PATH...]]

Checks formatting, lint and types, then runs every test tier that this machine supports.
  --tier NAME   run only these tiers: ${tiers.map((tier) => tier.name).join(", ")}
  PATH          run only test files whose path contains one of these
With a filter, formatting, lint and types are not checked. SKOPOS_REQUIRE=all first installs Debian packages and builds the
real programs, and treats a tier that cannot run as an error. docs/tested-on.md describes the tiers.`;

/** @throws Error that names the invalid argument or variable */
export function parseOptions(args: readonly string[], environment: NodeJS.ProcessEnv): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { tier: { type: "string", multiple: true }, help: { type: "boolean", short: "h" } },
    allowPositionals: true,
  });
  const names = (values.tier ?? []).flatMap((value) => value.split(","));
  const unknown = names.filter((name) => !tiers.some((tier) => tier.name === name));
  if (unknown.length > 0) {
    throw new Error(`unknown tier ${unknown.join(", ")}; the tiers are ${tiers.map((tier) => tier.name).join(", ")}`);
  }
  const required = environment.SKOPOS_REQUIRE ?? "";
  if (required !== "" && required !== "all") throw new Error(`SKOPOS_REQUIRE=${required}: the only valid value is all`);
  return { tiers: names, paths: positionals, help: values.help ?? false, requireAll: required === "all" };
}
