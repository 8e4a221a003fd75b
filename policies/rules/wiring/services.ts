import { addressRule, objectRule, podRule } from "../../engine/kinds-of-rules.ts";
import { deniedSide, peerIs, peerOf, policiesOf, rulesOf } from "../../engine/network.ts";
import type { Pod } from "../../engine/pods.ts";
import { type Rule, set } from "../../engine/rule.ts";
import { mapSelects } from "../../engine/selectors.ts";
import { podsBehind, serviceOf, targetPort } from "../../engine/services.ts";
import { type ServiceAddress, serviceAddresses } from "../../engine/urls.ts";
import { fields, isFields, items, textEntries } from "../../engine/values.ts";
import { admitting } from "./monitors.ts";

const servicePods = objectRule(
  {
    id: "wiring/service-pods",
    kinds: ["Service"],
    title: "Every Service selects pods",
    severity: "error",
    why: "A Service without endpoints refuses every connection.",
    remedy: "Copy the selector of the workload.",
  },
  function* (object, { set: objects }) {
    const service = serviceOf(object);
    if (!isFields(service.selector) || Object.keys(service.selector).length === 0) return;
    const around = objects.podsIn(object.namespace);
    if (around.length === 0 || podsBehind(objects, service).length > 0) return;
    const near = around.find((pod) => pod.object.name === object.name) ?? bestMatch(around, service.selector);
    // Operators make pods that are not among the objects; then nothing resembles the selector.
    if (!near) return;
    yield {
      message: `it selects no pod: ${textEntries(service.selector)
        .map(([key, value]) => `${key}=${value}`)
        .join(", ")}`,
      path: ["spec", "selector"],
      fix: [set(["spec", "selector"], near.labels)],
    };
  },
);

/** The pod that has most of a selector's labels, if it has any. */
function bestMatch<T extends { readonly labels: Readonly<Record<string, string>> }>(
  pods: readonly T[],
  selector: unknown,
): T | undefined {
  const score = (pod: T) => textEntries(selector).filter(([key, value]) => pod.labels[key] === value).length;
  const [best] = [...pods].sort((a, b) => score(b) - score(a));
  return best && score(best) > 0 ? best : undefined;
}

const targetPortExists = objectRule(
  {
    id: "wiring/target-port",
    kinds: ["Service"],
    title: "Every Service port leads to a port of its pods",
    severity: "error",
    why: "Connections to the port are refused, or with a name that no container has, the Service has no endpoints for it.",
    remedy: "Use the name of a container port.",
  },
  function* (object, { set: objects }) {
    const service = serviceOf(object);
    for (const pod of podsBehind(objects, service)) {
      for (const { target, index, name } of service.ports) {
        if (targetPort(pod, target) !== undefined || items(object.spec.ports)[index]?.[1].protocol === "UDP") continue;
        // A number works without being declared.
        const severity = typeof target === "number" ? "info" : "error";
        const ports = [...pod.ports.keys()];
        yield {
          message: `port ${name ?? target} leads to ${target}, which ${pod.object.id} does not open`,
          path: ["spec", "ports", index, "targetPort"],
          severity,
          fix: [
            set(["spec", "ports", index, "targetPort"], ports.find((each) => each === name) ?? ports[0] ?? "<port>"),
          ],
        };
      }
    }
  },
);

/** Hosts that look like Services of a namespace of the set but are something else. */
const notServices = new Set(["localhost", "example", "metadata"]);

const addressService = addressRule(
  {
    id: "wiring/address-service",
    title: "Every address in a configuration names a Service that exists",
    severity: "error",
    why: "A program whose address does not resolve retries for ever, drops what its queue cannot hold, and is ready all the while.",
    remedy: "Name a Service of the set, as `name.namespace.svc`.",
  },
  function* (address, { set: objects }) {
    if (!objects.covers(address.namespace) || notServices.has(address.name) || address.name.includes("$")) return;
    if (objects.service(address.namespace, address.name)) return;
    // Without `.svc` a name of one part may be anything.
    if (
      !address.text.includes(".svc") &&
      !address.text.includes(`${address.name}.${address.namespace}`) &&
      objects.ofKind("Service").length === 0
    )
      return;
    const names = objects.services.filter(({ namespace }) => namespace === address.namespace).map(({ name }) => name);
    const near = nearestName(address.name, names);
    yield {
      message: `${address.text} names a Service that does not exist${near ? `; did you mean ${near}?` : ""}`,
      path: address.path,
      fix: near ? [textEdit(address, address.name, near)] : [set(address.path, "http://<service>.<namespace>.svc:80")],
    };
  },
);

