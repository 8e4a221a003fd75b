// The joins between monitors, Services and pods, over plain objects: what no schema sees.
import type { KubernetesObject, Labels } from "../../lib/kubernetes/index.ts";

/** A Service, whoever makes it. */
export interface ServiceFacts {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  /** Target port by port name. */
  readonly ports: Readonly<Record<string, string | number>>;
  /** What it selects. Absent where somebody else keeps its endpoints. */
  readonly selector?: Labels;
}

/** Pods of one template. */
interface PodFacts {
  readonly namespace: string;
  readonly owner: string;
  readonly labels: Labels;
  readonly ports: Readonly<Record<string, number>>;
}

const includes = (labels: Labels, selector: Labels): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

interface Port {
  readonly name: string;
  readonly port: number;
  readonly targetPort?: string | number;
}

/** The API server's own Service, and the list of kubelets that the Prometheus operator keeps in the stack's namespace. */
function clusterServices(objects: readonly KubernetesObject[]): ServiceFacts[] {
  const kubelets = objects.filter(({ kind }) => kind === "Prometheus").map(({ metadata }) => metadata.namespace ?? "");
  return [
    {
      namespace: "default",
      name: "kubernetes",
      labels: { component: "apiserver", provider: "kubernetes" },
      ports: { https: 6443 },
    },
    ...[...new Set(kubelets)].map((namespace) => ({
      namespace,
      name: "kubelet",
      labels: {
        "app.kubernetes.io/name": "kubelet",
        "app.kubernetes.io/managed-by": "prometheus-operator",
        "k8s-app": "kubelet",
      },
      ports: { "https-metrics": 10_250 },
    })),
  ];
}

/** What the OpenTelemetry operator makes for each of its resources: three Services over the same pods. */
function collectorServices(collector: KubernetesObject): ServiceFacts[] {
  const { name, namespace = "" } = collector.metadata;
  const selector = collectorLabels(collector);
  const ports = collectorPorts(collector);
  return (["base", "headless", "monitoring"] as const).map((type) => ({
    namespace,
    name: `${name}-collector${type === "base" ? "" : `-${type}`}`,
    labels: { ...selector, "operator.opentelemetry.io/collector-service-type": type },
    ports: type === "monitoring" ? { monitoring: 8888 } : ports,
    selector,
  }));
}

const collectorLabels = ({ metadata: { name, namespace } }: KubernetesObject): Labels => ({
  "app.kubernetes.io/managed-by": "opentelemetry-operator",
  "app.kubernetes.io/instance": `${namespace}.${name}`,
  "app.kubernetes.io/part-of": "opentelemetry",
  "app.kubernetes.io/component": "opentelemetry-collector",
  "app.kubernetes.io/name": `${name}-collector`,
});

/** The operator opens a port for each receiver and exporter that listens: of ours, `prometheus`. */
function collectorPorts({ spec }: KubernetesObject): Record<string, number> {
  const endpoint: string | undefined = spec?.config?.exporters?.prometheus?.endpoint;
  return endpoint ? { prometheus: Number(endpoint.split(":").at(-1)) } : {};
}

/** Every Service that a set of objects leads to. */
function servicesOf(objects: readonly KubernetesObject[]): ServiceFacts[] {
  return [
    ...objects
      .filter(({ kind }) => kind === "Service")
      .map(({ metadata, spec }) => ({
        namespace: metadata.namespace ?? "",
        name: metadata.name,
        labels: metadata.labels ?? {},
        ports: Object.fromEntries((spec.ports as Port[]).map((each) => [each.name, each.targetPort ?? each.port])),
        ...(spec.selector && { selector: spec.selector as Labels }),
      })),
    ...objects.filter(({ kind }) => kind === "OpenTelemetryCollector").flatMap(collectorServices),
    ...clusterServices(objects),
  ];
}

/** Every kind of pod that a set of objects leads to. */
function podsOf(objects: readonly KubernetesObject[]): PodFacts[] {
  return objects.flatMap((object): PodFacts[] => {
    const { kind, metadata, spec } = object;
    const at = { namespace: metadata.namespace ?? "", owner: `${kind}/${metadata.name}` };
    if (kind === "Prometheus" || kind === "Alertmanager") {
      const name = kind.toLowerCase();
      const web = kind === "Prometheus" ? 9090 : 9093;
      const labels = {
        ...spec.podMetadata?.labels,
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/instance": metadata.name,
      };
      return [{ ...at, labels, ports: { web, "reloader-web": 8080 } }];
    }
    if (kind === "OpenTelemetryCollector") {
      return [{ ...at, labels: collectorLabels(object), ports: { ...collectorPorts(object), monitoring: 8888 } }];
    }
    const template = spec?.template;
    if (!template?.spec?.containers) return [];
    const containers = [...template.spec.containers, ...(template.spec.initContainers ?? [])];
    const ports = containers.flatMap((container) => container.ports ?? []);
    return [
      {
        ...at,
        labels: template.metadata?.labels ?? {},
        ports: Object.fromEntries(ports.map((each) => [each.name, each.containerPort])),
      },
    ];
  });
}

/**
 * What is wrong with the way from every ServiceMonitor to its targets: it must find exactly one Service, that Service
 * must have the port, the pods behind it too, and no other monitor may scrape the same port and path of it.
 *
 * @returns one sentence a mistake, sorted; empty when all is well.
 */
export function monitorProblems(objects: readonly KubernetesObject[]): string[] {
  const services = servicesOf(objects);
  const pods = podsOf(objects);
  const problems: string[] = [];
  const scraped = new Map<string, string>();
  for (const { kind, metadata, spec } of objects) {
    if (kind !== "ServiceMonitor") continue;
    const own = `${metadata.namespace}/${metadata.name}`;
    const { any, matchNames = [metadata.namespace] } = spec.namespaceSelector ?? {};
    const found = services.filter(
      ({ namespace, labels }) =>
        (any || matchNames.includes(namespace)) && includes(labels, spec.selector.matchLabels ?? {}),
    );
    if (found.length !== 1) {
      problems.push(`${own} matches ${found.length} Services: ${found.map(({ name }) => name).join(", ") || "none"}`);
    }
    for (const service of found) {
      for (const { port, path = "/metrics" } of spec.endpoints) {
        const key = `${service.namespace}/${service.name}:${port}${path}`;
        const other = scraped.get(key);
        if (other) problems.push(`${own} and ${other} both scrape ${key}`);
        scraped.set(key, own);
        problems.push(...portProblems(own, service, port, pods));
      }
    }
  }
  return problems.sort();
}

function portProblems(monitor: string, service: ServiceFacts, port: string, pods: readonly PodFacts[]): string[] {
  const target = service.ports[port];
  if (target === undefined) return [`${monitor} asks for port ${port}, which ${service.name} has not`];
  const { selector } = service;
  if (!selector) return [];
  const behind = pods.filter((pod) => pod.namespace === service.namespace && includes(pod.labels, selector));
  // Static pods and what an operator outside the stack makes are not among the objects.
  if (behind.length === 0) return service.namespace === "kube-system" ? [] : [`no pod is behind ${service.name}`];
  return behind
    .filter(({ ports }) => !(typeof target === "number" ? Object.values(ports).includes(target) : target in ports))
    .map(({ owner }) => `${service.name} sends port ${port} to ${target}, which ${owner} does not open`);
}
