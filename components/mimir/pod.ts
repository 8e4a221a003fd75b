import type { ApiObject } from "cdk8s";
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
  objectStoreEnv,
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
import type { WorkloadSize } from "../../lib/sizing/index.ts";
import { dataDirectory, expandsEnvironment } from "./bucket-config.ts";
import { configDirectory, mimirPorts, rulesDirectory, runtimeDirectory } from "./config.ts";
import { longTermTenant } from "./monitoring/aggregates.ts";

/** What all workloads of one Mimir share. */
export interface MimirContext {
  readonly chart: ComponentChart;
  readonly config: ConfigMapRef;
  readonly runtime: ConfigMapRef;
  readonly objectStore: ObjectStore;
  /** ServiceAccount of the pods: their identity towards the object store. */
  readonly identityAccount: string;
  /** ConfigMaps with rule files, by the tenant whose rules they are. */
  readonly ruleFiles: Readonly<Record<string, readonly string[]>>;
}

/** One workload of Mimir. */
export interface ServiceProps {
  /** Name of the workload, and its `-target` unless that is set. */
  readonly service: string;
  /** @default the service */
  readonly target?: string;
  /** Replicas are totals over all zones. */
  readonly sized: WorkloadSize;
  /** Arguments beyond target and configuration files. @default none */
  readonly args?: readonly string[];
  /** Whether rule files are mounted. @default false */
  readonly rules?: boolean;
  /** Seconds until the startup probe gives up. @default 300 */
  readonly startupSeconds?: number;
  /** Seconds between SIGTERM and SIGKILL. @default 30 */
  readonly terminationGraceSeconds?: number;
}

/** UID of the image's user. */
const mimirUser = 10_001;

/** Labels of all pods in the gossip ring: every pod of this Mimir except its caches. */
export const ringLabels = (chart: ComponentChart): Labels => ({ "skopos.dev/gossip-ring": chart.name });

/** Name of the headless Service that selects {@link ringLabels}. */
export const ringService = (chart: ComponentChart): string => `${chart.name}-gossip-ring`;

/** The headless Service by which the ruler finds every query-frontend: no monitor selects it. */
export const frontendPart = "query-frontend-headless";

/** Name of the ConfigMap that holds the rules of one tenant. Tenant IDs may have characters that names of objects may not. */
export const rulesConfigMap = (chart: ComponentChart, tenant: string): string =>
  tenant === longTermTenant ? `${chart.name}-rules-${longTermTenant}` : `${chart.name}-rules`;

/** Adds a Deployment with its Service and monitor. */
export function statelessService(
  context: MimirContext,
  props: ServiceProps & { readonly headless?: boolean },
): ApiObject {
  serviceAndMonitor(context, props.service, props.headless ?? false);
  return deployment(context.chart, mimirPod(context, props, { volume: scratchVolume("data"), path: dataDirectory }));
}

/**
 * Adds a StatefulSet with its Service and monitor.
 * @param props `serviceName` is the governing Service, unless it is the workload's own headless one
 */
export function statefulService(
  context: MimirContext,
  props: ServiceProps & { readonly serviceName?: string },
): ApiObject {
  serviceAndMonitor(context, props.service, props.serviceName === undefined);
  return statefulSet(context.chart, {
    ...mimirPod(context, props, dataMount(props)),
    serviceName: props.serviceName ?? partName(context.chart, props.service),
  });
}

/**
 * Adds one StatefulSet per zone, rolled out sequentially, behind a shared Service and disruption budget.
 * @param props `zoneFlag` is the flag that sets a pod's zone
 */
export function zonedService(context: MimirContext, props: ServiceProps & { readonly zoneFlag: string }): void {
  const { chart } = context;
  const { service, sized, args = [], zoneFlag } = props;
  const name = partName(chart, service);
  serviceAndMonitor(context, service, true);
  const sets = threeZones(chart.cluster).map((zone) =>
    statefulSet(chart, {
      ...mimirPod(
        context,
        { ...props, sized: perZone(sized), args: [...args, `${zoneFlag}=${zone.name}`] },
        dataMount(props),
      ),
      name: `${name}-${zone.name}`,
      serviceName: name,
      zone,
    }),
  );
  rolloutSequentially(sets);
  disruptionBudget(chart, name, service, selectorLabels(chart.identity(service)));
}

function serviceAndMonitor({ chart }: MimirContext, part: string, headless: boolean): void {
  service(chart, { part, headless, ports: { http: mimirPorts.http, grpc: mimirPorts.grpc } });
  serviceMonitor(chart, {
    part,
    name: partName(chart, part),
    port: "http",
    targetPort: mimirPorts.http,
    class: "infrastructure",
  });
}

function dataMount({ sized }: ServiceProps): Mount {
  return { volume: claimVolume("data", sized.diskBytes ?? 0), path: dataDirectory };
}

/** Pod template of one workload. */
function mimirPod(context: MimirContext, props: ServiceProps, data: Mount) {
  const { chart, config, runtime, objectStore, ruleFiles } = context;
  const { service, sized } = props;
  return {
    part: service,
    sized,
    user: mimirUser,
    identityAccount: context.identityAccount,
    podLabels: { ...ringLabels(chart), ...objectStorePodLabels(objectStore) },
    terminationGraceSeconds: props.terminationGraceSeconds ?? 30,
    containers: [
      {
        name: service,
        image: "mimir",
        args: [
          `-target=${props.target ?? service}`,
          `-config.file=${configDirectory}/mimir.yaml`,
          ...(expandsEnvironment(objectStore) ? ["-config.expand-env=true"] : []),
          ...(props.args ?? []),
        ],
        env: { ...objectStoreEnv(objectStore), GOMEMLIMIT: goMemoryLimit(sized) },
        ports: mimirPorts,
        probes: { port: "http", readiness: "/ready", startupSeconds: props.startupSeconds ?? 300 },
        mounts: [
          { volume: configVolume(config), path: configDirectory },
          { volume: configVolume(runtime), path: runtimeDirectory },
          data,
          ...(props.rules ? Object.entries(ruleFiles).map(([tenant, names]) => rulesMount(tenant, names)) : []),
        ],
      },
    ],
  } as const;
}

/**
 * Mounts a tenant's rules: one folder with the files of several ConfigMaps. They are optional, because they are created
 * last; and since they are reloaded, their content must not restart pods.
 */
function rulesMount(tenant: string, [first = tenant, ...others]: readonly string[]): Mount {
  const optional = (name: string) => ({ configMap: { name, optional: true } });
  const source = others.length === 0 ? optional(first) : { projected: { sources: [first, ...others].map(optional) } };
  return { volume: { name: first, source }, path: `${rulesDirectory}/${tenant}` };
}
