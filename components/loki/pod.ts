import {
  type ComponentChart,
  type ConfigMapRef,
  configVolume,
  goMemoryLimit,
  instanceLabels,
  type Labels,
  type Mount,
  type ObjectStore,
  objectStoreAccess,
  objectStorePodLabels,
  scratchVolume,
  service,
  serviceMonitor,
  type Volume,
} from "../../lib/kubernetes/index.ts";
import { GiB, type WorkloadSize } from "../../lib/sizing/index.ts";
import { lokiDataFolder, lokiPorts, lokiRulesFolder } from "./config.ts";
import type { LokiService } from "./sizing.ts";

/** What every service of one Loki shares. */
export interface LokiContext {
  readonly chart: ComponentChart;
  readonly config: ConfigMapRef;
  readonly objectStore: ObjectStore;
  /** ServiceAccount that names the pods to the cloud. Absent: none is needed. */
  readonly identityAccount?: string;
  /** The rules of log alerts, and whose they are. Absent: there is no ruler. */
  readonly rules?: { readonly tenant: string; readonly configMap: ConfigMapRef };
}

/** Uid of Loki's image. */
const lokiUser = 10001;

/** Labels of the pods that belong to the gossip ring: all of one Loki. */
export const memberLabels = (chart: ComponentChart): Labels => instanceLabels(chart.identity("memberlist"));

/** Names of the Services that other processes dial. */
export const serviceNames = (chart: ComponentChart, part: LokiService | "memberlist"): string =>
  `${chart.name}-${part}`;

export interface LokiPodOptions {
  /** `-target`. */
  readonly target: LokiService | "all";
  /** The disk under /var/loki. @default scratch space that goes with the pod */
  readonly data?: Volume;
  /** Further arguments. @default none */
  readonly args?: readonly string[];
  /** Whether it evaluates rules. @default false */
  readonly rules?: boolean;
  /** Seconds to flush or drain after SIGTERM. @default 30 */
  readonly terminationGraceSeconds?: number;
}

/** The pod of one service: part, resources, container. */
export function lokiPod(loki: LokiContext, sized: WorkloadSize, options: LokiPodOptions) {
  const { chart, config, objectStore, rules } = loki;
  const { target } = options;
  const access = objectStoreAccess(objectStore);
  const mounts: Mount[] = [
    { volume: configVolume(config, "config"), path: "/etc/loki/config" },
    { volume: options.data ?? scratchVolume("data", 10 * GiB), path: lokiDataFolder },
    ...(options.rules && rules
      ? [{ volume: configVolume(rules.configMap, "rules"), path: `${lokiRulesFolder}/${rules.tenant}` }]
      : []),
    ...access.mounts,
  ];
  return {
    part: target === "all" ? chart.component : target,
    sized,
    user: lokiUser,
    podLabels: objectStorePodLabels(objectStore),
    ...(loki.identityAccount && { identityAccount: loki.identityAccount }),
    terminationGraceSeconds: options.terminationGraceSeconds ?? 30,
    containers: [
      {
        name: "loki",
        image: "loki",
        args: [
          `-target=${target}`,
          "-config.file=/etc/loki/config/loki.yaml",
          "-config.expand-env=true",
          ...(options.args ?? []),
        ],
        env: { GOMEMLIMIT: goMemoryLimit(sized), ...access.env },
        ports: lokiPorts,
        // 15 s is the least a ring member waits before it calls itself ready; a write-ahead log is replayed before.
        probes: { port: "http", readiness: "/ready", startupSeconds: 600 },
        mounts,
      },
    ],
  } as const;
}

/** The Service of one part, and the monitor of its pods. */
export function lokiService(loki: LokiContext, part: string, options: { readonly headless?: boolean } = {}): void {
  const { chart } = loki;
  const { gossip: _, ...ports } = lokiPorts;
  service(chart, { part, ports, ...(options.headless && { headless: true }) });
  serviceMonitor(chart, {
    part,
    name: part === chart.component ? chart.name : `${chart.name}-${part}`,
    port: "http",
    targetPort: lokiPorts.http,
    class: "infrastructure",
  });
}

/** The Service that lists every member, ready or not: joining the ring comes before being ready. */
export function memberlistService(chart: ComponentChart): void {
  service(chart, {
    part: "memberlist",
    name: serviceNames(chart, "memberlist"),
    ports: { gossip: lokiPorts.gossip },
    headless: true,
    publishNotReady: true,
    selector: memberLabels(chart),
  });
}
