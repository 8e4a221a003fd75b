import type { Workload } from "../lib/sizing/index.ts";
import { ConfigurationError } from "./problem.ts";
import type { ResolvedStack } from "./resolve.ts";
import { resolveProps } from "./resolve.ts";
import { renderStack } from "./stack.ts";

/** How much more a stack carries before it needs another pod. */
export interface Headroom {
  /** Factor on the whole workload at which the first workload needs more pods. Undefined: not up to the factor tried. */
  readonly factor: number | undefined;
  /** The setting that has to change first, where more pods are not enough. */
  readonly limit?: string;
  /** Whose step it is, with its pods before and after. */
  readonly step?: { readonly name: string; readonly from: number; readonly to: number };
}

/** Beyond twice the workload another profile is the answer. */
const furthest = 2;
/** Bisections: to one part in a hundred. */
const rounds = 7;

/** Pods by workload, DaemonSets left out: they follow the nodes. */
function podsAt(stack: ResolvedStack, factor: number): ReadonlyMap<string, number> {
  const props = resolveProps(stack.config, scaled(stack.workload, factor), stack.retention);
  const footprints = renderStack({ ...stack, props }).charts.flatMap((chart) => chart.footprints);
  return new Map(
    footprints.filter(({ kind }) => kind !== "DaemonSet").map(({ name, perPod }) => [name, perPod.replicas]),
  );
}

/** The same habits on a larger cluster: what is per node or per trace stays. */
function scaled(workload: Workload, factor: number): Workload {
  const times = (value: number) => Math.ceil(value * factor);
  return {
    ...workload,
    nodes: times(workload.nodes),
    pods: times(workload.pods),
    activeSeries: times(workload.activeSeries),
    logBytesPerDay: workload.logBytesPerDay * factor,
    spansPerSecond: workload.spansPerSecond * factor,
    queriesPerSecond: workload.queriesPerSecond * factor,
  };
}

/** Finds the next step by growing everything at once. */
export function headroom(stack: ResolvedStack): Headroom {
  const now = podsAt(stack, 1);
  const stepAt = (factor: number) => {
    try {
      return [...podsAt(stack, factor)].find(([name, pods]) => pods !== now.get(name));
    } catch (error) {
      // Beyond what a component can carry, more pods are not the answer: its form is.
      if (error instanceof ConfigurationError) return [error.problems[0]?.path ?? "", undefined] as const;
      throw error;
    }
  };
  if (!stepAt(furthest)) return { factor: undefined };
  let [low, high] = [1, furthest];
  for (let round = 0; round < rounds; round++) {
    const middle = (low + high) / 2;
    if (stepAt(middle)) high = middle;
    else low = middle;
  }
  const factor = Math.ceil(high * 100) / 100;
  const [name, to] = stepAt(high) ?? ["", undefined];
  return to === undefined ? { factor, limit: name } : { factor, step: { name, from: now.get(name) ?? 0, to } };
}
