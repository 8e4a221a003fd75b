import type { ObjectChange } from "../model/changes.ts";
import { fieldNames, lastField } from "../model/compare.ts";
import { at, fields, isFields, items, list, type Manifest, nameOf, same } from "../model/object.ts";
import { replicasOf } from "./replicas.ts";
import { updateOf } from "./update.ts";

/** What delivers the objects: each treats a field that cannot change in its own way. */
export const engines = ["kubectl", "argocd", "pulumi"] as const;
export type Engine = (typeof engines)[number];

/** What an engine does with a change, the most harmful last. */
export const actions = ["in-place", "create", "delete", "restart", "replace", "rejected"] as const;
export type Action = (typeof actions)[number];

/** The consequence of a change to one object. */
export interface Risk {
  /** What each engine does. */
  readonly action: Readonly<Record<Engine, Action>>;
  /** Why, where it is not just an update. */
  readonly reason?: string;
  /** Pods that are restarted, and how; `undefined` where none is. */
  readonly restart?: Restart;
  /** What is lost for good, one sentence each. */
  readonly dataLoss: readonly string[];
  /** Objects whose changed content restarts the pods; set where the workload itself has not changed otherwise. */
  readonly causedBy: readonly string[];
}

export interface Restart {
  /** Number of pods; undefined for one on every node. */
  readonly pods: number | undefined;
  /** In which order they restart. */
  readonly order: string;
}

const every = (action: Action): Record<Engine, Action> => ({ kubectl: action, argocd: action, pulumi: action });

/** Prefixes of annotations on pod templates whose only purpose is to restart pods when a file changes. */
const checksum = /^checksum\/|^(?:[\w.-]+\/)?(?:config-?hash|checksum)/;

/** The consequence of a change, given every other change of the same diff. */
export function riskOf(change: ObjectChange, all: readonly ObjectChange[]): Risk {
  const dataLoss = [...deletedData(change)];
  const { before, after } = change;
  if (change.kind === "added") return { action: every("create"), dataLoss, causedBy: [] };
  if (change.kind === "removed") return { action: every("delete"), dataLoss, causedBy: [] };
  if (change.kind === "renamed") {
    const reason = `the name is part of the identity: ${nameOf(change.from!)} is deleted and the new object created`;
    return { action: { kubectl: "replace", argocd: "replace", pulumi: "replace" }, reason, dataLoss, causedBy: [] };
  }
  const update = updateOf(before!, after!);
  if (update.kind === "immutable") {
    const reason = `${update.fields.join(", ")} cannot change: the API server rejects the update; Pulumi deletes the object with its pods first and creates it again`;
    return { action: { kubectl: "rejected", argocd: "rejected", pulumi: "replace" }, reason, dataLoss, causedBy: [] };
  }
  const pulumi = pulumiReplaces(change);
  const restart = restartOf(change);
  const action = every(restart ? "restart" : "in-place");
  return {
    action: pulumi ? { ...action, pulumi: "replace" } : action,
    ...(pulumi && { reason: `Pulumi replaces the object: ${pulumi} changes` }),
    ...(restart && { restart }),
    dataLoss,
    causedBy: restart ? causesOf(change, all) : [],
  };
}

/**
 * Fields that Kubernetes would update and Pulumi's provider replaces all the same (pulumi-kubernetes 4.34,
 * provider/pkg/provider/diff.go, `forceNew`). ConfigMaps and Secrets are left out: Skopos sets `enableConfigMapMutable`.
 */
const pulumiForceNew: Readonly<Record<string, readonly string[]>> = {
  StatefulSet: ["spec.revisionHistoryLimit"],
  Job: ["spec.parallelism"],
  PersistentVolumeClaim: ["spec"],
};

function pulumiReplaces({ after, before }: ObjectChange): string | undefined {
  return (pulumiForceNew[after!.kind] ?? []).find(
    (path) => !same(at(before, ...path.split(".")), at(after, ...path.split("."))),
  );
}

/** Custom resources whose pods an operator restarts, and the fields that leave the pods alone. */
const operated: Readonly<Record<string, ReadonlySet<string>>> = {
  Prometheus: new Set([
    "replicas",
    "shards",
    "ruleSelector",
    "serviceMonitorSelector",
    "podMonitorSelector",
    "evaluationInterval",
    "scrapeInterval",
    "externalLabels",
    "remoteWrite",
    "remoteRead",
    "alerting",
    "additionalScrapeConfigs",
    "paused",
  ]),
  PrometheusAgent: new Set([
    "replicas",
    "shards",
    "serviceMonitorSelector",
    "podMonitorSelector",
    "scrapeInterval",
    "externalLabels",
    "remoteWrite",
    "paused",
  ]),
  Alertmanager: new Set(["replicas", "alertmanagerConfigSelector", "paused"]),
  OpenTelemetryCollector: new Set(["replicas"]),
};

