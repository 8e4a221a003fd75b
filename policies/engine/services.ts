import type { KubernetesObject } from "./object.ts";
import type { ObjectSet } from "./object-set.ts";
import type { Pod } from "./pods.ts";
import { mapSelects } from "./selectors.ts";
import { fields, isFields, items, labels, number, text } from "./values.ts";

/** A port of a Service. */
export interface ServicePort {
  readonly name: string | undefined;
  readonly port: number;
  /** Port of the pods: a number or the name of a container port. */
  readonly target: string | number;
  readonly index: number;
}

/** A Service, of the set itself or one that an operator makes or every cluster has. */
export interface Service {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly ServicePort[];
  readonly headless: boolean;
  /** Undefined where something else keeps its endpoints. */
  readonly selector: unknown;
  /** The object, where it is one of the set. */
  readonly object: KubernetesObject | undefined;
}

/** The pods of a set behind a Service. */
export function podsBehind(set: ObjectSet, service: Service): readonly Pod[] {
  const known = set.once("podsBehind", () => new Map<Service, readonly Pod[]>());
  const found = known.get(service);
  if (found) return found;
  const behind = set.podsIn(service.namespace).filter((pod) => mapSelects(service.selector, pod.labels));
  known.set(service, behind);
  return behind;
}

/** The port of a pod that a Service's port leads to, undefined where the pod does not open it. */
export function targetPort(pod: Pod, target: string | number): number | undefined {
  if (typeof target === "string") return pod.ports.get(target);
  return [...pod.ports.values()].includes(target) ? target : undefined;
}

/** A Service object as such. */
export function serviceOf(object: KubernetesObject): Service {
  const { spec } = object;
  return {
    namespace: object.namespace,
    name: object.name,
    labels: object.labels,
    headless: spec.clusterIP === "None",
    selector: isFields(spec.selector) ? spec.selector : undefined,
    object,
    ports: items(spec.ports).flatMap(([index, port]) => {
      const value = number(port.port);
      if (value === undefined) return [];
      const target = text(port.targetPort) ?? number(port.targetPort) ?? value;
      return [{ name: text(port.name), port: value, target, index }];
    }),
  };
}

/** Services that an operator makes for one of its objects. */
export function operatedServices(object: KubernetesObject): readonly Service[] {
  const service = (name: string, more: Partial<Service>): Service => ({
    namespace: object.namespace,
    name,
    labels: {},
    headless: true,
    selector: undefined,
    object: undefined,
    ports: [],
    ...more,
  });
  const port = (name: string, value: number): ServicePort => ({ name, port: value, target: name, index: 0 });
  switch (object.kind) {
    case "Prometheus":
      return [
        service("prometheus-operated", {
          labels: { "operated-prometheus": "true" },
          selector: { "app.kubernetes.io/name": "prometheus" },
          ports: [port(text(object.spec.portName) ?? "web", 9090)],
        }),
      ];
    case "Alertmanager":
      return [
        service("alertmanager-operated", {
          labels: { "operated-alertmanager": "true" },
          selector: { "app.kubernetes.io/name": "alertmanager" },
          ports: [port(text(object.spec.portName) ?? "web", 9093), port("tcp-mesh", 9094)],
        }),
      ];
    case "OpenTelemetryCollector":
      return collectorServices(object, service);
    default:
      return [];
  }
}

/** Source: opentelemetry-operator v0.158, internal/manifests/collector/service.go */
function collectorServices(
  object: KubernetesObject,
  service: (name: string, more: Partial<Service>) => Service,
): readonly Service[] {
  const selector = {
    "app.kubernetes.io/managed-by": "opentelemetry-operator",
    "app.kubernetes.io/instance": `${object.namespace}.${object.name}`,
    "app.kubernetes.io/part-of": "opentelemetry",
    "app.kubernetes.io/component": "opentelemetry-collector",
  };
  const own = labels(fields(object.value.metadata).labels);
  const pod = [...(operatedPorts(object) ?? [])];
  const ports = pod
    .filter(([name]) => name !== "monitoring" && name !== "metrics")
    .map(([name, port], index): ServicePort => ({ name, port, target: port, index }));
  return (["base", "headless", "monitoring"] as const).map((type) =>
    service(`${object.name}-collector${type === "base" ? "" : `-${type}`}`, {
      labels: {
        ...own,
        ...selector,
        "app.kubernetes.io/name": `${object.name}-collector`,
        "operator.opentelemetry.io/collector-service-type": type,
      },
      headless: type === "headless",
      selector,
      ports: type === "monitoring" ? [{ name: "monitoring", port: 8888, target: 8888, index: 0 }] : ports,
    }),
  );
}

const operatedPorts = (object: KubernetesObject): ReadonlyMap<string, number> | undefined => podPorts.get(object)?.();

/** Set by the object set, which knows the pods. */
export const podPorts = new WeakMap<KubernetesObject, () => ReadonlyMap<string, number>>();

/** Services that every cluster has, and the one that the Prometheus operator keeps for the kubelets. */
export function clusterServices(set: ObjectSet): readonly Service[] {
  const kubelets = new Set(set.ofKind("Prometheus").map(({ namespace }) => namespace));
  const fixed = (namespace: string, name: string, of: Record<string, string>, port: ServicePort): Service => ({
    namespace,
    name,
    labels: of,
    ports: [port],
    headless: false,
    selector: undefined,
    object: undefined,
  });
  return [
    fixed(
      "default",
      "kubernetes",
      { component: "apiserver", provider: "kubernetes" },
      { name: "https", port: 443, target: 6443, index: 0 },
    ),
    ...[...new Set([...kubelets, "kube-system"])].map((namespace) =>
      fixed(
        namespace,
        "kubelet",
        {
          "app.kubernetes.io/name": "kubelet",
          "app.kubernetes.io/managed-by": "prometheus-operator",
          "k8s-app": "kubelet",
        },
        { name: "https-metrics", port: 10_250, target: 10_250, index: 0 },
      ),
    ),
  ];
}
