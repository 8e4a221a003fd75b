import { describe, expect, test } from "vitest";
import { re2, streamSelector } from "./index.ts";

describe("a regular expression", () => {
  test.each([
    "a.+b",
    "(?i)error",
    "(?P<name>x)",
    "[[:alpha:]]+",
    String.raw`\pL\p{Greek}`,
    String.raw`a\-b\.c\/d`,
    "a{2,3}",
    "{literal}",
    String.raw`\Aabc\z`,
    "(?i:x)",
    "",
  ])("%s is accepted", (pattern) => expect(re2.mistake(pattern)).toBeUndefined());

  test.each(["(", "a**", "(?=x)", "(?<!x)y", String.raw`(a)\1`, "[b-a]", "a{1001}", String.raw`\c`, "*"])(
    "%s is not",
    (pattern) => expect(re2.mistake(pattern)).toBeTypeOf("string"),
  );
});

describe("a stream selector", () => {
  test.each([
    '{namespace="dev"}',
    '{ a = "x" , b =~ "y}|z" }',
    "{a=~`x.+`}",
    '{a!=""}',
    '{a="x", b!="y"}',
    String.raw`{a="\"quoted\""}`,
  ])("%s is accepted", (selector) => expect(streamSelector.mistake(selector)).toBeUndefined());

  test.each([
    "{}",
    "namespace",
    '{namespace="dev"} |= "x"',
    '{a="b",}',
    "{a='b'}",
    '{a=~"("}',
    '{a=~"(?=b)"}',
    '{a=~".*"}',
    '{a=""}',
    '{a!="b"}',
    '{1a="b"}',
    "{a=b}",
    'rate({a="b"}[5m])',
    '{a="b"} {c="d"}',
  ])("%s is not", (selector) => expect(streamSelector.mistake(selector)).toBeTypeOf("string"));
});
