import { quantity } from "../../policies/engine/quantities.ts";
import type { ObjectChange } from "../model/changes.ts";
import { at, type Fields, fields, items, list, type Manifest, nameOf } from "../model/object.ts";
import { replicasOf } from "../risk/replicas.ts";

/** What pods request, all replicas together. */
export interface Capacity {
  readonly pods: number;
  readonly cpuCores: number;
  readonly memoryBytes: number;
  /** Of volume claims. */
  readonly diskBytes: number;
}

/** Capacity that one workload asks for more or less than before. Workloads on every node count one pod. */
export interface CapacityChange {
  readonly workload: string;
  /** Whether the figures are of one node, since the workload has a pod on each. */
  readonly perNode: boolean;
  readonly before: Capacity;
  readonly after: Capacity;
}

const none: Capacity = { pods: 0, cpuCores: 0, memoryBytes: 0, diskBytes: 0 };
const names = ["pods", "cpuCores", "memoryBytes", "diskBytes"] as const;

/** The workloads whose capacity changes. */
export function capacityChanges(changes: readonly ObjectChange[]): readonly CapacityChange[] {
  return changes.flatMap(({ id, before, after }) => {
    const [old, now] = [before && capacityOf(before), after && capacityOf(after)].map((each) => each ?? none) as [
      Capacity,
      Capacity,
    ];
    if (names.every((name) => old[name] === now[name])) return [];
    const shown = (after ?? before)!;
    return [{ workload: nameOf(id), perNode: replicasOf(shown) === undefined, before: old, after: now }];
  });
}

/** The difference over all workloads; those on every node count once. */
export function capacityDelta(changes: readonly CapacityChange[]): Capacity {
  const total = (name: keyof Capacity) =>
    Math.round(changes.reduce((sum, { before, after }) => sum + after[name] - before[name], 0) * 1000) / 1000;
  return {
    pods: total("pods"),
    cpuCores: total("cpuCores"),
    memoryBytes: total("memoryBytes"),
    diskBytes: total("diskBytes"),
  };
}

const workloads: ReadonlySet<string> = new Set([
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "Prometheus",
  "PrometheusAgent",
  "Alertmanager",
  "OpenTelemetryCollector",
]);

function capacityOf(object: Manifest): Capacity | undefined {
  if (object.kind === "PersistentVolumeClaim") return { ...none, diskBytes: claimBytes(object.spec) };
  if (!workloads.has(object.kind)) return undefined;
  const spec = fields(object.spec);
  const replicas = replicasOf(object) ?? 1;
  const pod = fields(at(spec, "template", "spec"));
  // The operators take the main container's resources from the custom resource itself.
  const containers: readonly Fields[] =
    spec.template === undefined ? [{ resources: spec.resources }, ...items(spec.containers)] : items(pod.containers);
  const claims = [
    ...list(spec.volumeClaimTemplates).map((claim) => at(claim, "spec")),
    at(spec, "storage", "volumeClaimTemplate", "spec"),
  ];
  const sum = (read: (container: Fields) => number) =>
    containers.reduce((total, container) => total + read(container), 0);
  const request = (container: Fields, name: string) => at(container, "resources", "requests", name);
  return {
    pods: replicas,
    cpuCores: Math.round(sum((container) => quantity(request(container, "cpu")) ?? 0) * replicas * 1000) / 1000,
    memoryBytes: sum((container) => quantity(request(container, "memory")) ?? 0) * replicas,
    diskBytes: claims.reduce<number>((total, claim) => total + claimBytes(claim), 0) * replicas,
  };
}

const claimBytes = (spec: unknown): number => quantity(at(spec, "resources", "requests", "storage")) ?? 0;