/** The text that holds an address with one part of the address put for another. */
const textEdit = (address: ServiceAddress, from: string, to: string) =>
  set(address.path, address.whole.replace(address.text, address.text.replace(from, to)));

function nearestName(name: string, names: readonly string[]): string | undefined {
  const shared = (other: string) => {
    let count = 0;
    while (count < name.length && name[count] === other[count]) count++;
    return count;
  };
  const [best] = [...names].sort((a, b) => shared(b) - shared(a));
  return best !== undefined && shared(best) >= Math.min(3, name.length) ? best : undefined;
}

const addressPort = addressRule(
  {
    id: "wiring/address-port",
    title: "Every address in a configuration names a port that its Service has",
    severity: "error",
    why: "A connection to a port that the Service has not is refused or times out.",
    remedy: "Use a port of the Service.",
  },
  function* (address, { set: objects }) {
    const service = objects.service(address.namespace, address.name);
    if (!service || service.ports.length === 0) return;
    if (address.portName !== undefined) {
      if (service.ports.some(({ name }) => name === address.portName)) return;
      const name = service.ports.find((port) => port.name !== undefined)?.name ?? "<port>";
      yield {
        message: `${address.text} asks for the port ${address.portName}, which the Service ${service.name} has not`,
        path: address.path,
        fix: [textEdit(address, `_${address.portName}.`, `_${name}.`)],
      };
      return;
    }
    if (address.port === undefined) return;
    // Behind a headless Service the connection goes to the pod's own port.
    const open = service.headless
      ? [
          ...service.ports.map(({ port }) => port),
          ...podsBehind(objects, service).flatMap((pod) => [...pod.ports.values()]),
        ]
      : service.ports.map(({ port }) => port);
    if (open.includes(address.port)) return;
    yield {
      message: `${address.text} names port ${address.port}; the Service ${service.name} has ${service.ports.map(({ port }) => port).join(", ")}`,
      path: address.path,
      fix: [textEdit(address, `:${address.port}`, `:${service.ports[0]?.port}`)],
    };
  },
);

const addressAdmitted = addressRule(
  {
    id: "wiring/address-admitted",
    title: "Network policies admit every connection that a configuration makes",
    severity: "error",
    why: "A denied connection times out. What was to be sent waits in a queue until it is full and is then dropped.",
    remedy: "Admit the pods that read the configuration to the port of the pods behind the Service, on both sides.",
  },
  function* (address, { set: objects }) {
    const service = objects.service(address.namespace, address.name);
    if (!service) return;
    const port = service.ports.find(
      (each) => (address.portName !== undefined && each.name === address.portName) || each.port === address.port,
    );
    if (!port) return;
    const seen = new Set<string>();
    const behind = podsBehind(objects, service);
    const portOf = (to: Pod) => targetPort(to, port.target) ?? port.port;
    const admitted = (from: Pod) => behind.some((to) => from !== to && !deniedSide(objects, from, to, portOf(to)));
    // Where it is not known which of several readers connects, one that may is the one.
    if (address.shared && address.readers.some(admitted)) return;
    for (const from of address.readers) {
      for (const to of behind) {
        const number = portOf(to);
        const side = from === to ? undefined : deniedSide(objects, from, to, number);
        if (side === undefined || seen.has(`${from.object.id} ${to.object.id}`)) continue;
        seen.add(`${from.object.id} ${to.object.id}`);
        const [own, other] = side === "Ingress" ? [to, from] : [from, to];
        yield {
          message: `${from.object.id} connects to ${to.object.id} on port ${number}, and network policies deny its ${side.toLowerCase()}`,
          path: address.path,
          fix: [{ create: admitting(side, own, other, number) }],
        };
      }
    }
  },
);