function restartOf(change: ObjectChange): Restart | undefined {
  const after = change.after!;
  const gentle = operated[after.kind];
  const restarts = gentle
    ? change.fields.some(({ path }) => {
        const [first, second] = fieldNames(path);
        return first === "spec" && !gentle.has(second ?? "");
      })
    : ["Deployment", "StatefulSet", "DaemonSet"].includes(after.kind) &&
      change.fields.some(({ path }) => fieldNames(path).slice(0, 2).join(".") === "spec.template");
  return restarts ? { pods: replicasOf(after), order: orderOf(after) } : undefined;
}

/** The order in which a workload's pods restart, as its update strategy says. */
function orderOf({ kind, spec }: Manifest): string {
  const strategy = fields(at(spec, kind === "Deployment" ? "strategy" : "updateStrategy"));
  const rolling = fields(strategy.rollingUpdate);
  if (strategy.type === "OnDelete") return "not before each pod is deleted (OnDelete)";
  if (strategy.type === "Recreate") return "all at once: the old pods end before new ones start (Recreate)";
  if (kind === "DaemonSet") return `at most ${rolling.maxUnavailable ?? 1} node(s) at a time`;
  if (kind === "Deployment") return `rolling, at most ${rolling.maxUnavailable ?? "25%"} unavailable`;
  const partition = Number(rolling.partition ?? 0);
  const atMost = `at most ${rolling.maxUnavailable ?? 1} at a time, from the highest ordinal`;
  return partition > 0 ? `${atMost} down to ordinal ${partition}` : atMost;
}

/** The ConfigMaps and Secrets behind a restart that changes nothing but checksums. */
function causesOf(change: ObjectChange, all: readonly ObjectChange[]): readonly string[] {
  if (!checksumOnly(change)) return [];
  const mounted = referencedFiles(change.after!);
  return all
    .filter(({ id }) => mounted.has(`${id.kind}/${id.name}`) && id.namespace === change.id.namespace)
    .map(({ id }) => nameOf(id));
}

/** Whether nothing but checksum annotations of the pod template changed. */
export function checksumOnly({ kind, fields: changes }: ObjectChange): boolean {
  return (
    kind === "changed" &&
    changes.length > 0 &&
    changes.every(({ path }) => fieldNames(path).includes("annotations") && checksum.test(lastField(path)))
  );
}

/** The ConfigMaps and Secrets that a workload's pods read: `ConfigMap/mimir`. */
function referencedFiles(workload: Manifest): ReadonlySet<string> {
  const pod = fields(at(workload.spec, "template", "spec"));
  const found = new Set<string>();
  const add = (kind: string, name: unknown) => typeof name === "string" && found.add(`${kind}/${name}`);
  for (const volume of items(pod.volumes)) {
    for (const source of [volume, ...items(at(volume, "projected", "sources"))]) {
      add("ConfigMap", at(source, "configMap", "name"));
      add("Secret", at(source, "secret", "secretName") ?? at(source, "secret", "name"));
    }
  }
  for (const container of [...items(pod.containers), ...items(pod.initContainers)]) {
    for (const source of [...items(container.envFrom), ...items(container.env).map((each) => fields(each.valueFrom))]) {
      add("ConfigMap", at(source, "configMapRef", "name") ?? at(source, "configMapKeyRef", "name"));
      add("Secret", at(source, "secretRef", "name") ?? at(source, "secretKeyRef", "name"));
    }
  }
  return found;
}

function* deletedData({ kind, before, after, id, from }: ObjectChange): Generator<string> {
  if (kind === "added" || !before) return;
  const gone = kind === "removed" || kind === "renamed";
  const name = nameOf(from ?? id);
  if (gone && before.kind === "PersistentVolumeClaim")
    yield `${name} is deleted, with its volume unless the class retains it`;
  if (gone && before.kind === "Namespace") yield `${name} is deleted with everything in it`;
  if (gone && before.kind === "CustomResourceDefinition")
    yield `${name} is deleted with every object of its kind in the cluster`;
  if (before.kind === "StatefulSet" && list(at(before.spec, "volumeClaimTemplates")).length > 0) {
    const policy = fields(at(before.spec, "persistentVolumeClaimRetentionPolicy"));
    if (gone && policy.whenDeleted === "Delete")
      yield `${name} is deleted, and its claims with it (whenDeleted: Delete)`;
    if (kind === "renamed") yield `${name} leaves its claims behind: the new StatefulSet starts with empty ones`;
    const [old, now] = [replicasOf(before), after && replicasOf(after)];
    if (policy.whenScaled === "Delete" && old !== undefined && now !== undefined && now < old) {
      yield `${name} loses the claims of ${old - now} pods (whenScaled: Delete)`;
    }
  }
  if (kind === "changed" && isFields(after)) {
    const path = ["spec", "storage", "emptyDir"];
    if (at(before, "spec", "storage", "volumeClaimTemplate") && at(after, ...path))
      yield `${name} moves from a claim to an emptyDir: what is on the claim is no longer read`;
  }
}

/** The most harmful action of any engine: what a list of changes is sorted by. */
export function worstAction({ action }: Risk): Action {
  return engines.map((engine) => action[engine]).reduce((a, b) => (actions.indexOf(b) > actions.indexOf(a) ? b : a));
}
