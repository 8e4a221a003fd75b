import type { KubernetesObject } from "./object.ts";
import type { ObjectSet } from "./object-set.ts";
import type { Pod } from "./pods.ts";
import { selects } from "./selectors.ts";
import { podsBehind, type Service, targetPort } from "./services.ts";
import { type Fields, fields, isFields, items, type Path, text, texts } from "./values.ts";

/** Kinds of the Prometheus operator that say what to scrape, and the fields by which a Prometheus finds them. */
export const monitorKinds = {
  ServiceMonitor: "serviceMonitor",
  PodMonitor: "podMonitor",
  Probe: "probe",
  ScrapeConfig: "scrapeConfig",
} as const;

/** The Prometheus objects of a set, agents included. */
export function prometheuses(set: ObjectSet): readonly KubernetesObject[] {
  return [...set.ofKind("Prometheus"), ...set.ofKind("PrometheusAgent")];
}

/** Whether a Prometheus finds an object by its label and namespace selectors. An absent label selector finds nothing. */
export function finds(set: ObjectSet, prometheus: KubernetesObject, kind: string, object: KubernetesObject): boolean {
  const namespaces = prometheus.spec[`${kind}NamespaceSelector`];
  const inNamespace =
    namespaces === undefined || namespaces === null
      ? prometheus.namespace === object.namespace
      : selects(fields(namespaces), set.namespaceLabels(object.namespace));
  const selector = prometheus.spec[`${kind}Selector`];
  return inNamespace && isFields(selector) && selects(selector, object.labels);
}

/** The Prometheus objects that scrape what a monitor says. */
export function scrapersOf(set: ObjectSet, monitor: KubernetesObject): readonly KubernetesObject[] {
  const kind = monitorKinds[monitor.kind as keyof typeof monitorKinds];
  return prometheuses(set).filter((prometheus) => finds(set, prometheus, kind, monitor));
}

/** An endpoint of a monitor. */
export interface Endpoint {
  readonly path: Path;
  readonly fields: Fields;
  /** Name of the port, or undefined where it is a number of the pod. */
  readonly port: string | undefined;
  readonly target: string | number | undefined;
  readonly urlPath: string;
}

/** The endpoints of a ServiceMonitor or PodMonitor. */
export function endpointsOf(monitor: KubernetesObject): readonly Endpoint[] {
  const key = monitor.kind === "PodMonitor" ? "podMetricsEndpoints" : "endpoints";
  return items(monitor.spec[key]).map(([index, endpoint]) => {
    const target = endpoint.targetPort ?? endpoint.portNumber;
    return {
      path: ["spec", key, index],
      fields: endpoint,
      port: text(endpoint.port),
      target: typeof target === "string" || typeof target === "number" ? target : undefined,
      urlPath: text(endpoint.path) ?? "/metrics",
    };
  });
}

/** Whether a monitor looks into a namespace. */
function looksInto(monitor: KubernetesObject, namespace: string): boolean {
  const { any, matchNames } = fields(monitor.spec.namespaceSelector);
  return (
    any === true ||
    (texts(matchNames).length > 0 ? texts(matchNames).includes(namespace) : namespace === monitor.namespace)
  );
}

/** The Services that a ServiceMonitor selects. */
export function servicesOfMonitor(set: ObjectSet, monitor: KubernetesObject): readonly Service[] {
  return set.services.filter(
    (service) => looksInto(monitor, service.namespace) && selects(fields(monitor.spec.selector), service.labels),
  );
}

/** The pods that a PodMonitor selects. */
export function podsOfMonitor(set: ObjectSet, monitor: KubernetesObject): readonly Pod[] {
  return set.pods.filter(
    (pod) => looksInto(monitor, pod.namespace) && selects(fields(monitor.spec.selector), pod.labels),
  );
}

/** A pod's port that a monitor has scraped. */
export interface Target {
  readonly monitor: KubernetesObject;
  readonly endpoint: Endpoint;
  readonly pod: Pod;
  readonly port: number;
  readonly service: Service | undefined;
}

/** Every target that the monitors of a set lead to, as far as the set has its pods. */
export function targets(set: ObjectSet): readonly Target[] {
  return set.once("targets", () => [
    ...set.ofKind("ServiceMonitor").flatMap((monitor) => serviceTargets(set, monitor)),
    ...set.ofKind("PodMonitor").flatMap((monitor) => podTargets(set, monitor)),
  ]);
}

/** The targets of one monitor. */
export function targetsOf(set: ObjectSet, monitor: KubernetesObject): readonly Target[] {
  return set.once("targets by monitor", () => Map.groupBy(targets(set), (target) => target.monitor)).get(monitor) ?? [];
}

/** The targets that are ports of one pod. */
export function targetsAt(set: ObjectSet, pod: Pod): readonly Target[] {
  return set.once("targets by pod", () => Map.groupBy(targets(set), (target) => target.pod)).get(pod) ?? [];
}

function serviceTargets(set: ObjectSet, monitor: KubernetesObject): Target[] {
  const endpoints = endpointsOf(monitor);
  return servicesOfMonitor(set, monitor).flatMap((service) =>
    podsBehind(set, service).flatMap((pod) =>
      endpoints.flatMap((endpoint) => {
        const port = service.ports.find(({ name }) => name !== undefined && name === endpoint.port);
        const target = port?.target ?? endpoint.target;
        const number = target === undefined ? undefined : targetPort(pod, target);
        return number === undefined ? [] : [{ monitor, endpoint, pod, port: number, service }];
      }),
    ),
  );
}

function podTargets(set: ObjectSet, monitor: KubernetesObject): Target[] {
  return podsOfMonitor(set, monitor).flatMap((pod) =>
    endpointsOf(monitor).flatMap((endpoint) => {
      const target = endpoint.port ?? endpoint.target;
      const port = target === undefined ? undefined : targetPort(pod, target);
      return port === undefined ? [] : [{ monitor, endpoint, pod, port, service: undefined }];
    }),
  );
}
