import { objectRule } from "../../engine/kinds-of-rules.ts";
import { deniedSide } from "../../engine/network.ts";
import type { KubernetesObject } from "../../engine/object.ts";
import type { ObjectSet } from "../../engine/object-set.ts";
import { type Edit, type Rule, set, setIn } from "../../engine/rule.ts";
import {
  endpointsOf,
  finds,
  monitorKinds,
  podsOfMonitor,
  prometheuses,
  scrapersOf,
  servicesOfMonitor,
  targetsAt,
  targetsOf,
} from "../../engine/scraping.ts";
import { wantedLabels } from "../../engine/selectors.ts";
import { targetPort } from "../../engine/services.ts";
import { fields, textEntries, texts } from "../../engine/values.ts";

/** Labels that make a Prometheus find an object, as an edit of the object. */
function labelsToBeFound(objects: ObjectSet, kind: string): Edit[] {
  const [first] = prometheuses(objects);
  return first === undefined
    ? []
    : Object.entries(wantedLabels(first.spec[`${kind}Selector`])).map(([key, value]) =>
        set(["metadata", "labels", key], value),
      );
}

const monitorFound = objectRule(
  {
    id: "wiring/monitor-found",
    kinds: Object.keys(monitorKinds),
    title: "Every monitor is found by a Prometheus",
    severity: "error",
    why: "A Prometheus takes only the monitors that its label and namespace selectors match. Nothing reports one that is left out: its series are simply not there.",
    remedy: "Give the monitor the labels that the Prometheus selects by.",
  },
  function* (monitor, { set: objects }) {
    if (prometheuses(objects).length === 0 || scrapersOf(objects, monitor).length > 0) return;
    const kind = monitorKinds[monitor.kind as keyof typeof monitorKinds];
    yield {
      message: `no Prometheus of the set finds it: ${prometheuses(objects)
        .map(({ name }) => name)
        .join(", ")}`,
      path: ["metadata", "labels"],
      fix: labelsToBeFound(objects, kind),
    };
  },
);

const ruleFound = objectRule(
  {
    id: "wiring/rules-found",
    kinds: ["PrometheusRule"],
    title: "Every PrometheusRule is found by a Prometheus or a named ruler",
    severity: "error",
    why: "Alerts in a rule object that no Prometheus selects are never evaluated, and no error says so.",
    remedy:
      "Give it the labels that `ruleSelector` asks for. Rules that another program evaluates are named by the fact `rulers`.",
  },
  function* (rules, { set: objects }) {
    const elsewhere = (objects.facts.rulers ?? []).some((each) => {
      const [key, value] = each.split("=");
      return rules.labels[key as string] === value;
    });
    const readers = [...objects.ofKind("Prometheus"), ...objects.ofKind("ThanosRuler")];
    if (elsewhere || readers.length === 0 || readers.some((reader) => finds(objects, reader, "rule", rules))) return;
    yield {
      message: "no Prometheus of the set finds it: its alerts are never evaluated",
      path: ["metadata", "labels"],
      fix: labelsToBeFound(objects, "rule"),
    };
  },
);

/** Parts of a label that make two Services alike enough for one to be meant. */
const nearest = (objects: ObjectSet, monitor: KubernetesObject) =>
  objects.services.find(
    ({ object, namespace, name }) => object && namespace === monitor.namespace && name === monitor.name,
  ) ??
  objects.services.find(
    ({ object, namespace, ports }) =>
      object && namespace === monitor.namespace && ports.some(({ name }) => name === endpointsOf(monitor)[0]?.port),
  );

