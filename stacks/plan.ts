import { type ImageName, imageReference } from "../lib/kubernetes/index.ts";
import { GiB, type Reasons, type Resources, type WorkloadSize } from "../lib/sizing/index.ts";
import { type CardinalityTier, cardinalityTiers } from "./cardinality.ts";
import { planNotes } from "./notes.ts";
import type { RenderedStack } from "./stack.ts";

/** What one workload asks for, all its pods together. */
export interface PlannedWorkload {
  readonly component: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Why each number of one pod is what it is. */
  readonly reasons: Reasons<Resources>;
  /** Numbers that contain a figure without a published source. */
  readonly estimates: readonly (keyof Resources)[];
  /** What was computed for each value of one pod that the configuration replaced. @default nothing was replaced */
  readonly computed?: Partial<Resources>;
  /** What it was replaced by: the same keys. */
  readonly set?: Partial<Resources>;
}

/** How a reason marks a figure that no vendor has published: the word stands beside the figure. */
const estimated = /\bestimate\b|no published figure/;

/** Capacity of a whole stack. */
export interface Plan {
  readonly stack: string;
  /** Kubernetes version that the stack is for: `1.35`. */
  readonly kubernetesVersion: string;
  readonly totals: {
    readonly cpuCores: number;
    readonly memoryBytes: number;
    readonly diskBytes: number;
    readonly objectStoreBytes: number;
    readonly objectStoreRequestsPerMonth: number;
    readonly series: number;
  };
  readonly workloads: readonly PlannedWorkload[];
  /** A month's cost, where the configuration states prices. */
  readonly cost?: { readonly currency: string; readonly month: number };
  readonly cardinality: readonly CardinalityTier[];
  /** Sentences that must not be missed: thresholds crossed, outages survived, what the buckets need. */
  readonly notes: readonly string[];
  readonly images: { readonly total: number; readonly withoutDigest: number };
}

/** Adds without the dust of binary fractions: requests are whole millicores. */
const sum = (values: readonly number[]): number =>
  Math.round(values.reduce((total, value) => total + value, 0) * 1000) / 1000;

/** Works a stack's capacity out of what its charts render. */
export function planStack(stack: RenderedStack): Plan {
  const workloads = stack.charts.flatMap((chart) =>
    chart.footprints.map(({ component, kind, namespace, name, perPod, sized }) => ({
      component,
      kind,
      namespace,
      name,
      replicas: perPod.replicas,
      cpuCores: sum([perPod.cpuCores * perPod.replicas]),
      memoryBytes: perPod.memoryBytes * perPod.replicas,
      diskBytes: (perPod.diskBytes ?? 0) * perPod.replicas,
      reasons: reasonsOf(sized),
      estimates: estimatesOf(reasonsOf(sized)),
      ...overridesOf(sized),
    })),
  );
  const stored = stack.charts.flatMap((chart) => chart.objectStorage);
  const totals = {
    cpuCores: sum(workloads.map(({ cpuCores }) => cpuCores)),
    memoryBytes: sum(workloads.map(({ memoryBytes }) => memoryBytes)),
    diskBytes: sum(workloads.map(({ diskBytes }) => diskBytes)),
    objectStoreBytes: Math.ceil(sum(stored.map(({ bytes }) => bytes))),
    objectStoreRequestsPerMonth: Math.ceil(
      sum(stored.map(({ putsPerMonth, getsPerMonth }) => putsPerMonth + getsPerMonth)),
    ),
    series: stack.workload.activeSeries,
  };
  const used = usedImages(stack);
  const replaced = [...replacedImages(stack).keys()];
  const references = [...used.map((name) => imageReference(name, stack.props.images)), ...replaced];
  const withoutDigest = references.filter((reference) => !reference.includes("@"));
  return {
    stack: stack.name,
    kubernetesVersion: stack.config.cluster.version,
    totals,
    workloads,
    ...costOf(stack, totals),
    cardinality: cardinalityTiers(stack.workload),
    notes: planNotes(stack),
    images: { total: references.length, withoutDigest: withoutDigest.length },
  };
}

/** The reasons of what a pod has: a part without a disk needs none for it. */
function reasonsOf({ diskBytes, reasons }: WorkloadSize): Reasons<Resources> {
  const { diskBytes: disk, ...others } = reasons;
  return { ...others, ...(diskBytes && disk && { diskBytes: disk }) };
}

function estimatesOf(reasons: Reasons<Resources>): readonly (keyof Resources)[] {
  return (Object.keys(reasons) as (keyof Resources)[]).filter((field) => estimated.test(reasons[field] ?? ""));
}

function overridesOf(sized: WorkloadSize): Pick<PlannedWorkload, "computed" | "set"> {
  const { computed } = sized;
  if (!computed) return {};
  const keys = Object.keys(computed) as (keyof Resources)[];
  return { computed, set: Object.fromEntries(keys.map((key) => [key, sized[key]])) };
}

/** The images that a stack runs, sorted. */
export function usedImages(stack: RenderedStack): readonly ImageName[] {
  return [...new Set(stack.charts.flatMap((chart) => [...chart.usedImages]))].sort();
}

/** The images that replace one of the catalogue, by reference. */
export function replacedImages(stack: RenderedStack): ReadonlyMap<string, ImageName> {
  return new Map(stack.charts.flatMap((chart) => [...chart.replacedImages]).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function costOf({ config }: RenderedStack, totals: Plan["totals"]): Pick<Plan, "cost"> {
  const { prices } = config;
  if (!prices) return {};
  const month =
    totals.cpuCores * prices.cpuCoreMonth +
    (totals.memoryBytes / GiB) * prices.memoryGiBMonth +
    (totals.diskBytes / GiB) * prices.diskGiBMonth +
    (totals.objectStoreBytes / GiB) * prices.objectGiBMonth;
  return { cost: { currency: prices.currency, month: Math.round(month * 100) / 100 } };
}
