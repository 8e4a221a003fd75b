import type { ApiObject } from "cdk8s";
import {
  type ComponentChart,
  type ConfigMapRef,
  claimVolume,
  configVolume,
  deployment,
  disruptionBudget,
  type Labels,
  type Mount,
  type ObjectStore,
  objectStoreEnv,
  objectStorePodLabels,
  oneAfterTheOther,
  partName,
  scratchVolume,
  selectorLabels,
  service,
  serviceMonitor,
  statefulSet,
  threeZones,
  zoneCount,
} from "../../lib/kubernetes/index.ts";
import type { WorkloadSize } from "../../lib/sizing/index.ts";
import { dataDirectory, expandsEnvironment } from "./bucket-config.ts";
import { configDirectory, mimirPorts, rulesDirectory, runtimeDirectory } from "./config.ts";

/** What all parts of one Mimir share. */
export interface MimirSetup {
  readonly chart: ComponentChart;
  readonly config: ConfigMapRef;
  readonly runtime: ConfigMapRef;
  readonly objectStore: ObjectStore;
  /** ServiceAccount that names the pods to the object store. */
  readonly account: string;
  /** Tenants whose rules the ruler evaluates. */
  readonly ruleTenants: readonly string[];
}

/** A part of Mimir: one target in its own pods. */
export interface PartProps {
  /** Name of the part, and the target unless that is stated. */
  readonly part: string;
  /** @default the part */
  readonly target?: string;
  /** Of all zones together. */
  readonly sized: WorkloadSize;
  /** Flags beyond target and files. @default none */
  readonly args?: readonly string[];
  /** Whether it evaluates rules. @default false */
  readonly rules?: boolean;
  /** Longest time to start, in seconds. @default 300 */
  readonly startupSeconds?: number;
  /** Seconds between SIGTERM and SIGKILL. @default 30 */
  readonly graceSeconds?: number;
}

/** Uid of the image. */
const mimirUser = 10_001;

/** Share of the memory limit from which on Go collects harder, before the kernel kills. */
const softLimit = 0.9;

/** Label by which the gossip Service finds every pod of this Mimir and none of its caches. */
export const gossipLabels = (chart: ComponentChart): Labels => ({ "skopos.dev/gossip-ring": chart.name });

/** Name of the Service that every pod of the ring answers to. */
export const gossipService = (chart: ComponentChart): string => `${chart.name}-gossip-ring`;

/** Name of the ConfigMap that holds one tenant's rules. */
export const rulesConfigMap = (chart: ComponentChart, tenant: string): string => `${chart.name}-rules-${tenant}`;

/** A part without a disk. */
export function statelessPart(setup: MimirSetup, props: PartProps & { readonly headless?: boolean }): ApiObject {
  partService(setup, props.part, props.headless ?? false);
  return deployment(setup.chart, pods(setup, props, { volume: scratchVolume("data"), path: dataDirectory }));
}

/** A part with a disk; `governing` names its pods where that is not its own headless Service. */
export function statefulPart(setup: MimirSetup, props: PartProps & { readonly governing?: string }): ApiObject {
  partService(setup, props.part, props.governing === undefined);
  return statefulSet(setup.chart, {
    ...pods(setup, props, disk(props)),
    serviceName: props.governing ?? partName(setup.chart, props.part),
  });
}

/**
 * A part with a disk in three zones: a StatefulSet a zone behind one Service and one disruption budget, changed one
 * after the other. @param zoneFlag flag that tells a pod its zone
 */
export function zonedPart(setup: MimirSetup, props: PartProps, zoneFlag: string): void {
  const { chart } = setup;
  const { part, sized } = props;
  const name = partName(chart, part);
  partService(setup, part, true);
  const perZone = { ...sized, replicas: sized.replicas / zoneCount };
  const sets = threeZones(chart.cluster).map((zone) =>
    statefulSet(chart, {
      ...pods(
        setup,
        { ...props, sized: perZone, args: [...(props.args ?? []), `${zoneFlag}=${zone.name}`] },
        disk(props),
      ),
      name: `${name}-${zone.name}`,
      serviceName: name,
      zone,
    }),
  );
  oneAfterTheOther(sets);
  disruptionBudget(chart, name, part, selectorLabels(chart.identity(part)));
}

/** The part's only Service, by which it is found and scraped. */
function partService({ chart }: MimirSetup, part: string, headless: boolean): void {
  service(chart, { part, headless, ports: { http: mimirPorts.http, grpc: mimirPorts.grpc } });
  serviceMonitor(chart, {
    part,
    name: partName(chart, part),
    port: "http",
    targetPort: mimirPorts.http,
    class: "infrastructure",
  });
}

function disk({ sized }: PartProps): Mount {
  return { volume: claimVolume("data", sized.diskBytes ?? 0), path: dataDirectory };
}

function pods(setup: MimirSetup, props: PartProps, data: Mount) {
  const { chart, config, runtime, objectStore } = setup;
  const { part, sized } = props;
  const memoryLimit = sized.memoryLimitBytes ?? sized.memoryBytes;
  return {
    part,
    sized,
    user: mimirUser,
    identityAccount: setup.account,
    podLabels: { ...gossipLabels(chart), ...objectStorePodLabels(objectStore) },
    terminationGraceSeconds: props.graceSeconds ?? 30,
    containers: [
      {
        name: part,
        image: "mimir",
        args: [
          `-target=${props.target ?? part}`,
          `-config.file=${configDirectory}/mimir.yaml`,
          ...(expandsEnvironment(objectStore) ? ["-config.expand-env=true"] : []),
          ...(props.args ?? []),
        ],
        env: { ...objectStoreEnv(objectStore), GOMEMLIMIT: String(Math.floor(memoryLimit * softLimit)) },
        ports: mimirPorts,
        probes: { port: "http", readiness: "/ready", startupSeconds: props.startupSeconds ?? 300 },
        mounts: [
          { volume: configVolume(config), path: configDirectory },
          { volume: configVolume(runtime), path: runtimeDirectory },
          data,
          ...(props.rules ? setup.ruleTenants.map((tenant) => ruleMount(chart, tenant)) : []),
        ],
      },
    ],
  } as const;
}

/** A tenant's rules: optional, since they are written last, and reloaded, so no hash of them rolls the pods. */
function ruleMount(chart: ComponentChart, tenant: string): Mount {
  const name = rulesConfigMap(chart, tenant);
  return { volume: { name, source: { configMap: { name, optional: true } } }, path: `${rulesDirectory}/${tenant}` };
}
