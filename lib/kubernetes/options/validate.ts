import { formatPlace } from "../../formats/index.ts";
import { type Finding, formatBytes, MiB, removeKey, validateCounts, type WorkloadSize } from "../../sizing/index.ts";
import { type ClusterFacts, validateIpFamilies } from "../cluster.ts";
import { softMemoryShare } from "../container.ts";
import { parseCores, parseSize } from "./size.ts";
import type { ComponentOptions, PodOptions, WorkloadOptions } from "./types.ts";

/** A workload of a component, as its options are validated against it. */
export interface WorkloadFacts {
  /** Its size, overrides applied. */
  readonly size: WorkloadSize;
  /** Memory of an idle process, in bytes. @default 16 MiB */
  readonly idleBytes?: number;
  /** Why there is never more than one pod of it. @default there may be several */
  readonly single?: string;
  /** Whether there is one pod per node, so that nobody chooses their number. @default false */
  readonly everyNode?: boolean;
}

/** The workloads of a component. */
export interface Workloads {
  /** The main workload, whose amounts are the component's own. Absent where several are equals. */
  readonly main?: WorkloadFacts;
  /** The other workloads by name: the keys of `workloads`. @default none */
  readonly others?: Readonly<Record<string, WorkloadFacts>>;
}

/** The workloads of a size per name, all of whose idle processes take the same memory. @param single by workload, why there is only one pod */
export function workloadFacts(
  sizes: Readonly<Record<string, WorkloadSize | undefined>>,
  idleBytes: number,
  single: Readonly<Record<string, string>> = {},
): Readonly<Record<string, WorkloadFacts>> {
  return Object.fromEntries(
    Object.entries(sizes).flatMap(([name, size]) => {
      const why = single[name];
      return size ? [[name, { size, idleBytes, ...(why && { single: why }) }]] : [];
    }),
  );
}

/** Keys of amounts, which belong to one workload. */
const amounts = ["replicas", "resources", "disk"] as const satisfies (keyof WorkloadOptions)[];

/** Finds every mistake in the options of a component. */
export function validateOptions(
  options: ComponentOptions & { readonly cluster?: ClusterFacts },
  { main, others = {} }: Workloads,
): readonly Finding[] {
  const { workloads = {}, defaults = {} } = options;
  const names = Object.keys(others);
  const example = names[0] ?? "";
  const several = main
    ? []
    : amounts.flatMap((key): Finding[] =>
        options[key] === undefined
          ? []
          : [
              {
                code: "SKP1302",
                at: key,
                message: `the component has several workloads here: ${names.join(", ")}`,
                fix: `# move it to one of the workloads, such as workloads.${example}.${key}`,
              },
            ],
      );
  return [
    ...(options.cluster ? validateIpFamilies(options.cluster) : []),
    ...validatePods(defaults, "defaults."),
    ...validatePods(options, ""),
    ...(main ? validateAmounts(options, "", main) : several),
    ...Object.entries(workloads).flatMap(([name, each]): readonly Finding[] => {
      const at = `workloads.${name}`;
      const facts = others[name];
      if (facts) return [...validatePods(each, `${at}.`), ...validateAmounts(each, `${at}.`, facts)];
      const message =
        names.length > 0
          ? `there is no such workload here; there are ${names.join(", ")}`
          : "the component has a single workload here";
      const fix = names.length > 0 ? removeKey(name) : "# move its options up to the component itself";
      return [{ code: "SKP1301", at, message, fix }];
    }),
  ];
}

