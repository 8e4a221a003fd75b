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
  scratchVolume,
  service,
  serviceMonitor,
} from "../../../lib/kubernetes/index.ts";
import { GiB, type WorkloadSize } from "../../../lib/sizing/index.ts";
import { type Kafka, kafkaEnv, tempoDataFolder, tempoPorts } from "./config.ts";
import type { TempoService } from "./sizing.ts";

/** Uid of Tempo's image. */
const tempoUser = 10001;

/** What every process of one Tempo shares. */
export interface TempoContext {
  readonly chart: ComponentChart;
  readonly config: ConfigMapRef;
  readonly objectStore: ObjectStore;
  readonly kafka?: Kafka;
  /** ServiceAccount that names the pods to the cloud. Absent: none is needed. */
  readonly identityAccount?: string;
}

/** Names of the Services that other processes dial. */
export const tempoServiceName = (chart: ComponentChart, part: TempoService | "memberlist"): string =>
  `${chart.name}-${part}`;

/** Labels of the pods that belong to the gossip ring: all of one Tempo. */
export const memberLabels = (chart: ComponentChart): Labels => instanceLabels(chart.identity("memberlist"));

export interface TempoPodOptions {
  readonly part: string;
  /** `-target`. */
  readonly target: TempoService | "all";
  /** Further arguments. @default none */
  readonly args?: readonly string[];
}

/** The pod of one process: a disk where its sizing has one, scratch space otherwise. */
export function tempoPod(
  { config, objectStore, kafka, identityAccount }: TempoContext,
  sized: WorkloadSize,
  options: TempoPodOptions,
) {
  const data = sized.diskBytes ? claimVolume("data", sized.diskBytes) : scratchVolume("data", 10 * GiB);
  const access = objectStoreAccess(objectStore);
  return {
    part: options.part,
    sized,
    user: tempoUser,
    podLabels: objectStorePodLabels(objectStore),
    ...(identityAccount && { identityAccount }),
    terminationGraceSeconds: 300,
    containers: [
      {
        name: "tempo",
        image: "tempo",
        args: [
          `-target=${options.target}`,
          "-config.file=/etc/tempo/config/tempo.yaml",
          "-config.expand-env=true",
          ...(options.args ?? []),
        ],
        env: { GOMEMLIMIT: goMemoryLimit(sized), ...access.env, ...kafkaEnv(kafka) },
        ports: tempoPorts,
        probes: { port: "http", readiness: "/ready", startupSeconds: 600 },
        mounts: [
          { volume: configVolume(config, "config"), path: "/etc/tempo/config" },
          { volume: data, path: tempoDataFolder },
          ...access.mounts,
        ],
      },
    ],
  } as const;
}

/** The Service of one part, and the monitor of its pods. */
export function tempoService(chart: ComponentChart, part: string, name: string, headless = false): void {
  const { gossip: _, ...ports } = tempoPorts;
  service(chart, { part, name, ports, ...(headless && { headless }) });
  serviceMonitor(chart, { part, name, port: "http", targetPort: tempoPorts.http, class: "infrastructure" });
}
