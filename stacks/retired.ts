import type { Problem } from "./problem.ts";
import { snippet } from "./snippet.ts";

/** A key of an earlier version, with what replaces it. */
export function retiredKey(path: readonly PropertyKey[], key: string, input: unknown): Problem | undefined {
  const replaced = path.length === 0 ? replacements[key]?.(input as Record<string, unknown>) : undefined;
  if (!replaced) return undefined;
  const { message, fix } = replaced;
  return { code: "SKP1007", path: `skopos:${key}`, message, fix: `# in place of the key "skopos:${key}":\n${fix}` };
}

/** Keys of earlier versions, each with what replaces it. */
const replacements: Readonly<
  Record<string, (input: Readonly<Record<string, unknown>>) => { message: string; fix: string }>
> = {
  priorityClassName: ({ priorityClassName }) => ({
    message: "was replaced: it is one of the defaults of all pods",
    fix: snippet(["defaults", "priorityClassName"], String(priorityClassName)),
  }),
  keep: ({ retention, keep }) => {
    const profile = typeof retention === "string" ? retention : "standard";
    const overrides = typeof keep === "object" && keep !== null ? Object.entries(keep) : [];
    const lines = [["profile", profile], ...overrides].map(([name, value]) => `  ${name}: ${value}`);
    return {
      message: "was replaced: overrides of the retention profile are part of skopos:retention",
      fix: ["skopos:retention:", ...lines].join("\n"),
    };
  },
};