/** Labels that selectors, network policies and dashboards rely on, and annotations that roll pods when a config changes. */
const reserved = { podLabels: /^(app\.kubernetes\.io|skopos\.dev)\//, podAnnotations: /^checksum\// } as const;

function validatePods(options: PodOptions, at: string): Finding[] {
  const { nodeSelector = {}, extraEnv = {} } = options;
  const os = nodeSelector["kubernetes.io/os"];
  const mistakes: [path: readonly string[], message: string, instead: string][] = [];
  for (const key of ["podLabels", "podAnnotations"] as const) {
    for (const name of Object.keys(options[key] ?? {}).filter((each) => reserved[key].test(each))) {
      mistakes.push([[key, name], "is set by the component itself", "use a name with a prefix of your own"]);
    }
  }
  if (os !== undefined && os !== "linux") {
    mistakes.push([["nodeSelector", "kubernetes.io/os"], `is ${os}`, "the images are for Linux"]);
  }
  if ("GOMEMLIMIT" in extraEnv) {
    mistakes.push([
      ["extraEnv", "GOMEMLIMIT"],
      "is derived from the memory limit",
      "set resources.limits.memory instead",
    ]);
  }
  return mistakes.map(([path, message, instead]) => ({
    code: "SKP1303",
    at: `${at}${formatPlace(path)}`,
    message,
    fix: removeKey(path.at(-1) as string, instead),
  }));
}

function validateAmounts(options: WorkloadOptions, at: string, facts: WorkloadFacts): Finding[] {
  const unreadable = quantities(options)
    .filter(([, value, parse]) => parse(value) === undefined || parse(value) === 0)
    .map(([key, value]) => ({
      code: "SKP1304" as const,
      at: `${at}${key}`,
      message: `${JSON.stringify(value)} is not an amount above zero`,
      fix: key.endsWith("cpu") ? "500m" : "2Gi",
    }));
  return unreadable.length > 0
    ? unreadable
    : [...validateCount(options, at, facts), ...validateSize(options, at, facts)];
}

function quantities({ resources, disk }: WorkloadOptions) {
  const { requests = {}, limits = {} } = resources ?? {};
  const all = [
    ["resources.requests.cpu", requests.cpu, parseCores],
    ["resources.requests.memory", requests.memory, parseSize],
    ["resources.limits.cpu", limits.cpu, parseCores],
    ["resources.limits.memory", limits.memory, parseSize],
    ["disk", disk, parseSize],
  ] as const;
  return all.flatMap(([key, value, parse]) => (value === undefined ? [] : [[key, value, parse] as const]));
}

function validateCount({ replicas }: WorkloadOptions, at: string, { single, everyNode }: WorkloadFacts): Finding[] {
  if (replicas === undefined) return [];
  const invalid = validateCounts({ [`${at}replicas`]: replicas });
  if (invalid.length > 0) return [...invalid];
  const [message, fix] = everyNode
    ? ["there is one pod on every node", removeKey("replicas", "choose the nodes by nodeSelector instead")]
    : [single && replicas > 1 ? `${replicas}: ${single}` : undefined, "1"];
  return message === undefined ? [] : [{ code: "SKP1305", at: `${at}replicas`, message, fix: fix ?? "1" }];
}

/** Idle memory of the smallest programs. */
const leastBytes = 16 * MiB;

function validateSize({ disk, resources }: WorkloadOptions, at: string, facts: WorkloadFacts): Finding[] {
  const { size, idleBytes = leastBytes } = facts;
  const findings: Finding[] = [];
  if (disk !== undefined && size.computed?.diskBytes === undefined) {
    const message = "the workload has no volume of its own";
    findings.push({ code: "SKP1306", at: `${at}disk`, message, fix: removeKey("disk") });
  }
  const limit = size.memoryLimitBytes ?? size.memoryBytes;
  const lowLimit = (of: string, message: string, fix: string): void => {
    findings.push({ code: "SKP1307", at: `${at}resources.limits.${of}`, message, fix });
  };
  if (limit < size.memoryBytes) {
    const request = formatBytes(size.memoryBytes);
    lowLimit("memory", `${formatBytes(limit)} is less than the request of ${request}`, bytesText(size.memoryBytes));
  }
  if (size.cpuLimitCores !== undefined && size.cpuLimitCores < size.cpuCores) {
    const message = `${size.cpuLimitCores} cores are less than the request of ${size.cpuCores}`;
    lowLimit("cpu", message, String(size.cpuCores));
  }
  const memory = resources?.requests?.memory ?? resources?.limits?.memory;
  if (memory !== undefined && limit * softMemoryShare < idleBytes) {
    const key = resources?.limits?.memory === undefined ? "requests" : "limits";
    findings.push({
      code: "SKP1308",
      at: `${at}resources.${key}.memory`,
      message: `${softMemoryShare * 100} % of ${formatBytes(limit)}, above which the process sheds load, is less than the ${formatBytes(idleBytes)} that an idle one takes`,
      fix: bytesText(idleBytes / softMemoryShare),
    });
  }
  return findings;
}

/** Bytes as a quantity to paste, rounded up. */
function bytesText(bytes: number): string {
  return `${Math.ceil(bytes / MiB)}Mi`;
}
