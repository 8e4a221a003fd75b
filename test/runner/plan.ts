import type { Tier } from "../tiers.ts";

/** What a run has to know about a machine. */
export interface Machine {
  readonly linux: boolean;
  readonly root: boolean;
  /** Whether a Debian package is installed; undefined without dpkg. */
  hasPackage(name: string): boolean | undefined;
  /** Whether a program of `test/binaries/` is in the cache. */
  hasProgram(name: string): boolean;
}

/** A tier that cannot run on this machine. */
export interface LeftOut {
  readonly tier: Tier;
  /** Everything that is missing, not only the first reason. */
  readonly reasons: readonly string[];
  /** Command that makes the tier run; undefined if it cannot run on this machine at all. */
  readonly command: string | undefined;
}

/** What a machine lacks for a tier. */
export interface Lack {
  readonly packages: readonly string[];
  readonly programs: readonly string[];
}

/** The packages and programs that a tier needs and that the machine does not have. */
export function lackOf(tier: Tier, machine: Machine): Lack {
  return {
    packages: tier.debian.filter((name) => machine.hasPackage(name) !== true),
    programs: tier.programs.filter((name) => !machine.hasProgram(name)),
  };
}

/** Why a tier cannot run on a machine; undefined if it can. */
export function leaveOut(tier: Tier, machine: Machine): LeftOut | undefined {
  const { packages, programs } = lackOf(tier, machine);
  const reasons: string[] = [];
  const commands: string[] = [];
  const needsLinux = (tier.root || tier.debian.length > 0) && !machine.linux;
  if (needsLinux) reasons.push("needs Linux");
  if (packages.length > 0) {
    reasons.push(`not installed: ${packages.join(", ")}`);
    commands.push(`${machine.root ? "" : "sudo "}apt-get install -y ${packages.join(" ")}`);
  }
  if (programs.length > 0) {
    reasons.push(`not built: ${programs.join(", ")}`);
    commands.push(`npm run binaries -- ${programs.join(" ")}`);
  }
  const needsRoot = tier.root && !machine.root;
  if (needsRoot) reasons.push("needs root");
  if (reasons.length === 0) return undefined;
  commands.push(`${needsRoot ? "sudo --preserve-env=PATH,HOME " : ""}npm test -- --tier ${tier.name}`);
  return { tier, reasons, command: needsLinux ? undefined : commands.join(" && ") };
}
