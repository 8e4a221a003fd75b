import type { KubernetesObject } from "../../lib/kubernetes/object.ts";
import { GiveUp, until } from "../support/wait.ts";
import { type Api, ApiError } from "./api.ts";

/** What tests look at in a pod. */
export interface Pod extends KubernetesObject {
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly affinity?: object;
    readonly volumes?: readonly object[];
  };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly restartPolicy?: string;
  readonly resources?: Readonly<Record<"requests" | "limits", Readonly<Record<string, string>> | undefined>>;
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state: Readonly<Record<string, { readonly reason?: string; readonly message?: string }>>;
  readonly lastState: { readonly terminated?: { readonly reason: string; readonly exitCode: number } };
}

export const isReady = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  (pod.status.conditions ?? []).some(({ type, status }) => type === "Ready" && status === "True");

/** The containers that run as long as the pod: with native sidecars, without what only prepares it. */
export const lasting = ({ containers, initContainers = [] }: Pod["spec"]): Container[] => [
  ...containers,
  ...initContainers.filter(({ restartPolicy }) => restartPolicy === "Always"),
];

/** One line on why a pod is not ready: its phase, its conditions that are not true, and what its containers wait for. */
export function describePod({ metadata, status }: Pod): string {
  const conditions = (status.conditions ?? []).filter((condition) => condition.status !== "True");
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  return [
    `${metadata.namespace}/${metadata.name}: ${status.phase}`,
    ...conditions.map(({ type, message }) => `not ${type}${message ? ` (${message})` : ""}`),
    ...containers.filter(({ ready }) => !ready).map(({ name, state }) => `${name} ${JSON.stringify(state)}`),
  ].join("; ");
}

/** A container's log; the previous one's with `previous`. */
export async function logOf(api: Api, namespace: string, pod: string, container?: string, previous = false) {
  const query = new URLSearchParams({ ...(container && { container }), previous: String(previous) });
  return (await api.send<string>("GET", `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`)).body;
}

/** Creates a pod, waits for its end, and returns what it printed. Throws, with its output, when it failed. */
export async function runPod(api: Api, pod: KubernetesObject): Promise<string> {
  const { name, namespace = "default" } = pod.metadata;
  await api.create(pod);
  const ended = await until(`pod ${namespace}/${name} to end`, async () => {
    const live = await api.get<Pod>("v1", "Pod", namespace, name);
    return ["Succeeded", "Failed"].includes(live?.status.phase ?? "") && live;
  });
  const log = await logOf(api, namespace, name);
  if (ended.status.phase === "Failed") throw new Error(`pod ${namespace}/${name} failed: ${log}`);
  return log;
}

/**
 * Waits until every pod of a namespace is ready and there are at least `count`.
 * @throws with one line for each pod that is not, and the last log lines of those that crash.
 */
export const allPodsReady = (api: Api, namespace: string, count: number, within = 180_000): Promise<Pod[]> =>
  until(
    `${count} ready pods in ${namespace}`,
    async () => {
      const pods = await api.list<Pod>("v1", "Pod", namespace);
      return pods.length >= count && pods.every(isReady) && pods;
    },
    { every: 200, within, explain: () => explainPods(api, namespace) },
  );

async function explainPods(api: Api, namespace: string): Promise<string> {
  const lines: string[] = [];
  for (const pod of (await api.list<Pod>("v1", "Pod", namespace)).filter((each) => !isReady(each))) {
    lines.push(describePod(pod));
    for (const { name, restartCount } of pod.status.containerStatuses ?? [])
      if (restartCount > 0) {
        const log = await logOf(api, namespace, pod.metadata.name, name, true).catch(() => "");
        lines.push(
          ...log
            .trimEnd()
            .split("\n")
            .slice(-5)
            .map((line) => `    ${name}: ${line}`),
        );
      }
  }
  return lines.join("\n");
}

/** Lets pods come to a node again. */
export const uncordon = async (api: Api, node: string): Promise<void> => {
  const path = await api.path("v1", "Node", undefined, node);
  await api.send("PATCH", path, { spec: { unschedulable: null } }, "application/merge-patch+json");
};

/**
 * Empties a node as `kubectl drain` does: cordons it, then evicts its pods one by one, trying again while a disruption
 * budget forbids it. DaemonSet pods stay.
 * @returns how many evictions a budget put off.
 */
export async function drain(api: Api, node: string): Promise<number> {
  const path = await api.path("v1", "Node", undefined, node);
  await api.send("PATCH", path, { spec: { unschedulable: true } }, "application/merge-patch+json");
  const pods = await api.list<Pod>("v1", "Pod", undefined, `?fieldSelector=spec.nodeName%3D${node}`);
  let putOff = 0;
  const evict = async ({ metadata: { name, namespace } }: Pod) => {
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
    await until(`the eviction of ${namespace}/${name}`, async () => {
      try {
        await api.send("POST", `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, eviction);
        return true;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.status === 404) return true;
        if (error.status !== 429) throw new GiveUp(error.message);
        putOff++;
        return false;
      }
    });
  };
  const owners = (pod: Pod) => (pod.metadata.ownerReferences ?? []) as { kind: string }[];
  await Promise.all(pods.filter((pod) => !owners(pod).some(({ kind }) => kind === "DaemonSet")).map(evict));
  for (const { metadata } of pods)
    await until(`${metadata.name} to be gone`, async () => {
      const live = await api.get<Pod>("v1", "Pod", metadata.namespace ?? "", metadata.name);
      return (
        live === undefined ||
        live.metadata.uid !== metadata.uid ||
        owners(live).some(({ kind }) => kind === "DaemonSet")
      );
    });
  return putOff;
}
