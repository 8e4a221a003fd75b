import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { block, call, component, concat, printAlloy, ref } from "./index.ts";
import { type ParsedBlock, type ParsedValue, parseAlloy } from "./parser.ts";
import type { Block, Value } from "./syntax.ts";

const identifier = fc
  .stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,11}$/)
  .filter((name) => !["true", "false", "null"].includes(name));
const dotted = fc.array(identifier, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("."));
/** Any text, including lone surrogates, since patterns of log lines are free text. */
const text = fc.string({ unit: "binary" });
const number = fc.oneof(
  fc.integer(),
  fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => (value === 0 ? 0 : value)),
);

/** A value, and what a reader must find. */
interface Pair {
  readonly value: Value;
  readonly parsed: ParsedValue;
}

const literal: fc.Arbitrary<Pair> = fc.oneof(
  text.map((value) => ({ value, parsed: { kind: "string" as const, value: value.toWellFormed() } })),
  number.map((value) => ({ value, parsed: { kind: "number" as const, value } })),
  fc.boolean().map((value) => ({ value, parsed: { kind: "boolean" as const, value } })),
  fc.constant({ value: null, parsed: { kind: "null" as const } }),
  dotted.map((path) => ({ value: ref(path), parsed: { kind: "reference" as const, path } })),
);

const { value: anyValue } = fc.letrec<{ value: Pair }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    literal,
    fc.array(tie("value"), { maxLength: 6 }).map((items) => ({
      value: items.map(({ value }) => value),
      parsed: { kind: "list" as const, items: items.map(({ parsed }) => parsed) },
    })),
    // Numbers as keys would be put first by JavaScript.
    fc
      .uniqueArray(
        fc.tuple(
          text.map((key) => `k${key.toWellFormed()}`),
          tie("value"),
        ),
        { maxLength: 4, selector: ([key]) => key },
      )
      .map((entries) => ({
        value: Object.fromEntries(entries.map(([key, { value }]) => [key, value])),
        parsed: { kind: "map" as const, entries: entries.map(([key, { parsed }]) => [key, parsed] as const) },
      })),
    fc.tuple(dotted, fc.array(tie("value"), { maxLength: 3 })).map(([name, args]) => ({
      value: call(name, ...args.map(({ value }) => value)),
      parsed: { kind: "call" as const, function: name, args: args.map(({ parsed }) => parsed) },
    })),
    fc.array(literal, { minLength: 2, maxLength: 3 }).map((parts) => ({
      value: concat(...parts.map(({ value }) => value)),
      parsed: { kind: "sum" as const, parts: parts.map(({ parsed }) => parsed) },
    })),
  ),
}));

interface BlockPair {
  readonly block: Block;
  readonly parsed: ParsedBlock;
}

const { block: anyBlock } = fc.letrec<{ block: BlockPair }>((tie) => ({
  block: fc
    .record({
      name: dotted,
      label: fc.option(identifier, { nil: undefined }),
      attributes: fc.uniqueArray(fc.tuple(identifier, anyValue), { maxLength: 4, selector: ([key]) => key }),
      blocks: fc.oneof({ maxDepth: 2 }, fc.constant<BlockPair[]>([]), fc.array(tie("block"), { maxLength: 3 })),
    })
    .map(({ name, label, attributes, blocks }): BlockPair => {
      const values = Object.fromEntries(attributes.map(([key, { value }]) => [key, value]));
      const inner = blocks.map((each) => each.block);
      return {
        block: label === undefined ? block(name, values, inner) : component(name, label, values, inner),
        parsed: {
          name,
          ...(label !== undefined && { label }),
          attributes: attributes.map(([key, { parsed }]) => [key, parsed]),
          blocks: blocks.map(({ parsed }) => parsed),
        },
      };
    }),
}));

test("an independent parser reads back exactly what was printed", () => {
  fc.assert(
    fc.property(fc.array(anyBlock, { maxLength: 4 }), (blocks) => {
      expect(parseAlloy(printAlloy(blocks.map((each) => each.block)))).toEqual(blocks.map(({ parsed }) => parsed));
    }),
    { numRuns: 1000 },
  );
});

test("values cannot break out of their string", () => {
  const [parsed] = parseAlloy(printAlloy([component("loki.write", "l", { url: '"\n}\nremote.http "x" {' })]));
  expect(parsed?.attributes).toEqual([["url", { kind: "string", value: '"\n}\nremote.http "x" {' }]]);
  expect(parsed?.blocks).toEqual([]);
});

test("formats like `alloy fmt`: tabs, aligned equals signs, and one value per line in long lists", () => {
  const printed = printAlloy([
    component("a.b", "c", { x: 1, long: true, list: ["v".repeat(50), "w".repeat(50)] }, [
      block("d", {}),
      block("e", { f: ref("a.b.c") }),
    ]),
    block("g", {}),
  ]);
  expect(printed).toBe(
    [
      'a.b "c" {',
      "\tx    = 1",
      "\tlong = true",
      "\tlist = [",
      `\t\t"${"v".repeat(50)}",`,
      `\t\t"${"w".repeat(50)}",`,
      "\t]",
      "",
      "\td { }",
      "",
      "\te {",
      "\t\tf = a.b.c",
      "\t}",
      "}",
      "",
      "g { }",
      "",
    ].join("\n"),
  );
});

describe("invalid names", () => {
  test.each([
    ["a reference", () => ref("a..b")],
    ["a function", () => call("sys.env(")],
    ["a block", () => block("a b", {})],
    ["a label", () => component("a", "b-c", {})],
    ["an attribute", () => block("a", { "b.c": 1 })],
    ["a number", () => printAlloy([block("a", { b: Number.NaN })])],
  ])("%s", (what, make) => {
    expect(make).toThrow(`not ${what} of the Alloy syntax`);
  });
});

test("the parser rejects text that is not Alloy syntax", () => {
  for (const wrong of [
    "a = 1",
    "a {",
    'a { b = "\\q" }',
    'a { b = "\\ud800" }',
    "a { b = 1 c = 2 }",
    "a { b = [1\n2] }",
    'a "b-c" { }',
  ]) {
    expect(() => parseAlloy(wrong), wrong).toThrow(SyntaxError);
  }
});
