import {
  type ComponentChart,
  type ConfigMapRef,
  claimVolume,
  configVolume,
  deployment,
  disruptionBudget,
  goMemoryLimit,
  type Labels,
  type Mount,
  type ObjectStore,
  objectStoreAccess,
  objectStorePodLabels,
  partName,
  perZone,
  rolloutSequentially,
  scratchVolume,
  selectorLabels,
  service,
  serviceMonitor,
  statefulSet,
  threeZones,
} from "../../lib/kubernetes/index.ts";
import { GiB, type WorkloadSize } from "../../lib/sizing/index.ts";
import { dataDirectory } from "./bucket-config.ts";
import type { LokiService } from "./capacity.ts";
import { configDirectory, lokiPorts, rulesDirectory, runtimeDirectory } from "./config.ts";

/** What all workloads of one Loki share. */
export interface LokiContext {
  readonly chart: ComponentChart;
  readonly config: ConfigMapRef;
  readonly runtime: ConfigMapRef;
  readonly objectStore: ObjectStore;
  /** ServiceAccount of the pods: their identity towards the object store. Absent: none is needed. */
  readonly identityAccount?: string;
  /** Rules of log alerts, and the tenants whose logs they are evaluated on. Absent: log alerts are not evaluated. */
  readonly rules?: { readonly tenants: readonly string[]; readonly configMap: ConfigMapRef };
}

/** One workload of Loki. */
export interface ServiceProps {
  /** `-target`, and the name of the workload unless it is `all`. */
  readonly target: LokiService | "all";
  /** Replicas are totals over all zones. */
  readonly sized: WorkloadSize;
  /** Arguments beyond target and configuration file. @default none */
  readonly args?: readonly string[];
  /** Whether rule files are mounted. @default false */
  readonly rules?: boolean;
  /** Seconds between SIGTERM and SIGKILL. @default 30 */
  readonly terminationGraceSeconds?: number;
}

/** UID of the image's user. */
const lokiUser = 10_001;

/** Labels of all pods in the gossip ring: every pod of this Loki except its caches. */
export const ringLabels = (chart: ComponentChart): Labels => ({ "skopos.dev/gossip-ring": chart.name });

/** Name of the headless Service that selects {@link ringLabels}. */
export const ringService = (chart: ComponentChart): string => partName(chart, "memberlist");

/** Adds a Deployment with its Service and monitor. */
export function statelessService(context: LokiContext, props: ServiceProps & { readonly headless?: boolean }): void {
  serviceAndMonitor(context, nameOf(context, props), props.headless ?? false);
  deployment(context.chart, lokiPod(context, props, { volume: scratchVolume("data", 10 * GiB), path: dataDirectory }));
}

/**
 * Adds a StatefulSet with its Service and monitor.
 * @param props `serviceName` is the governing Service, unless it is the workload's own
 */
export function statefulService(
  context: LokiContext,
  props: ServiceProps & { readonly headless?: boolean; readonly serviceName?: string },
): void {
  const part = nameOf(context, props);
  serviceAndMonitor(context, part, props.headless ?? false);
  statefulSet(context.chart, {
    ...lokiPod(context, props, dataMount(props)),
    serviceName: props.serviceName ?? partName(context.chart, part),
  });
}

/**
 * Adds one StatefulSet per zone, rolled out sequentially, behind a shared Service and disruption budget.
 * @param props `zoneFlag` is the flag that sets a pod's zone
 */
export function zonedService(context: LokiContext, props: ServiceProps & { readonly zoneFlag: string }): void {
  const { chart } = context;
  const part = nameOf(context, props);
  serviceAndMonitor(context, part, true);
  const sets = threeZones(chart.cluster).map((zone) =>
    statefulSet(chart, {
      ...lokiPod(
        context,
        { ...props, sized: perZone(props.sized), args: [...(props.args ?? []), `${props.zoneFlag}=${zone.name}`] },
        dataMount(props),
      ),
      name: `${partName(chart, part)}-${zone.name}`,
      serviceName: partName(chart, part),
      zone,
    }),
  );
  rolloutSequentially(sets);
  disruptionBudget(chart, partName(chart, part), part, selectorLabels(chart.identity(part)));
}

/** The headless Service that lists every member, ready or not: pods become ready only after joining the ring. */
export function addRingService(chart: ComponentChart): void {
  service(chart, {
    part: "memberlist",
    name: ringService(chart),
    ports: { gossip: lokiPorts.gossip },
    headless: true,
    publishNotReady: true,
    selector: ringLabels(chart),
  });
}

function nameOf({ chart }: LokiContext, { target }: ServiceProps): string {
  return target === "all" ? chart.component : target;
}

function serviceAndMonitor({ chart }: LokiContext, part: string, headless: boolean): void {
  const { gossip: _, ...ports } = lokiPorts;
  service(chart, { part, ports, ...(headless && { headless }) });
  serviceMonitor(chart, {
    part,
    name: partName(chart, part),
    port: "http",
    targetPort: lokiPorts.http,
    class: "infrastructure",
  });
}

function dataMount({ sized }: ServiceProps): Mount {
  return { volume: claimVolume("data", sized.diskBytes ?? 0), path: dataDirectory };
}

/** Pod template of one workload. */
function lokiPod(context: LokiContext, props: ServiceProps, data: Mount) {
  const { config, runtime, objectStore, rules } = context;
  const { target, sized } = props;
  const access = objectStoreAccess(objectStore);
  const mounts: Mount[] = [
    { volume: configVolume(config, "config"), path: configDirectory },
    { volume: configVolume(runtime, "runtime"), path: runtimeDirectory },
    data,
    ...(props.rules && rules
      ? rules.tenants.map((tenant) => ({
          volume: configVolume(rules.configMap, "rules"),
          path: `${rulesDirectory}/${tenant}`,
        }))
      : []),
    ...access.mounts,
  ];
  return {
    part: nameOf(context, props),
    sized,
    user: lokiUser,
    podLabels: { ...ringLabels(context.chart), ...objectStorePodLabels(objectStore) },
    ...(context.identityAccount && { identityAccount: context.identityAccount }),
    terminationGraceSeconds: props.terminationGraceSeconds ?? 30,
    containers: [
      {
        name: "loki",
        image: "loki",
        args: [
          `-target=${target}`,
          `-config.file=${configDirectory}/loki.yaml`,
          "-config.expand-env=true",
          ...(props.args ?? []),
        ],
        env: { GOMEMLIMIT: goMemoryLimit(sized), ...access.env },
        ports: lokiPorts,
        // A ring member waits at least 15 s before it reports ready, and replays its WAL first.
        probes: { port: "http", readiness: "/ready", startupSeconds: 600 },
        mounts,
      },
    ],
  } as const;
}