const monitorService = objectRule(
  {
    id: "wiring/monitor-service",
    kinds: ["ServiceMonitor"],
    title: "Every ServiceMonitor selects a Service",
    severity: "error",
    why: "A monitor whose selector matches no Service has no targets. Prometheus shows an empty scrape pool and no error.",
    remedy: "Select by labels that the Service has.",
  },
  function* (monitor, { set: objects }) {
    if (servicesOfMonitor(objects, monitor).length > 0) return;
    const spaces = fields(monitor.spec.namespaceSelector);
    const named = texts(spaces.matchNames);
    // Where the set has no Service of a namespace, as of kube-system, something else makes them.
    const spacesWithServices = new Set(objects.ofKind("Service").map(({ namespace }) => namespace));
    const looked = named.length > 0 ? named : [monitor.namespace];
    if (spaces.any === true || looked.some((namespace) => !spacesWithServices.has(namespace))) return;
    const service = nearest(objects, monitor);
    yield {
      message: `it selects no Service: ${textEntries(fields(monitor.spec.selector).matchLabels)
        .map(([key, value]) => `${key}=${value}`)
        .join(", ")}`,
      path: ["spec", "selector"],
      fix: service
        ? [
            set(["spec", "selector"], { matchLabels: service.labels }),
            set(["spec", "namespaceSelector"], { matchNames: [service.namespace] }),
          ]
        : [set(["spec", "selector", "matchLabels"], { "app.kubernetes.io/name": "<name>" })],
    };
  },
);

const monitorPort = objectRule(
  {
    id: "wiring/monitor-port",
    kinds: ["ServiceMonitor", "PodMonitor"],
    title: "Every monitor asks for a port that exists",
    severity: "error",
    why: "A ServiceMonitor refers to a port of the Service by its name, a PodMonitor to one of the containers. A name that does not exist gives no targets and no error.",
    remedy: "Use the port's name, not its number.",
  },
  function* (monitor, { set: objects }) {
    for (const endpoint of endpointsOf(monitor)) {
      const path = [...endpoint.path, "port"];
      if (monitor.kind === "PodMonitor") {
        const wanted = endpoint.port ?? endpoint.target;
        for (const pod of podsOfMonitor(objects, monitor)) {
          if (wanted === undefined || targetPort(pod, wanted) !== undefined) continue;
          const [name] = pod.ports.keys();
          yield { message: `${pod.object.id} has no port ${wanted}`, path, fix: [set(path, name ?? "<port>")] };
        }
        continue;
      }
      for (const service of servicesOfMonitor(objects, monitor)) {
        const names = service.ports.map(({ name }) => name).filter((name) => name !== undefined);
        if (endpoint.port === undefined || names.includes(endpoint.port)) continue;
        yield {
          message: `the Service ${service.name} has no port ${endpoint.port}; it has ${names.join(", ") || "none with a name"}`,
          path,
          fix: [set(path, names.find((name) => /metrics/.test(name)) ?? names[0] ?? "<port>")],
        };
      }
    }
  },
);

const scrapeAdmitted = objectRule(
  {
    id: "wiring/scrape-admitted",
    kinds: ["ServiceMonitor", "PodMonitor"],
    title: "Network policies admit every scrape",
    severity: "error",
    why: "A scrape that a policy denies times out: the target is down although the pod is well.",
    remedy:
      "Admit the Prometheus pods to the port on which the pod serves its metrics, and that pod in the policy of Prometheus.",
  },
  function* (monitor, { set: objects }) {
    const scrapers = scrapersOf(objects, monitor);
    for (const target of targetsOf(objects, monitor)) {
      for (const scraper of scrapers) {
        const from = objects.podOf(scraper);
        const side = from && deniedSide(objects, from, target.pod, target.port);
        if (!from || side === undefined) continue;
        const [own, other] = side === "Ingress" ? [target.pod, from] : [from, target.pod];
        yield {
          message: `${side === "Ingress" ? "ingress of" : "egress to"} ${target.pod.object.id} on port ${target.port} is denied to ${scraper.id}`,
          path: target.endpoint.path,
          fix: [{ create: admitting(side, own, other, target.port) }],
        };
      }
    }
  },
);

/** A network policy that admits one connection. */
export function admitting(
  side: "Ingress" | "Egress",
  own: { readonly namespace: string; readonly labels: object; readonly object: { readonly name: string } },
  other: { readonly namespace: string; readonly labels: object; readonly object: { readonly name: string } },
  port: number,
): Record<string, unknown> {
  const peer = {
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": other.namespace } },
    podSelector: { matchLabels: other.labels },
  };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: {
      name: `${own.object.name}-${side === "Ingress" ? "from" : "to"}-${other.object.name}-${port}`.toLowerCase(),
      namespace: own.namespace,
    },
    spec: {
      podSelector: { matchLabels: own.labels },
      policyTypes: [side],
      [side.toLowerCase()]: [{ [side === "Ingress" ? "from" : "to"]: [peer], ports: [{ port, protocol: "TCP" }] }],
    },
  };
}

