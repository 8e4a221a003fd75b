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

test("runs a tier if nothing is missing", () => {
  expect(leaveOut(tier, machine({}, "kubernetes", "etcd", "runc", "nftables"))).toBeUndefined();
});

test("reports everything that a left-out tier needs, and the command that makes it run", () => {
  expect(leaveOut(tier, machine({ root: false }, "etcd", "runc"))).toEqual({
    tier,
    reasons: ["not installed: nftables", "not built: kubernetes", "needs root"],
    command:
      "sudo apt-get install -y nftables && npm run binaries -- kubernetes && sudo --preserve-env=PATH,HOME npm test -- --tier node",
  });
});

test("suggests commands without sudo to root", () => {
  expect(leaveOut(tier, machine({}, "kubernetes", "etcd", "runc"))?.command).toBe(
    "apt-get install -y nftables && npm test -- --tier node",
  );
});

test("suggests no command if the tier needs Linux", () => {
  const leftOut = leaveOut(tier, machine({ linux: false }, "kubernetes", "etcd", "runc", "nftables"));
  expect(leftOut).toEqual({ tier, reasons: ["needs Linux"], command: undefined });
});

test("treats packages as missing without dpkg", () => {
  expect(lackOf(tier, { ...machine({}, "kubernetes", "etcd"), hasPackage: () => undefined })).toEqual({
    packages: ["runc", "nftables"],
    programs: [],
  });
});

test("always runs unit tests", () => {
  const bare = machine({ linux: false, root: false });
  expect(tiers.filter((candidate) => leaveOut(candidate, bare) === undefined).map(({ name }) => name)).toEqual([
    "unit",
  ]);
});
