// What is rendered means the same to Go programs, which read YAML 1.1 through sigs.k8s.io/yaml, as to this repository's parser
// of YAML 1.2. The reader is kubectl, without a cluster.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { manifestsOf } from "../../cli/manifests.ts";
import { yamlText } from "../../lib/formats/yaml.ts";
import { readStackFile } from "../../stacks/load.ts";
import { resolve } from "../../stacks/resolve.ts";
import { objectsOf, renderStack } from "../../stacks/stack.ts";
import { programPath } from "../binaries/find.ts";
import { environments, type Variant } from "./variants.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-yaml-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What Go reads from manifests: one per file, in their order. */
function readByGo(texts: readonly string[]): unknown[] {
  const path = mkdtempSync(join(folder, "manifests-"));
  for (const [index, text] of texts.entries()) {
    writeFileSync(join(path, `${String(index).padStart(4, "0")}.yaml`), text);
  }
  const kubectl = programPath("kubectl");
  if (!kubectl) throw new Error("kubectl is not built: npm run binaries kubernetes");
  const args = ["annotate", "--local", "-R", "-f", path, "-o", "json", "skopos.test/read=go"];
  const printed = execFileSync(kubectl, args, { encoding: "utf8", env: { HOME: folder }, maxBuffer: 1 << 28 });
  // It prints one document after the other.
  const objects = JSON.parse(`[${printed.replaceAll(/^\}\n\{/gm, "},{")}]`) as { metadata: Metadata }[];
  return objects.map(withoutMark);
}

interface Metadata {
  annotations?: Record<string, string>;
}

function withoutMark<T extends { metadata: Metadata }>(object: T): T {
  const { "skopos.test/read": _, ...others } = object.metadata.annotations ?? {};
  const { annotations: __, ...metadata } = object.metadata;
  return { ...object, metadata: Object.keys(others).length > 0 ? { ...metadata, annotations: others } : metadata };
}

/** Any YAML document as part of an object: kubectl reads nothing else. */
const asObject = (text: string): string => {
  const indented = text.replaceAll(/^(?=.)/gm, "  ");
  return `apiVersion: v1\nkind: Any\nmetadata: {name: any}\ncontent:\n${indented}`;
};

/** Text in objects that is YAML itself, by its key. */
function embedded(value: unknown, found: string[] = []): string[] {
  if (value === null || typeof value !== "object") return found;
  for (const [key, item] of Object.entries(value)) {
    if (typeof item === "string" && /\.ya?ml$/.test(key)) found.push(item);
    else embedded(item, found);
  }
  return found;
}

/** Text that YAML 1.1 or 1.2 takes for another type. */
const words = (
  "y Y n N yes no on off True FALSE null Null ~ 1_000 0b1 0o7 017 0x1F 1e3 1E3 .5 1. 1:30 190:20:30 -1:30 +1 .inf -.INF .nan " +
  "2026-11-30 2026-11-30T10:00:00Z = << - ? : # & * ! | > % @ ` [] {} 0 00 -0 0. 1_0.5 0b_1 _1 __ 1__ 685_230.15"
).split(" ");

/** prod with such words wherever the schema takes them. */
const words11: Variant = {
  name: "prod, named by words of YAML 1.1",
  render: () => {
    const { raw } = readStackFile("stacks", "prod");
    const cluster = { ...(raw.cluster as object), name: "no", zones: ["y", "0b1", "1e3"], storageClass: "on" };
    const labels = { on: "1_000", y: "no", "0x1f": "017" };
    const defaults = {
      podLabels: labels,
      podAnnotations: { yes: "~", "1e3": "1:30", n: "2026-11-30" },
      nodeSelector: { off: "0b1" },
      extraEnv: { Y: "on", NO: "=" },
    };
    return renderStack(resolve({ ...raw, cluster, defaults, runbooks: "1:30" }, { stack: "prod" }));
  },
};

describe.each([...environments, words11])("$name", (variant) => {
  const stack = variant.render();
  const manifests = manifestsOf(stack);

  test("every object is the same to both", () => {
    const read = readByGo(manifests.map(({ text }) => text));
    const byName = (objects: readonly unknown[]) =>
      new Map(
        (objects as { kind: string; metadata: { name: string; namespace?: string } }[]).map((object) => [
          `${object.kind} ${object.metadata.namespace} ${object.metadata.name}`,
          object,
        ]),
      );
    const rendered = byName(objectsOf(stack).map(({ object }) => JSON.parse(JSON.stringify(object))));
    const found = byName(read);
    expect([...found.keys()].sort()).toEqual([...rendered.keys()].sort());
    for (const [name, object] of rendered) expect(found.get(name), name).toEqual(object);
  });

  test("so is every configuration file in them", () => {
    const texts = [...new Set(objectsOf(stack).flatMap(({ object }) => embedded(object)))];
    expect(texts.length).toBeGreaterThan(5);
    const read = readByGo(texts.map(asObject)) as { content: unknown }[];
    for (const [index, text] of texts.entries()) expect(read[index]?.content, text).toEqual(parse(text));
  });
});

test("the words reach the manifests and the configuration files", () => {
  const text = manifestsOf(words11.render())
    .map((manifest) => manifest.text)
    .join("\n");
  for (const line of [/"on": "1_000"/, /"no"/, /"yes": "~"/, /"1e3": "1:30"/, /storageClassName: "on"/])
    expect(text).toMatch(line);
});

test("any word stays the text that it is, as value, as key and in lists", () => {
  const values = words.map((word) => ({ [word]: word, list: [word, ` ${word}`], nested: { [word]: { [word]: 1 } } }));
  const read = readByGo(values.map((value) => asObject(yamlText(value)))) as { content: unknown }[];
  for (const [index, value] of values.entries()) expect(read[index]?.content).toEqual(value);
});

test("the reader is one of YAML 1.1: without quotes it reads other values", () => {
  const [read] = readByGo([asObject("no: 1_000\na: 0b1\nb: 0o7\n")]) as { content: unknown }[];
  expect(read?.content).toEqual({ false: 1000, a: 1, b: 7 });
});