const scrapedOnce = objectRule(
  {
    id: "wiring/scraped-once",
    kinds: ["ServiceMonitor", "PodMonitor"],
    title: "Every pod's port is scraped once",
    severity: "error",
    why: "Two monitors of one port store every series twice under different labels: sums are double and dashboards show each pod twice. It happens most often when two Services, one of them headless, carry the labels that one monitor selects by.",
    remedy: "Select one Service, for example by a label that only the headless one has, and keep one monitor.",
  },
  function* (monitor, { set: objects }) {
    const seen = new Set<string>();
    for (const target of targetsOf(objects, monitor)) {
      const key = `${target.pod.object.id}:${target.port}${target.endpoint.urlPath}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const scraper = scrapersOf(objects, monitor);
      const others = targetsAt(objects, target.pod).filter(
        (each) =>
          each !== target &&
          each.pod === target.pod &&
          each.port === target.port &&
          each.endpoint.urlPath === target.endpoint.urlPath &&
          sameQuery(each.endpoint.fields.params, target.endpoint.fields.params) &&
          scrapersOf(objects, each.monitor).some((prometheus) => scraper.includes(prometheus)),
      );
      const [other] = others;
      // Of two monitors the later one by name answers for it, so that it is found once.
      if (!other || others.every((each) => each.monitor.id > monitor.id)) continue;
      const same = other.monitor === monitor;
      const twice = same
        ? `by the Services ${[target, ...others].map(({ service }) => service?.name).join(" and ")}`
        : `also by ${other.monitor.id}`;
      yield {
        message: `port ${target.port} of ${target.pod.object.id} is scraped ${twice}`,
        path: same ? ["spec", "selector"] : target.endpoint.path,
        fix: same ? oneService(objects, monitor, target.service?.name) : [set(target.endpoint.path, undefined)],
      };
    }
  },
);

const sameQuery = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? {}) === JSON.stringify(b ?? {});

/** A label on one of the Services, by which the monitor selects it alone. */
function oneService(objects: ObjectSet, monitor: KubernetesObject, name: string | undefined): Edit[] {
  const object = objects.service(monitor.namespace, name ?? "")?.object;
  return [
    ...(object ? [setIn(object, ["metadata", "labels", "scrape"], "true")] : []),
    set(["spec", "selector", "matchLabels", "scrape"], "true"),
  ];
}

const monitorPods = objectRule(
  {
    id: "wiring/monitor-pods",
    kinds: ["PodMonitor"],
    title: "Every PodMonitor selects a pod",
    severity: "error",
    why: "A PodMonitor whose selector matches no pod has no targets, and no error says so.",
    remedy: "Select by labels of the pod template.",
  },
  function* (monitor, { set: objects }) {
    const { any, matchNames } = fields(monitor.spec.namespaceSelector);
    const spaces = texts(matchNames).length > 0 ? texts(matchNames) : [monitor.namespace];
    if (any === true || spaces.some((namespace) => !objects.pods.some((pod) => pod.namespace === namespace))) return;
    if (podsOfMonitor(objects, monitor).length > 0) return;
    const near =
      objects.pods.find((pod) => spaces.includes(pod.namespace) && pod.object.name === monitor.name) ??
      objects.pods.find((pod) => spaces.includes(pod.namespace));
    yield {
      message: "it selects no pod of the set",
      path: ["spec", "selector"],
      fix: [set(["spec", "selector"], { matchLabels: near?.labels ?? {} })],
    };
  },
);

/** Rules about the way from a Prometheus to its targets. */
export const monitorRules: readonly Rule[] = [
  monitorFound,
  ruleFound,
  monitorService,
  monitorPods,
  monitorPort,
  scrapeAdmitted,
  scrapedOnce,
];
