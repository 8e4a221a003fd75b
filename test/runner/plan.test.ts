import { expect, test } from "vitest";
import { type Tier, tiers } from "../tiers.ts";
import { lackOf, leaveOut, type Machine } from "./plan.ts";

const tier: Tier = {
  ...tiers.find(({ name }) => name === "node")!,
  programs: ["kubernetes", "etcd"],
  debian: ["runc", "nftables"],
};

const machine = (facts: Partial<Omit<Machine, "hasPackage" | "hasProgram">>, ...has: readonly string[]): Machine => ({
  linux: true,
  root: true,
  hasPackage: (name) => has.includes(name),
  hasProgram: (name) => has.includes(name),
  ...facts,
});

test("a tier runs where everything is there", () => {
  expect(leaveOut(tier, machine({}, "kubernetes", "etcd", "runc", "nftables"))).toBeUndefined();
});

test("a left-out tier says all that is missing, and the command that brings it", () => {
  expect(leaveOut(tier, machine({ root: false }, "etcd", "runc"))).toEqual({
    tier,
    reasons: ["not installed: nftables", "not built: kubernetes", "needs root"],
    command:
      "sudo apt-get install -y nftables && npm run binaries -- kubernetes && sudo --preserve-env=PATH,HOME npm test -- --tier node",
  });
});

test("as root the command has no sudo", () => {
  expect(leaveOut(tier, machine({}, "kubernetes", "etcd", "runc"))?.command).toBe(
    "apt-get install -y nftables && npm test -- --tier node",
  );
});

test("no command makes another system Linux", () => {
  const leftOut = leaveOut(tier, machine({ linux: false }, "kubernetes", "etcd", "runc", "nftables"));
  expect(leftOut).toEqual({ tier, reasons: ["needs Linux"], command: undefined });
});

test("without dpkg a package counts as missing", () => {
  expect(lackOf(tier, { ...machine({}, "kubernetes", "etcd"), hasPackage: () => undefined })).toEqual({
    packages: ["runc", "nftables"],
    programs: [],
  });
});

test("unit tests need nothing", () => {
  const bare = machine({ linux: false, root: false });
  expect(tiers.filter((candidate) => leaveOut(candidate, bare) === undefined).map(({ name }) => name)).toEqual([
    "unit",
  ]);
});