const dns = podRule(
  {
    id: "wiring/dns",
    pods: "all",
    title: "Pods whose egress is restricted may ask the DNS",
    severity: "error",
    why: "A pod that cannot resolve names cannot connect to any Service by name. The errors look like a network outage.",
    remedy: "Admit port 53, UDP and TCP, to the cluster's DNS pods.",
  },
  function* (pod, { set: objects }) {
    const policies = policiesOf(objects, pod, "Egress");
    if (policies.length === 0) return;
    const rules = policies.flatMap((policy) => rulesOf(policy, "Egress"));
    // A pod that may connect nowhere has nothing to resolve.
    if (rules.length === 0) return;
    const asks = rules.some(
      ({ ports, anyPort }) =>
        anyPort || ports.some(({ port }) => port === "dns" || Number(port) === 53 || Number(port) === 5353),
    );
    const calls = serviceAddresses(objects).some(({ readers }) => readers.includes(pod));
    if (asks || !calls) return;
    const { name } = pod.object;
    const peer = {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
      podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
    };
    yield {
      message: `no policy lets it ask the DNS, and it connects by name: ${policies.map((policy) => policy.name).join(", ")}`,
      path: [...pod.path, "metadata", "labels"],
      fix: [
        {
          create: {
            apiVersion: "networking.k8s.io/v1",
            kind: "NetworkPolicy",
            metadata: { name: `${name}-dns`, namespace: pod.namespace },
            spec: {
              podSelector: { matchLabels: pod.labels },
              policyTypes: ["Egress"],
              egress: [
                {
                  to: [peer],
                  ports: [
                    { port: 53, protocol: "UDP" },
                    { port: 53, protocol: "TCP" },
                  ],
                },
              ],
            },
          },
        },
      ],
    };
  },
);

const hostNetworkPeer = objectRule(
  {
    id: "wiring/host-network-peer",
    kinds: ["NetworkPolicy"],
    title: "Network policies admit host-network pods by address",
    severity: "error",
    why: "A pod on the host's network sends from its node's address. A pod selector never matches it, so that the connection is denied. https://kubernetes.io/docs/concepts/services-networking/network-policies/#networkpolicy-and-hostnetwork-pods",
    remedy: "Admit the nodes' CIDR with an `ipBlock`.",
  },
  function* (policy, { set: objects }) {
    const hosts = objects.pods.filter((pod) => pod.hostNetwork);
    for (const side of ["Ingress", "Egress"] as const) {
      for (const [index, each] of items(policy.spec[side.toLowerCase()])) {
        const key = side === "Ingress" ? "from" : "to";
        const peers = items(each[key]);
        const block = peers.some(([, peer]) => peer.ipBlock !== undefined);
        for (const [at, peer] of peers) {
          if (!isFields(peer.podSelector) || block) continue;
          const spaces = (namespace: string) => namespace === policy.namespace || peer.namespaceSelector !== undefined;
          const host = hosts.find(
            (pod) => spaces(pod.namespace) && mapSelects(fields(fields(peer.podSelector).matchLabels), pod.labels),
          );
          const alone =
            host && !objects.pods.some((pod) => !pod.hostNetwork && peerIs(objects, policy, peerOf(peer), pod));
          if (!host || !alone) continue;
          const path = ["spec", side.toLowerCase(), index, key, at];
          yield {
            message: `${side.toLowerCase()} selects ${host.object.id} by labels, and it is on the host's network`,
            path,
            fix: [set(path, { ipBlock: { cidr: "<node CIDR>" } })],
          };
        }
      }
    }
  },
);

/** Rules about Services, addresses and the network between them. */
export const serviceRules: readonly Rule[] = [
  servicePods,
  targetPortExists,
  addressService,
  addressPort,
  addressAdmitted,
  dns,
  hostNetworkPeer,
];
