import type { Workload } from "../../lib/sizing/index.ts";
import { readStackFile } from "../../stacks/load.ts";
import { resolve } from "../../stacks/resolve.ts";

/** Each key of `skopos:workload` with its value in a stack, times a factor. */
export function changesOf(stack: string): readonly (readonly [string, object])[] {
  const { workload } = resolve(readStackFile("stacks", stack).raw, { stack });
  const keys: Readonly<Record<keyof Workload, (value: number) => object>> = {
    nodes: (nodes) => ({ nodes: Math.max(1, Math.round(nodes)) }),
    pods: (pods) => ({ pods: Math.round(pods) }),
    activeSeries: (activeSeries) => ({ activeSeries }),
    scrapeIntervalSeconds: (seconds) => ({ scrapeInterval: `${seconds}s` }),
    logBytesPerDay: (bytes) => ({ logsPerDay: `${bytes}B` }),
    spansPerSecond: (spansPerSecond) => ({ spansPerSecond }),
    spansPerTrace: (spans) => ({ spansPerTrace: Math.round(spans) }),
    flowsPerSecondPerNode: (flows) => ({ flowsPerSecondPerNode: Math.round(flows) }),
    queriesPerSecond: (queries) => ({ queriesPerSecond: Math.max(1, Math.round(queries)) }),
  };
  return (Object.keys(keys) as (keyof Workload)[]).flatMap((key) =>
    [2, 0.5].map((factor) => [`${key} x ${factor}`, keys[key](workload[key] * factor)] as const),
  );
}
