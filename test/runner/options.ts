import { parseArgs } from "node:util";
import { tiers } from "../tiers.ts";

/** What a run of `npm test` was asked for. */
export interface Options {
  /** Tiers by name; empty for all. */
  readonly tiers: readonly string[];
  /** Parts of paths of test files; empty for all. */
  readonly paths: readonly string[];
  readonly help: boolean;
  /** `SKOPOS_REQUIRE=all`: install and build what is missing, and take a tier that still cannot run for an error. */
  readonly requireAll: boolean;
}

export const help = `npm test [-- [--tier NAME[,NAME]] [PATH...]]

Checks formatting, lint and types, then climbs the test ladder as far as this machine can.
  --tier NAME   only these tiers: ${tiers.map((tier) => tier.name).join(", ")}
  PATH          only test files whose path contains one of these
With a filter the checks are left out. SKOPOS_REQUIRE=all installs Debian packages and builds the real programs first, and
a tier that cannot run is then an error. What is tested on what: docs/tested-on.md`;

/**
 * @throws Error naming the argument or variable that is not understood.
 */
export function parseOptions(args: readonly string[], environment: NodeJS.ProcessEnv): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { tier: { type: "string", multiple: true }, help: { type: "boolean", short: "h" } },
    allowPositionals: true,
  });
  const names = (values.tier ?? []).flatMap((value) => value.split(","));
  const unknown = names.filter((name) => !tiers.some((tier) => tier.name === name));
  if (unknown.length > 0) {
    throw new Error(`no tier ${unknown.join(", ")}: there are ${tiers.map((tier) => tier.name).join(", ")}`);
  }
  const required = environment.SKOPOS_REQUIRE ?? "";
  if (required !== "" && required !== "all") throw new Error(`SKOPOS_REQUIRE=${required}: the only value is all`);
  return { tiers: names, paths: positionals, help: values.help ?? false, requireAll: required === "all" };
}
