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
  const { issues } = parsed.error;
  return { config: readableRest(hidden, issues), problems: [...plain, ...issues.flatMap(problemsOf)] };
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
            "# remove the key, then run: pulumi config set --secret skopos:grafanaAdminPassword",
          ),
        ]
      : []),
    // A path is no secret; the contents are.
    ...(typeof kubeconfig === "string" && /\n|apiVersion|clusters:/.test(kubeconfig)
      ? [
          plainTextSecret(
            ["cluster", "kubeconfig"],
            '# remove the key, then run: pulumi config set --secret --path skopos:cluster.kubeconfig "$(cat kubeconfig)"',
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
function readableRest(raw: unknown, issues: readonly Issue[]): StackConfig | undefined {
  const rest = structuredClone(raw) as Record<string, unknown>;
  let wrong = issues;
  for (let round = 0; round < deepest; round++) {
    for (const issue of wrong) {
      const paths = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
      for (const path of paths) removeNearest(rest, path);
    }
    const cluster = { ...plausible.cluster, ...(rest.cluster as object | undefined) };
    const filled = stackSchema.safeParse({ ...plausible, ...rest, cluster });
    if (filled.success) return filled.data;
    wrong = filled.error.issues;
  }
  return undefined;
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
