import { formatBytes } from "../../lib/sizing/index.ts";
import type { StackDiff } from "./report.ts";

/** One line of the capacity table: what is asked for, before and after. */
export interface CapacityRow {
  readonly name: string;
  readonly difference: string;
}

const signed = (value: number, text: string): string => (value === 0 ? "0" : `${value > 0 ? "+" : "-"}${text}`);

/** The difference in capacity: pods, CPU, memory and disk of the objects; series, object storage and money of the plan. */
export function capacityRows({ diff, plans }: StackDiff): readonly CapacityRow[] {
  const { pods, cpuCores, memoryBytes, diskBytes } = diff.capacity.total;
  const rows: CapacityRow[] = [
    { name: "pods", difference: signed(pods, String(Math.abs(pods))) },
    { name: "CPU requests", difference: signed(cpuCores, `${Math.abs(cpuCores)} cores`) },
    { name: "memory requests", difference: signed(memoryBytes, formatBytes(Math.abs(memoryBytes))) },
    { name: "volume claims", difference: signed(diskBytes, formatBytes(Math.abs(diskBytes))) },
  ];
  const planned = (name: string) => (plans?.after.totals[name] ?? 0) - (plans?.before.totals[name] ?? 0);
  if (plans) {
    const [series, objects] = [planned("series"), planned("objectStoreBytes")];
    rows.push({ name: "active series", difference: signed(series, Math.abs(series).toLocaleString("en-US")) });
    rows.push({ name: "object storage", difference: signed(objects, formatBytes(Math.abs(objects))) });
    const [before, after] = [plans.before.cost, plans.after.cost];
    if (before && after && before.currency === after.currency) {
      const money = Math.round((after.month - before.month) * 100) / 100;
      rows.push({ name: "cost per month", difference: signed(money, `${Math.abs(money)} ${after.currency}`) });
    }
  }
  return rows.filter(({ difference }) => difference !== "0");
}
