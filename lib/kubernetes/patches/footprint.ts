import type { Resources } from "../../sizing/index.ts";
import type { ComponentChart, Footprint } from "../chart.ts";
import type { KubernetesObject } from "../object.ts";
import { PatchError } from "./json-patch.ts";

type Amounts = Required<Pick<Resources, "replicas" | "cpuCores" | "memoryBytes" | "diskBytes">>;

interface Requests {
  readonly resources?: { readonly requests?: { readonly cpu?: unknown; readonly memory?: unknown } };
  readonly restartPolicy?: string;
}

const factors = {
  "": 1,
  m: 0.001,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** The number that a Kubernetes quantity stands for; 0 where it is none. */
function quantity(value: unknown): number {
  const match = /^(\d+(?:\.\d+)?)([mkMGT]|[KMGT]i)?$/.exec(String(value ?? ""));
  return match ? Number(match[1]) * factors[(match[2] ?? "") as keyof typeof factors] : 0;
}

/**
 * Asserts that the numbers of a patched object are numbers: everything that counts pods relies on them.
 * @throws PatchError that names the first one that is not
 */
export function assertAmounts({ spec = {} }: KubernetesObject): void {
  for (const key of ["replicas", "shards"]) {
    const value: unknown = spec[key];
    if (value === undefined || (Number.isInteger(value) && (value as number) >= 0)) continue;
    const message = `spec.${key} is ${JSON.stringify(value)}, not a whole number`;
    throw new PatchError(message, "", `# write a whole number for spec.${key}`);
  }
}

/** What an object asks for: pods, and requests of one of them. */
function amountsOf({ kind, spec = {} }: KubernetesObject): Amounts {
  const template = spec.template?.spec ?? spec.jobTemplate?.spec?.template?.spec;
  const sidecars = ((template?.initContainers ?? []) as Requests[]).filter((each) => each.restartPolicy === "Always");
  const containers = [
    ...((template?.containers ?? []) as Requests[]),
    ...sidecars,
    ...(template ? [] : [spec as Requests]),
  ];
  const requests = containers.map(({ resources }) => resources?.requests ?? {});
  const claims = kind === "PersistentVolumeClaim" ? [{ spec }] : (spec.volumeClaimTemplates ?? []);
  const stored = spec.storage?.volumeClaimTemplate ? [spec.storage.volumeClaimTemplate] : claims;
  const total = (values: readonly unknown[]) => values.reduce<number>((sum, value) => sum + quantity(value), 0);
  return {
    replicas: (spec.replicas ?? 1) * (spec.shards ?? 1),
    cpuCores: total(requests.map(({ cpu }) => cpu)),
    memoryBytes: total(requests.map(({ memory }) => memory)),
    diskBytes: total(
      stored.map(
        (claim: { spec?: { resources?: { requests?: { storage?: unknown } } } }) =>
          claim.spec?.resources?.requests?.storage,
      ),
    ),
  };
}

/** Names of the workloads that operators make of a resource. */
const operated: Readonly<Record<string, (name: string) => string>> = {
  Prometheus: (name) => `prometheus-${name}`,
  Alertmanager: (name) => `alertmanager-${name}`,
  OpenTelemetryCollector: (name) => `${name}-collector`,
};

function concerns({ kind, name, namespace }: Footprint, object: KubernetesObject): boolean {
  const own = object.metadata.namespace === namespace;
  const made = operated[object.kind];
  if (made) return own && name === made(object.metadata.name);
  return own && name === object.metadata.name && (object.kind === kind || object.kind === "PersistentVolumeClaim");
}

/** Lets the capacity of a chart follow a patch of one of its objects. */
export function patchFootprints(chart: ComponentChart, before: KubernetesObject, after: KubernetesObject): void {
  const [old, changed] = [amountsOf(before), amountsOf(after)];
  const keys = (Object.keys(old) as (keyof Amounts)[]).filter((key) => old[key] !== changed[key]);
  if (keys.length === 0) return;
  chart.footprints.forEach((footprint, index) => {
    if (!concerns(footprint, before)) return;
    const { perPod, sized } = footprint;
    const shifted = <T extends Resources>(resources: T): T => ({
      ...resources,
      ...Object.fromEntries(
        keys.map((key) => [
          key,
          key === "replicas"
            ? footprint.kind === "DaemonSet"
              ? resources.replicas
              : changed.replicas
            : (resources[key] ?? 0) + changed[key] - old[key],
        ]),
      ),
    });
    const reasons = Object.fromEntries(keys.map((key) => [key, "changed by a patch"]));
    const computed = Object.fromEntries(keys.map((key) => [key, sized[key]]));
    chart.footprints[index] = {
      ...footprint,
      perPod: shifted(perPod),
      sized: {
        ...shifted(sized),
        reasons: { ...sized.reasons, ...reasons },
        computed: { ...computed, ...sized.computed },
      },
    };
  });
}
