import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { yamlText } from "./yaml.ts";

const words = [
  "no",
  "y",
  "N",
  "on",
  "OFF",
  "yes",
  "1_000",
  "0b1",
  "0o17",
  "017",
  "1:20",
  "=",
  "<<",
  "~",
  "null",
  "1e3",
];

test.each([...words, "0x1F", ".inf", "2026-11-30", "true", "plain", "3.2.0"])(
  "%o stays text, as value and as key",
  (word) => {
    const value = { [word]: word, list: [word] };
    for (const version of ["1.1", "1.2"] as const) expect(parse(yamlText(value), { version })).toEqual(value);
  },
);

test("the value key of YAML 1.1 is quoted, for readers that know it", () => {
  expect(yamlText({ a: "=" })).toBe('a: "="\n');
});

test("any text is read alike by both versions", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string()), (value) => {
      const text = yamlText(value);
      expect(parse(text, { version: "1.1", merge: false })).toEqual(parse(text, { version: "1.2" }));
    }),
  );
});
