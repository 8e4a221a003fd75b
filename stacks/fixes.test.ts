// A printed fix works when it is pasted: the file no longer has the problem, and no new one of reading it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type Document, isMap, isSeq, parseDocument, stringify, type YAMLMap, type YAMLSeq } from "yaml";
import { parsePlace } from "../lib/formats/index.ts";
import { rejectedConfigs, rejectedFiles } from "../test/support/rejected-stacks.ts";
import { table } from "../test/support/rejected-values.ts";
import { knownKeys } from "./json-schema.ts";
import { readStackFile } from "./load.ts";
import { ConfigurationError, type Problem, type ProblemCode, problemCatalogue } from "./problem.ts";
import { resolve } from "./resolve.ts";
import { renderStack } from "./stack.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-fixes-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "Pulumi.s.yaml");

function problemsOf(text: string): readonly Problem[] {
  writeFileSync(file, text);
  try {
    const { raw, problems } = readStackFile(folder, "s");
    const stack = resolve(raw, { stack: "s", problems });
    // Only these are checked by what makes the objects.
    if (/patches|extraEnv|rules|collectors/.test(text)) renderStack(stack);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

/** Codes whose fix may be a sentence, because nobody but the user knows what was meant. */
const sentences: Partial<Record<ProblemCode, string>> = {
  SKP1002: "a text without a number and a known unit may stand for any quantity",
  SKP1003: "the kind of a thing decides what else has to be stated about it",
  SKP1004: "a word unlike every allowed one may stand for any of them",
  SKP1005: "a file that cannot be parsed has no places",
  SKP1009: "a text or a list in place of a stack's keys may stand for any of them",
  SKP1012: "a text far from its format may stand for any other; one that looks like a secret is not repeated",
  SKP1014: "a value of another type may stand for any value",
  SKP1015: "only the user knows the items of a list",
  SKP1214: "beyond the partitions of a topic, the user decides what is sampled and how clusters are divided",
  SKP1226: "only the user knows the names of zones",
  SKP1247: "a matcher, a time or a duration that cannot be read may stand for any",
  SKP1260: "no setting gives a cluster IPv4 addresses",
  SKP1301: "options of a single workload may be set on the component as well",
  SKP1302: "the user decides which workload a figure is for",
  SKP1310: "a name unlike every object's may stand for any of them",
  SKP1320: "only the user knows what a manifest should say",
  SKP1322: "only the user knows what a component, an address or a variable should be",
  SKP1311: "a number that is no number may stand for any",
};

/** Follows a fix as a person would. Undefined if it is a sentence. */
function paste(text: string, { path, fix }: Problem): string | undefined {
  const document = parseDocument(text, { merge: true });
  const isKey = path.startsWith("skopos:");
  const place = isKey ? ["config", ...configPlace(path.slice("skopos:".length))] : ["config", path];
  const [first = "", ...rest] = fix.split("\n");
  if (/^# remove (the key|item \d)/.test(first)) document.deleteIn(place);
  else if (first.startsWith("# rename the key")) {
    const [, from = "", to = ""] = /^# rename the key ("(?:[^"\\]|\\.)*") to ("(?:[^"\\]|\\.)*")/.exec(first) ?? [];
    const holder = isKey ? place.slice(0, -1) : document.has("config") ? ["config"] : [];
    const old = place.length === 2 && isKey ? `skopos:${JSON.parse(from)}` : JSON.parse(from);
    const renamed = place.length === 2 && isKey ? `skopos:${JSON.parse(to)}` : JSON.parse(to);
    const value = document.getIn([...holder, old], true);
    document.deleteIn([...holder, old]);
    document.setIn([...holder, renamed], value);
  } else if (first.startsWith("# in place of the key") && rest.length > 0) {
    document.deleteIn(place);
    merge(document, ["config"], parseDocument(rest.join("\n")).contents as YAMLMap, place);
  } else {
    const pasted = parseDocument(fix).contents;
    if (!isMap(pasted)) return undefined;
    if (!isMap(document.contents)) return fix;
    merge(document, isKey ? ["config"] : [], pasted, place);
  }
  return document.toString();
}

/** The first key has `skopos:` in front of it in the file. */
const configPlace = (path: string): (string | number)[] =>
  parsePlace(path).map((key, depth) => (depth === 0 ? `skopos:${key}` : key));

/** Block mappings are merged key by key, items of block lists go to the item of the place, all else replaces what is there. */
function merge(
  document: Document,
  at: readonly (string | number)[],
  pasted: YAMLMap | YAMLSeq,
  place: readonly unknown[],
) {
  const entries: (readonly [string | number, unknown])[] = isSeq(pasted)
    ? [[place[at.length] as number, pasted.items[0]]]
    : pasted.items.map(({ key, value }) => [String(key), value]);
  for (const [key, value] of entries) {
    expect(typeof key === "number" || typeof key === "string", "an item needs a place in a list").toBe(true);
    const path = [...at, key];
    const isBlock = (isMap(value) || isSeq(value)) && !value.flow;
    if (!isBlock) document.setIn(path, value);
    else {
      const there = document.getIn(path, true);
      if (!isMap(there) && !isSeq(there)) document.setIn(path, document.createNode(isMap(value) ? {} : []));
      merge(document, path, value, place);
    }
  }
}

/** Problems of reading a file, as opposed to what its settings mean together. */
const isUnreadable = ({ code }: Problem): boolean => code.startsWith("SKP10") && code !== "SKP1013";

const same = (a: Problem) => (b: Problem) => a.code === b.code && a.path === b.path;

/** What is wrong with the fixes of a file. */
function mistakesOf(text: string): string[] {
  const problems = problemsOf(text);
  return problems.flatMap((problem) => {
    const about = `${problem.code} ${problem.path}\n${problem.message}\n${problem.fix}`;
    if (/\.\.\.|undefined|\bNaN\b/.test(problem.fix.replaceAll(/^#.*$/gm, ""))) return [`a placeholder: ${about}`];
    const pasted = paste(text, problem);
    if (pasted === undefined) return sentences[problem.code] ? [] : [`a sentence: ${about}`];
    const left = problemsOf(pasted);
    if (left.some(same(problem))) return [`not fixed: ${about}\nin\n${pasted}`];
    const added = left.filter((each) => isUnreadable(each) && !problems.some(same(each)));
    return added.map(({ code, path, message }) => `new: ${code} ${path}: ${message}\nby ${about}\nin\n${pasted}`);
  });
}

/** Whether a place is one that the file has, or that the schema knows. */
function exists(text: string, path: string): boolean {
  if (!path.startsWith("skopos:")) return true;
  const place = parsePlace(path.slice("skopos:".length));
  const config = parseDocument(text, { merge: true }).toJS().config as Record<string, unknown>;
  let found: unknown = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace(/^skopos:/, ""), value]),
  );
  return place.every((key, depth) => {
    const known = knownKeys(place.slice(0, depth)).includes(String(key));
    const there = found !== null && typeof found === "object" && Object.hasOwn(found, key);
    found = there ? (found as Record<string | number, unknown>)[key] : undefined;
    return there || known;
  });
}

const fileOf = (config: object): string =>
  stringify(
    { config: Object.fromEntries(Object.entries(config).map(([key, value]) => [`skopos:${key}`, value])) },
    {
      aliasDuplicateObjects: false,
    },
  );

const corpus = [
  ...rejectedConfigs,
  ...table.flatMap(([, key, , , bad]) => bad.map((value) => ({ ...rejectedConfigs[0], ...key(value) }))),
].map(fileOf);

test("every fix of a rejected file works when it is pasted", () => {
  expect([...corpus, ...rejectedFiles].flatMap(mistakesOf).join("\n\n")).toBe("");
});

/** Codes that no stack file leads to, or that cannot be tested here. */
const elsewhere: Partial<Record<ProblemCode, string>> = {
  SKP1006: "the fix is an option of the command line: cli/main.test.ts",
  SKP1020: "the file is Pulumi.yaml: stacks/load.test.ts",
  SKP1021: "the file is an image lock: cli/registry",
  SKP1221: "the schema's bounds reject such a retention first",
  SKP1230: "limits of tenants are a prop of the chart",
  SKP1233: "a stack passes Kafka, or Tempo stays one process",
  SKP1241: "without a long-term store, Prometheus is not sharded unless a program says so",
  SKP1242: "the remote write receiver is a prop of the chart",
  SKP1255: "only programs pass ServiceAccounts of their own",
  SKP1261: "Pulumi's own configuration is asked: stacks/program.test.ts",
  SKP1304: "the schema rejects what is no amount first",
  SKP1315: "no alert of a stack exists at several severities: lib/kubernetes/rules.test.ts",
};

test("the fix of every code is tested", () => {
  const raised = new Set([...corpus, ...rejectedFiles].flatMap((text) => problemsOf(text).map(({ code }) => code)));
  const codes = Object.keys(problemCatalogue) as ProblemCode[];
  expect(codes.filter((code) => !raised.has(code)).sort()).toEqual(Object.keys(elsewhere).sort());
  expect(Object.keys(sentences).filter((code) => !raised.has(code as ProblemCode))).toEqual([]);
});

test("every place that is printed is a key that exists", () => {
  const places = [...corpus].flatMap((text) =>
    problemsOf(text).map(({ path }) => ({ path, exists: exists(text, path) })),
  );
  expect(places.length).toBeGreaterThan(200);
  expect(places.filter((each) => !each.exists)).toEqual([]);
});
