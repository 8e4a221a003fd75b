import { expect, test } from "vitest";
import { parseOptions } from "./options.ts";

test("runs everything and requires nothing without arguments", () => {
  expect(parseOptions([], {})).toEqual({ tiers: [], paths: [], help: false, requireAll: false });
});

test("accepts repeated and comma-separated tiers, and paths", () => {
  const options = parseOptions(["--tier", "unit,kernel", "test/binaries", "--tier=node", "lib"], {});
  expect(options.tiers).toEqual(["unit", "kernel", "node"]);
  expect(options.paths).toEqual(["test/binaries", "lib"]);
});

test("accepts all or nothing in SKOPOS_REQUIRE, and rejects other values", () => {
  expect(parseOptions([], { SKOPOS_REQUIRE: "all" }).requireAll).toBe(true);
  expect(parseOptions([], { SKOPOS_REQUIRE: "" }).requireAll).toBe(false);
  expect(() => parseOptions([], { SKOPOS_REQUIRE: "1" })).toThrow("SKOPOS_REQUIRE=1: the only valid value is all");
});

test("names an unknown tier, and the tiers that exist", () => {
  expect(() => parseOptions(["--tier", "unit,kernal,nodes"], {})).toThrow(
    /^unknown tier kernal, nodes; the tiers are unit, /,
  );
  expect(() => parseOptions(["--fast"], {})).toThrow(/--fast/);
});
