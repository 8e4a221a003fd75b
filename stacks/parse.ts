import { removeKey } from "../lib/sizing/index.ts";
import { type Issue, plainTextSecret, problemsOf } from "./issues.ts";
import type { Problem } from "./problem.ts";
import { type StackConfig, stackSchema } from "./schema.ts";
import { hideSecure, unknownOffline } from "./secure.ts";

/** A configuration as far as it could be read, and what could not. */
export interface Parsed {
  /** With something plausible in place of what could not be read. Absent where too little is left to check. */
  readonly config: StackConfig | undefined;
  readonly problems: readonly Problem[];
}

/** Reads a configuration whose keys have lost their `skopos:`. */
export function parseConfig(raw: unknown): Parsed {
  const hidden = hideSecure(raw);
  const parsed = stackSchema.safeParse(hidden, { reportInput: true });
  const plain = plainSecrets(hidden);
  if (parsed.success) return { config: parsed.data, problems: plain };
  const read = (issue: Issue): readonly Problem[] => problemsOf(issue, (path, value) => accepts(hidden, path, value));
  return { config: readableRest(hidden), problems: [...plain, ...parsed.error.issues.flatMap(read)] };
}

/** Whether a configuration with another value at a path has no mistake there. */
function accepts(raw: unknown, path: readonly PropertyKey[], value: unknown): boolean {
  const changed = structuredClone(raw) as Record<PropertyKey, unknown>;
  const holder = path
    .slice(0, -1)
    .reduce<Record<PropertyKey, unknown>>((each, key) => each[key] as typeof changed, changed);
  holder[path.at(-1) as PropertyKey] = value;
  const { error } = stackSchema.safeParse(changed);
  return !error?.issues.flatMap((issue) => placesOf(issue)).some((at) => path.every((key, depth) => at[depth] === key));
}

/** Where an issue is: within the branches of a union, where those are. */
function placesOf(issue: Issue, holder: readonly PropertyKey[] = []): readonly (readonly PropertyKey[])[] {
  const path = [...holder, ...issue.path];
  return issue.code === "invalid_union" ? issue.errors.flat().flatMap((inner) => placesOf(inner, path)) : [path];
}

/** Values that only Pulumi's encrypted configuration may hold. */
function plainSecrets(raw: unknown): readonly Problem[] {
  const { grafanaAdminPassword: password, cluster } = (raw ?? {}) as Record<string, unknown>;
  const { kubeconfig } = (cluster ?? {}) as { kubeconfig?: unknown };
  return [
    ...(typeof password === "string" && password !== unknownOffline
      ? [
          plainTextSecret(
            ["grafanaAdminPassword"],
            removeKey("skopos:grafanaAdminPassword", "then run pulumi config set --secret skopos:grafanaAdminPassword"),
          ),
        ]
      : []),
    // A path is no secret; the contents are.
    ...(typeof kubeconfig === "string" && /\n|apiVersion|clusters:/.test(kubeconfig)
      ? [
          plainTextSecret(
            ["cluster", "kubeconfig"],
            removeKey(
              "kubeconfig",
              'then run pulumi config set --secret --path skopos:cluster.kubeconfig "$(cat kubeconfig)"',
            ),
          ),
        ]
      : []),
  ];
}

/** What has no default and is needed to check everything else. */
const plausible = {
  cluster: { name: "unnamed", version: "1.35" },
  retention: "standard",
  scale: "small",
} as const;

/** A required value is rarely more than this many levels below a part that can be left out as a whole. */
const deepest = 4;

/**
 * The configuration without what could not be read, so that a mistake in one place does not hide those in others.
 * Where a part cannot do without what was taken out, the whole part goes.
 */
function readableRest(raw: unknown): StackConfig | undefined {
  const { cluster, ...others } = structuredClone(raw) as Record<string, unknown>;
  const isMapping = cluster !== null && typeof cluster === "object" && !Array.isArray(cluster);
  const rest = { ...plausible, ...others, cluster: { ...plausible.cluster, ...(isMapping && cluster) } };
  for (let round = 0; round < deepest; round++) {
    const read = stackSchema.safeParse(rest);
    if (read.success) return read.data;
    for (const issue of read.error.issues) {
      const paths = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
      for (const path of paths) {
        removeNearest(rest, path);
        restore(rest, path);
      }
    }
  }
  return undefined;
}

/** Puts a plausible value in place of one that had to go. */
function restore(rest: Record<string, unknown>, [first, second]: readonly PropertyKey[]): void {
  if (first === "cluster") rest.cluster = { ...plausible.cluster, ...(rest.cluster as object | undefined) };
  else if (second === undefined && Object.hasOwn(plausible, first as string))
    Object.assign(rest, { [first as string]: plausible[first as keyof typeof plausible] });
}

/** Removes what stands at a path, or where nothing stands there, what would have to hold it. */
function removeNearest(from: Record<PropertyKey, unknown>, path: readonly PropertyKey[]): void {
  const [first, ...rest] = path;
  if (first === undefined) return;
  const next = from[first];
  const holds = next !== null && typeof next === "object" && rest.length > 0;
  if (holds && (rest.length > 1 || Object.hasOwn(next, rest[0] as PropertyKey))) {
    removeNearest(next as Record<PropertyKey, unknown>, rest);
  } else delete from[first];
}
