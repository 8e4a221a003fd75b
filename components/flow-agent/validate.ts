import type { z } from "zod";
import { configSchema } from "../../bpf-agent/src/config/schema.ts";
import { formatPlace } from "../../lib/formats/index.ts";
import { defaultCluster, sizeOverride, validateHostAgent, validateOptions } from "../../lib/kubernetes/index.ts";
import { completeWorkload, type Finding, removeKey, validateProps, validateWorkload } from "../../lib/sizing/index.ts";
import type { FlowAgentProps } from "./props.ts";
import { flowAgentShape } from "./shape.ts";
import { idleBytes, sizeFlowAgent } from "./sizing.ts";

/** Finds every mistake in the props of a {@link FlowAgentChart}. */
export function validateFlowAgent(props: Omit<FlowAgentProps, "flows">): readonly Finding[] {
  return validateProps(props, flowAgentShape, () => combinations(props));
}

function combinations(props: Omit<FlowAgentProps, "flows">): readonly Finding[] {
  const { cluster = defaultCluster } = props;
  const workload = completeWorkload(props.workload);
  const rejected = rejectedSettings(props.config);
  const numbers = validateWorkload(workload);
  const size = () =>
    sizeFlowAgent({
      workload,
      ...(props.config && rejected.length === 0 && { config: props.config }),
      size: { ...props.size, ...sizeOverride(props) },
    }).agent;
  return [
    ...numbers,
    ...rejected,
    ...(numbers.length > 0 ? [] : validateOptions(props, { main: { size: size(), idleBytes, everyNode: true } })),
    ...validateHostAgent(cluster.platform, "cluster.platform", "# turn the flow agent off"),
  ];
}

/** Settings that the component itself makes, by their place in the agent's configuration file. */
const ownSettings = [["server"], ["export", "endpoints"]] as const;

/** Finds settings that the agent would reject when it starts: its own schema says which. */
function rejectedSettings(config: unknown): readonly Finding[] {
  if (config === undefined) return [];
  const own = ownSettings.filter((path) => valueAt(config, path) !== undefined);
  const parsed = configSchema.safeParse(config);
  const issues = parsed.success ? [] : parsed.error.issues.flatMap(mistakes);
  const found = [
    ...own.map((path) => ({ path, message: "is set by the component itself" })),
    ...issues.filter(({ path }) => !own.some((each) => each.every((key, i) => path[i] === key))),
  ].map(({ path, message }) => ({
    code: "SKP1280" as const,
    at: formatPlace(["config", ...path]),
    message,
    fix: removeKey(String(path.at(-1) ?? "config")),
  }));
  // A value may break several rules of the schema: the first one is what to fix.
  return found.filter(({ at }, index) => found.findIndex((each) => each.at === at) === index);
}

/** An unknown key is one mistake each. Messages of the schema's own begin with "is". */
function mistakes(issue: z.core.$ZodIssue): { path: readonly PropertyKey[]; message: string }[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: "is no setting of the flow agent" }));
  const { message } = issue;
  return [{ path: issue.path, message: message.startsWith("is ") ? message : `is rejected by the agent: ${message}` }];
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (at !== null && typeof at === "object" ? (at as Record<string, unknown>)[key] : undefined),
    value,
  );
}
