import {
  type ComponentChart,
  type ConfigMapRef,
  claimVolume,
  configVolume,
  goMemoryLimit,
  instanceLabels,
  type Labels,
  type ObjectStore,
  objectStoreAccess,
  objectStorePodLabels,
  partName,
  scratchVolume,
  service,
  serviceMonitor,
} from "../../../lib/kubernetes/index.ts";
import { GiB, type WorkloadSize } from "../../../lib/sizing/index.ts";
import type { TempoService } from "../capacity.ts";
import { dataDirectory } from "./bucket-config.ts";
import { configDirectory, type Kafka, kafkaEnv, overridesDirectory, tempoPorts } from "./config.ts";

/** UID of the image's user. */
const tempoUser = 10_001;

/** What all workloads of one Tempo share. */
export interface TempoContext {
  readonly chart: ComponentChart;
  readonly config: ConfigMapRef;
  /** Limits per tenant. */
  readonly overrides: ConfigMapRef;
  readonly objectStore: ObjectStore;
  readonly kafka?: Kafka;
  /** ServiceAccount of the pods: their identity towards the object store. Absent: none is needed. */
  readonly identityAccount?: string;
}

/** Labels of all pods in the gossip ring: every pod of this Tempo. */
export const ringLabels = (chart: ComponentChart): Labels => instanceLabels(chart.identity("memberlist"));

/** Name of the headless Service that selects {@link ringLabels}. */
export const ringService = (chart: ComponentChart): string => partName(chart, "memberlist");

/** One workload of Tempo. */
export interface ServiceProps {
  /** `-target`, and the name of the workload unless it is `all`. */
  readonly target: TempoService | "all";
  readonly sized: WorkloadSize;
  /** Arguments beyond target and configuration file. @default none */
  readonly args?: readonly string[];
}

/** Pod template of one workload: with a claim if its size has a disk, otherwise with scratch space. */
export function tempoPod(context: TempoContext, { target, sized, args = [] }: ServiceProps) {
  const { config, overrides, objectStore, kafka, identityAccount } = context;
  const data = sized.diskBytes ? claimVolume("data", sized.diskBytes) : scratchVolume("data", 10 * GiB);
  const access = objectStoreAccess(objectStore);
  return {
    part: nameOf(context.chart, target),
    sized,
    user: tempoUser,
    podLabels: objectStorePodLabels(objectStore),
    ...(identityAccount && { identityAccount }),
    terminationGraceSeconds: 300,
    containers: [
      {
        name: "tempo",
        image: "tempo",
        args: [`-target=${target}`, `-config.file=${configDirectory}/tempo.yaml`, "-config.expand-env=true", ...args],
        env: { GOMEMLIMIT: goMemoryLimit(sized), ...access.env, ...kafkaEnv(kafka) },
        ports: tempoPorts,
        probes: { port: "http", readiness: "/ready", startupSeconds: 600 },
        mounts: [
          { volume: configVolume(config, "config"), path: configDirectory },
          { volume: configVolume(overrides, "overrides"), path: overridesDirectory },
          { volume: data, path: dataDirectory },
          ...access.mounts,
        ],
      },
    ],
  } as const;
}

/** Adds the Service of one workload, and the monitor of its pods. */
export function serviceAndMonitor(chart: ComponentChart, target: TempoService | "all", headless = false): void {
  const part = nameOf(chart, target);
  const name = partName(chart, part);
  const { gossip: _, ...ports } = tempoPorts;
  service(chart, { part, name, ports, ...(headless && { headless }) });
  serviceMonitor(chart, { part, name, port: "http", targetPort: tempoPorts.http, class: "infrastructure" });
}

function nameOf(chart: ComponentChart, target: TempoService | "all"): string {
  return target === "all" ? chart.component : target;
}
