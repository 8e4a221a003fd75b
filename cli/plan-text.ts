import { formatBytes, formatCount } from "../lib/sizing/index.ts";
import type { Headroom } from "../stacks/headroom.ts";
import type { Plan, PlannedWorkload } from "../stacks/plan.ts";
import { paint, table } from "./terminal.ts";

const cores = (value: number): string => value.toFixed(2);

const columns = [
  { title: "COMPONENT" },
  { title: "WORKLOAD" },
  { title: "PODS", right: true },
  { title: "CPU", right: true },
  { title: "MEMORY", right: true },
  { title: "DISK", right: true },
] as const;

function row(label: readonly [string, string], workloads: readonly PlannedWorkload[]): string[] {
  const total = (pick: (workload: PlannedWorkload) => number) =>
    workloads.reduce((sum, workload) => sum + pick(workload), 0);
  const disk = total(({ diskBytes }) => diskBytes);
  return [
    ...label,
    String(total(({ replicas }) => replicas)),
    cores(total(({ cpuCores }) => cpuCores)),
    formatBytes(total(({ memoryBytes }) => memoryBytes)),
    disk > 0 ? formatBytes(disk) : "-",
  ];
}

/** The capacity table: one line per workload, a subtotal for each component with several workloads, and the total. */
export function capacityTable(plan: Plan): string {
  const components = [...new Set(plan.workloads.map(({ component }) => component))];
  const rows = components.flatMap((component) => {
    const own = plan.workloads.filter((workload) => workload.component === component);
    const lines = own.map((workload, index) =>
      row([index === 0 ? component : "", `${workload.kind} ${workload.name}`], [workload]),
    );
    return own.length > 1 ? [...lines, row(["", paint("dim", "subtotal")], own)] : lines;
  });
  return table(columns, [...rows, row([paint("bold", "total"), ""], plan.workloads)]);
}

/** The rest of the totals: series, object storage, cost and images. */
export function planSummary({ totals, cost, images }: Plan): string {
  const lines = [
    `series          ${formatCount(totals.series)} active`,
    totals.objectStoreBytes > 0 &&
      `object storage  ${formatBytes(totals.objectStoreBytes)}, ${formatCount(totals.objectStoreRequestsPerMonth)} requests per month`,
    cost && `cost            ${cost.month.toFixed(2)} ${cost.currency} per month at the configured prices`,
    `images          ${images.total}, ${images.withoutDigest} without a digest`,
  ];
  return lines.filter((line) => line).join("\n");
}

/** The reason for each number. `~` marks those that contain a figure without a published source. */
export function planReasons(plan: Plan): string {
  const workloads = plan.workloads.map(({ component, kind, name, reasons, estimates }) => {
    const lines = (Object.keys(reasons) as (keyof typeof reasons)[]).map(
      (field) => `${estimates.includes(field) ? "~" : " "} ${field.padEnd(14)} ${reasons[field]}`,
    );
    return [paint("bold", `${component}: ${kind} ${name}`), ...lines].join("\n");
  });
  const marked = plan.workloads.some(({ estimates }) => estimates.length > 0);
  return [...workloads, ...(marked ? ["~ contains a figure without a published source"] : [])].join("\n");
}

const amounts: Readonly<Record<string, (value: number) => string>> = {
  replicas: String,
  cpuCores: cores,
  cpuLimitCores: cores,
  memoryBytes: formatBytes,
  memoryLimitBytes: formatBytes,
  diskBytes: formatBytes,
};

/** What the configuration sets instead of the computed value, of one pod; empty where it replaces nothing. */
export function overridesTable(plan: Plan): string {
  const rows = plan.workloads.flatMap(({ kind, name, computed = {}, set = {} }) =>
    Object.entries(set).map(([field, value]) => {
      const write = amounts[field] ?? String;
      const before = (computed as Readonly<Record<string, number | undefined>>)[field];
      return [`${kind} ${name}`, field, write(value), before === undefined ? "-" : write(before)];
    }),
  );
  if (rows.length === 0) return "";
  return table(
    [{ title: "OVERRIDDEN" }, { title: "VALUE" }, { title: "SET", right: true }, { title: "COMPUTED", right: true }],
    rows,
  );
}

/** Where the series come from, and which limit bounds each kind. */
export function cardinalityTable({ cardinality }: Plan): string {
  return table(
    [
      { title: "SERIES BY" },
      { title: "OBJECTS", right: true },
      { title: "PER OBJECT", right: true },
      { title: "SERIES", right: true },
      { title: "LIMIT" },
    ],
    cardinality.map(({ tier, objects, seriesPerObject, series, limit }) => [
      tier,
      formatCount(objects),
      formatCount(seriesPerObject),
      formatCount(series),
      `${formatCount(limit.value)}: ${limit.name}`,
    ]),
  );
}

/** By how much the workload can grow before another pod is needed. */
export function headroomText({ factor, step, limit }: Headroom): string {
  if (factor && limit) return `headroom        at ${factor} x the workload, ${limit} has to change`;
  if (!factor || !step) return "headroom        twice this workload needs no additional pods";
  return `headroom        at ${factor} times this workload, ${step.name} grows from ${step.from} to ${step.to} pods`;
}

/** What must not be overlooked. */
export function notesText({ notes }: Plan): string {
  return notes.map((note) => `${paint("yellow", "note")} ${note}`).join("\n");
}
