// Every kind of issue that zod knows reaches users in our words, with its place and a fix.
import { expect, test } from "vitest";
import { z } from "zod";
import { least, rejectedConfigs } from "../test/support/rejected-stacks.ts";
import { type Issue, problemsOf } from "./issues.ts";
import { parseConfig } from "./parse.ts";
import type { ProblemCode } from "./problem.ts";

/** A schema and an input of each kind, with the code that it is reported by. */
const kinds: Readonly<Record<Issue["code"], readonly (readonly [z.ZodType, unknown, ProblemCode])[]>> = {
  invalid_type: [
    [z.string(), 5, "SKP1014"],
    [z.array(z.string()), "a", "SKP1014"],
    [z.object({}), [], "SKP1014"],
    [z.int(), 1.5, "SKP1011"],
    [z.date(), "today", "SKP1014"],
  ],
  too_small: [
    [z.number().min(3), 1, "SKP1011"],
    [z.string().min(3), "a", "SKP1012"],
    [z.array(z.string()).min(1), [], "SKP1015"],
  ],
  too_big: [
    [z.number().max(3), 10, "SKP1011"],
    [z.string().max(3), "abcdef", "SKP1012"],
    [z.array(z.string()).max(1), ["a", "b"], "SKP1015"],
  ],
  not_multiple_of: [[z.number().multipleOf(5), 7, "SKP1011"]],
  invalid_format: [
    [z.string().regex(/^a/), "b", "SKP1012"],
    [z.email(), "me", "SKP1012"],
    [z.string().startsWith("a"), "b", "SKP1012"],
  ],
  unrecognized_keys: [[z.strictObject({}), { a: 1 }, "SKP1001"]],
  invalid_value: [
    [z.enum(["on", "off"]), "of", "SKP1004"],
    [z.literal("a"), "b", "SKP1004"],
  ],
  invalid_key: [[z.record(z.string().regex(/^a/), z.string()), { b: "x" }, "SKP1012"]],
  invalid_element: [[z.map(z.object({}), z.number()), new Map([[{}, "x"]]), "SKP1014"]],
  invalid_union: [
    [z.union([z.string(), z.number()]), true, "SKP1014"],
    [z.union([z.object({ a: z.string() }), z.string()]), { a: 1 }, "SKP1014"],
    [z.discriminatedUnion("kind", [z.object({ kind: z.literal("a") })]), { kind: "b" }, "SKP1004"],
    [z.discriminatedUnion("kind", [z.object({ kind: z.literal("a") })]), {}, "SKP1003"],
  ],
  custom: [[z.string().refine(() => false, "it is never right"), "a", "SKP1012"]],
};

/** How zod itself speaks. */
const zodsWords = /Invalid|Too (small|big)|Unrecognized|expected|received|input/i;

test.each(Object.entries(kinds).flatMap(([kind, cases]) => cases.map((each) => [kind, ...each] as const)))(
  "%s is reported in our own words",
  (kind, schema, input, code) => {
    const { error } = z.object({ place: schema }).safeParse({ place: input }, { reportInput: true });
    expect(error?.issues.map((issue) => issue.code)).toEqual([kind]);
    const problems = (error?.issues ?? []).flatMap((issue) => problemsOf(issue, () => true));
    expect(problems.map((problem) => problem.code)).toEqual([code]);
    for (const { path, message, fix } of problems) {
      expect(path).toMatch(/^skopos:place/);
      expect(message.replace(/: .*/, "")).not.toMatch(zodsWords);
      expect(message.length).toBeGreaterThan(8);
      expect(fix).not.toMatch(zodsWords);
    }
  },
);

test("no rejected configuration is reported in the words of zod", () => {
  const messages = rejectedConfigs.flatMap((config) => parseConfig(config).problems.map(({ message }) => message));
  expect(messages.length).toBeGreaterThan(100);
  expect(
    messages.filter((message) => /^(.*: )?(Invalid|Too (small|big)|Unrecognized)|expected \w+/.test(message)),
  ).toEqual([]);
});

test("a number alone, or with more than a unit behind it, is not guessed", () => {
  for (const workload of [
    { scrapeInterval: "1:30" },
    { scrapeInterval: 30 },
    { logsPerDay: 0x10 },
    { logsPerDay: "0x10" },
  ])
    expect(parseConfig({ ...least, workload }).problems).toEqual([
      expect.objectContaining({ code: "SKP1002", fix: expect.stringMatching(/^# write /) }),
    ]);
});

test("the name of a Secret is repeated, and put into the list that it belongs in", () => {
  expect(parseConfig({ ...least, images: { pullSecrets: "regcred" } }).problems).toEqual([
    expect.objectContaining({
      message: expect.stringContaining('"regcred"'),
      fix: expect.stringContaining("[regcred]"),
    }),
  ]);
});

test("a text in a language is not guessed", () => {
  const summary = "{{ $labels.pod";
  const rules = [{ alert: "A", expr: "up{a='}", annotations: { summary } }];
  const { problems } = parseConfig({
    ...least,
    extra: { rules: [{ name: "a", rules }] },
    alerts: { rules: { A: { summary } } },
  });
  expect(problems.map(({ fix }) => fix.startsWith("# write "))).toEqual([true, true, true]);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("%s is shown as it is", (value) => {
  const configs = [
    { ...least, workload: { activeSeries: value } },
    { ...least, components: { mimir: { replicas: value, resources: { requests: { cpu: value } } } } },
    { ...least, cluster: { ...least.cluster, name: value } },
  ];
  for (const config of configs) {
    const { problems } = parseConfig(config);
    expect(problems.length).toBeGreaterThan(0);
    for (const { message } of problems) expect(message).toContain(String(value));
  }
});
