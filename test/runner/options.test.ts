import { expect, test } from "vitest";
import { parseOptions } from "./options.ts";

test("without arguments everything runs, and nothing is required", () => {
  expect(parseOptions([], {})).toEqual({ tiers: [], paths: [], help: false, requireAll: false });
});

test("tiers may be repeated or listed, paths stand by themselves", () => {
  const options = parseOptions(["--tier", "unit,kernel", "test/binaries", "--tier=node", "lib"], {});
  expect(options.tiers).toEqual(["unit", "kernel", "node"]);
  expect(options.paths).toEqual(["test/binaries", "lib"]);
});

test("SKOPOS_REQUIRE=all requires, an empty one does not, another is refused", () => {
  expect(parseOptions([], { SKOPOS_REQUIRE: "all" }).requireAll).toBe(true);
  expect(parseOptions([], { SKOPOS_REQUIRE: "" }).requireAll).toBe(false);
  expect(() => parseOptions([], { SKOPOS_REQUIRE: "1" })).toThrow("SKOPOS_REQUIRE=1: the only value is all");
});

test("what is not known is named, with what there is", () => {
  expect(() => parseOptions(["--tier", "unit,kernal,nodes"], {})).toThrow(/^no tier kernal, nodes: there are unit, /);
  expect(() => parseOptions(["--fast"], {})).toThrow(/--fast/);
});
