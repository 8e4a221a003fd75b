import { objectRule, podRule } from "../../engine/kinds-of-rules.ts";
import type { ObjectSet } from "../../engine/object-set.ts";
import { type Pod, volumeSources } from "../../engine/pods.ts";
import { type Problem, type Rule, remove } from "../../engine/rule.ts";
import { fields, items, type Path, text } from "../../engine/values.ts";

/** A ConfigMap or Secret that a pod refers to. */
interface Reference {
  readonly kind: "ConfigMap" | "Secret";
  readonly name: string;
  readonly keys: readonly string[];
  readonly path: Path;
  readonly container?: string;
}

function referencesOf(pod: Pod): readonly Reference[] {
  const volumes = items(pod.spec.volumes).flatMap(([index, volume]) =>
    volumeSources(volume)
      .filter(({ optional }) => !optional)
      .map(({ kind, name, keys }): Reference => ({ kind, name, keys, path: [...pod.specPath, "volumes", index] })),
  );
  const environment = pod.containers.flatMap(({ fields: container, path, name }) => [
    ...items(container.envFrom).flatMap(([index, source]) =>
      (["ConfigMap", "Secret"] as const).flatMap((kind) => {
        const from = fields(source[kind === "ConfigMap" ? "configMapRef" : "secretRef"]);
        return typeof from.name === "string" && from.optional !== true
          ? [{ kind, name: from.name, keys: [], path: [...path, "envFrom", index], container: name }]
          : [];
      }),
    ),
    ...items(container.env).flatMap(([index, variable]) =>
      (["ConfigMap", "Secret"] as const).flatMap((kind) => {
        const from = fields(fields(variable.valueFrom)[kind === "ConfigMap" ? "configMapKeyRef" : "secretKeyRef"]);
        return typeof from.name === "string" && from.optional !== true
          ? [{ kind, name: from.name, keys: [text(from.key) ?? ""], path: [...path, "env", index], container: name }]
          : [];
      }),
    ),
  ]);
  return [...volumes, ...environment];
}

/** ConfigMaps that the cluster itself makes in every namespace. */
const clusterMade = new Set(["kube-root-ca.crt", "openshift-service-ca.crt"]);

const configuration = podRule(
  {
    id: "wiring/references",
    pods: "written",
    title: "Every ConfigMap and Secret that a pod needs exists and has the keys",
    severity: "error",
    why: "A pod whose ConfigMap, Secret or key is missing never starts: it waits in ContainerCreating or CreateContainerConfigError.",
    remedy:
      "Add the object or the key, or mark the reference `optional`. Secrets that exist already are named by the fact `externalSecrets`.",
  },
  function* (pod, { set: objects }) {
    for (const reference of referencesOf(pod)) yield* missing(objects, pod, reference);
  },
);

function* missing(objects: ObjectSet, pod: Pod, reference: Reference): Generator<Problem> {
  const { kind, name, keys, path, container } = reference;
  const found = objects.find(kind, pod.namespace, name);
  const base = { path, ...(container !== undefined && { container }) };
  if (!found) {
    if (clusterMade.has(name) || madeByController(objects, kind, pod.namespace, name)) return;
    const external = (objects.facts.externalSecrets ?? []).includes(`${pod.namespace}/${name}`);
    if (kind === "Secret" && external) return;
    const data = Object.fromEntries((keys.length > 0 ? keys : ["<key>"]).map((key) => [key, "<value>"]));
    yield {
      ...base,
      message: `the ${kind} ${name} is not in the set`,
      // Secrets are often kept elsewhere on purpose.
      ...(kind === "Secret" && { severity: "info" as const }),
      fix: [
        {
          create: {
            apiVersion: "v1",
            kind,
            metadata: { name, namespace: pod.namespace },
            [kind === "Secret" ? "stringData" : "data"]: data,
          },
        },
      ],
    };
    return;
  }
  const known = ["data", "stringData", "binaryData"].flatMap((key) => Object.keys(fields(found.value[key])));
  for (const key of keys.filter((each) => !known.includes(each))) {
    const place = [kind === "Secret" ? "stringData" : "data", key];
    yield {
      ...base,
      message: `the ${kind} ${name} has no key ${key}; it has ${known.join(", ") || "none"}`,
      fix: [{ object: found, path: place, value: "<value>" }],
    };
  }
}

/** Whether a controller of the cluster makes an object from another one of the set. */
function madeByController(objects: ObjectSet, kind: string, namespace: string, name: string): boolean {
  if (kind !== "Secret") return false;
  const targets = [
    ["Certificate", ["spec", "secretName"]],
    ["ExternalSecret", ["spec", "target", "name"]],
    ["SealedSecret", ["metadata", "name"]],
  ] as const;
  return targets.some(([maker, path]) =>
    objects
      .ofKind(maker)
      .some(
        (object) =>
          object.namespace === namespace &&
          path.reduce<unknown>((value, key) => fields(value)[key], object.value) === name,
      ),
  );
}

const accounts = podRule(
  {
    id: "wiring/service-account",
    pods: "all",
    title: "The service account of a pod exists",
    severity: "error",
    why: "Pods of an account that does not exist are never created; the workload reports it only in its events.",
    remedy: "Create the ServiceAccount.",
  },
  function* (pod, { set: objects }) {
    const name = pod.serviceAccount;
    if (name === "default" || pod.object.kind === "OpenTelemetryCollector") return;
    if (objects.ofKind("ServiceAccount").length === 0 || objects.find("ServiceAccount", pod.namespace, name)) return;
    yield {
      message: `the service account ${name} is not in the set`,
      path: [...pod.specPath, "serviceAccountName"],
      fix: [{ create: { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: pod.namespace } } }],
    };
  },
);

const duplicates = objectRule(
  {
    id: "wiring/one-object",
    kinds: [
      "ConfigMap",
      "Secret",
      "Service",
      "Deployment",
      "StatefulSet",
      "DaemonSet",
      "ServiceMonitor",
      "PodMonitor",
      "PrometheusRule",
      "NetworkPolicy",
      "CiliumNetworkPolicy",
      "ServiceAccount",
      "PodDisruptionBudget",
    ],
    title: "No object is there twice",
    severity: "error",
    why: "Of two objects with one name the last one applied wins, and which that is depends on the order of the files.",
    remedy: "Remove or rename one of them.",
  },
  function* (object, { set: objects }) {
    // The last one is what the index holds; every other one is superfluous.
    if (objects.find(object.kind, object.namespace, object.name) === object) return;
    yield {
      message: "another object has the same kind, namespace and name",
      path: ["metadata", "name"],
      fix: [remove([])],
    };
  },
);

/** Rules about what objects refer to. */
export const referenceRules: readonly Rule[] = [configuration, accounts, duplicates];
