import { parseBytes, type SizeOverride, type SizeOverrides } from "../../sizing/index.ts";
import type { ComponentOptions, WorkloadOptions } from "./types.ts";

/** Cores in a quantity of CPU (`500m`, `0.5`, `2`), or undefined where it is none. */
export function parseCores(value: string | number): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(m?)$/.exec(String(value).trim());
  return match ? Number(match[1]) / (match[2] === "m" ? 1000 : 1) : undefined;
}

/** Bytes in a size (`2Gi`, `512MiB`); a bare number is bytes. Undefined where it is none. */
export function parseSize(value: string | number): number | undefined {
  const text = String(value).trim();
  return /^\d+$/.test(text) ? Number(text) : parseBytes(text);
}

/** The amounts among a workload's options. Those that are no quantities are left out: `validateOptions` reports them. */
export function sizeOverride({ replicas, resources, disk }: WorkloadOptions): SizeOverride {
  const { requests = {}, limits = {} } = resources ?? {};
  const cores = (value: string | number | undefined) => (value === undefined ? undefined : parseCores(value));
  const size = (value: string | number | undefined) => (value === undefined ? undefined : parseSize(value));
  const override = {
    replicas,
    cpuCores: cores(requests.cpu),
    memoryBytes: size(requests.memory),
    cpuLimitCores: cores(limits.cpu),
    memoryLimitBytes: size(limits.memory),
    diskBytes: size(disk),
  };
  return Object.fromEntries(Object.entries(override).filter(([, value]) => value !== undefined));
}

/** The amounts among a component's options, by workload. @param main name of the main workload, if there is one */
export function sizeOverrides<Name extends string>(
  options: ComponentOptions,
  main: NoInfer<Name> | undefined,
): SizeOverrides<Name> {
  const own = main === undefined ? [] : [[main, sizeOverride(options)] as const];
  const others = Object.entries(options.workloads ?? {}).map(([name, each]) => [name, sizeOverride(each)] as const);
  const stated = [...own, ...others].filter(([, override]) => Object.keys(override).length > 0);
  return Object.fromEntries(stated) as SizeOverrides<Name>;
}
