// `node test/bench/linters.ts [--list]`: which of the planted mistakes other linters find in the same files, and everybody's time.
// Programs are taken from PATH; one that is missing is named and left out.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { policyFacts } from "../../cli/policy-check.ts";
import { checkObjects } from "../../policies/engine/check.ts";
import { KubernetesObject } from "../../policies/engine/object.ts";
import type { Fields } from "../../policies/engine/values.ts";
import { changed } from "../../policies/fixtures/world.ts";
import { rules } from "../../policies/rules/index.ts";
import { loadStack, objectsOf } from "../../stacks/stack.ts";
import { mutations } from "../stacks/mutations/index.ts";

/** A linter: what it finds in a file, one text for each finding. */
interface Linter {
  readonly name: string;
  /** How it runs: with every check it has, Polaris with its default configuration. */
  readonly command: (file: string) => readonly string[];
  readonly read: (output: string) => readonly string[];
}

interface Scored {
  readonly object_name: string;
  readonly checks: readonly {
    readonly check: { readonly id: string };
    readonly grade: number;
    readonly comments: readonly { readonly path: string; readonly summary: string }[] | null;
  }[];
}

/** All optional checks of kube-score 1.20: `kube-score list`. */
const optional = spawnSync("kube-score", ["list"], { encoding: "utf8" })
  .stdout?.split("\n")
  .flatMap((line) => (line.endsWith(",optional") ? [line.split(",")[0] as string] : []));

const linters: readonly Linter[] = [
  {
    name: "kube-score",
    command: (file) => [
      "kube-score",
      "score",
      "--output-format=json",
      ...(optional ?? []).map((id) => `--enable-optional-test=${id}`),
      file,
    ],
    read: (output) =>
      (JSON.parse(output) as Scored[]).flatMap(({ object_name, checks }) =>
        checks.flatMap(({ check, grade, comments }) =>
          grade >= 10
            ? []
            : (comments ?? [{ path: "", summary: "" }]).map(
                (each) => `${object_name} ${check.id} ${grade} ${each.path} ${each.summary}`,
              ),
        ),
      ),
  },
  {
    name: "kube-linter",
    command: (file) => ["kube-linter", "lint", "--add-all-built-in", "--format=json", file],
    read: (output) =>
      (
        JSON.parse(output) as {
          readonly Reports: readonly {
            readonly Check: string;
            readonly Diagnostic: { readonly Message: string };
            readonly Object: { readonly K8sObject: object };
          }[];
        }
      ).Reports.map(
        ({ Check, Diagnostic, Object: { K8sObject } }) => `${JSON.stringify(K8sObject)} ${Check} ${Diagnostic.Message}`,
      ),
  },
  {
    name: "polaris",
    command: (file) => ["polaris", "audit", "--format=json", `--audit-path=${file}`],
    read: (output) => failures(JSON.parse(output), ""),
  },
];

/** Every failed check in a report of Polaris: they stand at any depth, below the object's name. */
function failures(value: unknown, place: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((each) => failures(each, place));
  if (typeof value !== "object" || value === null) return [];
  const { Name, Kind, ID, Success, Message, Details } = value as Record<string, unknown>;
  if (Success === false) return [`${place} ${ID} ${Message} ${JSON.stringify(Details)}`];
  const here = Name === undefined ? place : `${place}/${Kind ?? ""} ${Name}`;
  return Object.values(value).flatMap((each) => failures(each, here));
}

const folder = mkdtempSync(join(tmpdir(), "skopos-linters-"));
const file = join(folder, "all.yaml");
const write = (objects: readonly KubernetesObject[]) =>
  writeFileSync(file, objects.map(({ raw }) => JSON.stringify(raw)).join("\n---\n"));

function run({ name, command, read }: Linter): ReadonlySet<string> {
  const [program, ...args] = command(file);
  // They end with 1 where they find something.
  const { stdout, stderr, error } = spawnSync(program as string, args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  try {
    if (error) throw error;
    return new Set(read(stdout));
  } catch (cause) {
    throw new Error(`${name}: ${stderr.slice(0, 400)}`, { cause });
  }
}

const stack = loadStack("stacks", "prod");
const facts = policyFacts(stack);
/** Without the definitions of custom resources, at which nobody looks. */
const objects = objectsOf(stack)
  .map(({ object }) => new KubernetesObject(object as unknown as Fields))
  .filter(({ kind }) => kind !== "CustomResourceDefinition");
/** What the rule finds that has to find a mistake. */
const ours = (all: readonly KubernetesObject[], id: string) =>
  new Set(
    checkObjects(all, { rules: rules.filter((rule) => rule.id === id), facts, previous: objects }).findings.map(
      ({ rule, object, container, path, message }) => `${rule} ${object?.id} ${container} ${path} ${message}`,
    ),
  );
const hasNew = (before: ReadonlySet<string>, after: ReadonlySet<string>) =>
  [...after].some((each) => !before.has(each));
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] as number;

function milliseconds(work: () => void): number {
  const times = Array.from({ length: 7 }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return Math.round(median(times));
}

try {
  const present = linters.filter(({ name }) => !spawnSync(name, ["version"]).error);
  for (const { name } of linters.filter((each) => !present.includes(each))) console.error(`${name} is not on PATH`);
  write(objects);
  const baseline = new Map(present.map((linter) => [linter, run(linter)]));
  const columns = ["mistakes", "skopos", ...present.map(({ name }) => name)];
  const totals = new Map<string, number[]>();
  for (const { rule, mistake, changes } of mutations) {
    const mutated = changed(objects, changes);
    write(mutated);
    const found = [
      true,
      hasNew(ours(objects, rule), ours(mutated, rule)),
      ...present.map((linter) => hasNew(baseline.get(linter)!, run(linter))),
    ];
    const category = rule.split("/")[0] as string;
    for (const key of [category, "all"]) {
      const counts = totals.get(key) ?? columns.map(() => 0);
      totals.set(key, counts);
      for (const [index, each] of found.entries()) counts[index]! += Number(each);
    }
    if (process.argv.includes("--list"))
      console.log(`${mistake}: ${columns.filter((_, index) => index > 0 && found[index]).join(", ") || "nobody"}`);
  }
  write(objects);
  console.log(`| ${["", ...columns].join(" | ")} |\n|---${columns.map(() => "|---:").join("")}|`);
  for (const [category, counts] of [...totals].sort(([a], [b]) => Number(a === "all") - Number(b === "all")))
    console.log(`| ${[category, ...counts].join(" | ")} |`);
  const skopos = () => spawnSync(process.execPath, ["bin/skopos.mjs", "check", file], { stdio: "ignore" });
  const times = [milliseconds(skopos), ...present.map((linter) => milliseconds(() => run(linter)))];
  console.log(`| time for the ${objects.length} objects, cold | | ${times.map((time) => `${time} ms`).join(" | ")} |`);
} finally {
  rmSync(folder, { recursive: true });
}
