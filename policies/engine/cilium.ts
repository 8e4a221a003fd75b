import type { KubernetesObject } from "./object.ts";
import type { Peer, PolicyRule, Side } from "./peers.ts";
import { selects } from "./selectors.ts";
import { type Fields, fields, isFields, items, list, type Path, text, textEntries, texts } from "./values.ts";

type Labels = Readonly<Record<string, string>>;

/** The specs of a CiliumNetworkPolicy, each with its place: `spec`, and those of the list `specs`. */
export function ciliumSpecs(policy: KubernetesObject): readonly (readonly [Path, Fields])[] {
  const more = items(policy.value.specs).map(([index, spec]) => [["specs", index] as Path, spec] as const);
  return [...(isFields(policy.value.spec) ? [[["spec"] as Path, policy.spec] as const] : []), ...more];
}

/** Whether a spec puts one side of what it selects into default deny: any rule does, an empty one too. */
export function ciliumRestricts(spec: Fields, side: Side): boolean {
  const key = side.toLowerCase();
  const stated = fields(spec.enableDefaultDeny)[key];
  if (typeof stated === "boolean") return stated;
  return list(spec[key]).length > 0 || list(spec[`${key}Deny`]).length > 0;
}

const prefix = /^(k8s|any):/;
const namespaceLabel = "io.kubernetes.pod.namespace";
const namespaceLabels = "io.cilium.k8s.namespace.labels.";

const bare = (key: string) => key.replace(prefix, "");

/** A selector with bare keys, split into what it asks of the pod and what it asks of its namespace. */
function split(selector: Fields, of: (key: string) => string | undefined): Fields {
  const named = <T>(entries: readonly (readonly [string, T])[]) =>
    entries.flatMap(([key, value]) => {
      const name = of(bare(key));
      return name === undefined ? [] : [[name, value] as const];
    });
  return {
    matchLabels: Object.fromEntries(named(textEntries(selector.matchLabels))),
    matchExpressions: named(
      items(selector.matchExpressions).map(([, each]) => [text(each.key) ?? "", each] as const),
    ).map(([key, each]) => ({ ...each, key })),
  };
}

const podPart = (key: string) => (key === namespaceLabel || key.startsWith(namespaceLabels) ? undefined : key);

function namespacePart(key: string): string | undefined {
  if (key === namespaceLabel) return "kubernetes.io/metadata.name";
  return key.startsWith(namespaceLabels) ? key.slice(namespaceLabels.length) : undefined;
}

/** Whether an `endpointSelector` selects a pod of the policy's namespace. */
export function ciliumSelects(selector: unknown, labels: Labels): boolean {
  return isFields(selector) && selects(split(selector, podPart), labels);
}

function endpointPeer(selector: Fields): Peer {
  const [ofPod, ofNamespace] = [split(selector, podPart), split(selector, namespacePart)];
  const anywhere = textEntries(ofNamespace.matchLabels).length === 0 && list(ofNamespace.matchExpressions).length === 0;
  const pods = (labels: Labels) => selects(ofPod, labels);
  return anywhere
    ? { kind: "pods", pods }
    : { kind: "pods", pods, namespaces: (labels) => selects(ofNamespace, labels) };
}

function entityPeer(entity: string): Peer {
  if (entity === "all" || entity === "cluster") return { kind: "cluster" };
  return { kind: entity === "host" || entity === "remote-node" || entity === "kube-apiserver" ? "nodes" : "other" };
}

/** Keys of a rule that name peers of kinds that are neither pods nor nodes. */
const otherPeers = ["FQDNs", "Groups", "Services", "Nodes"] as const;

function peersOf(rule: Fields, direction: "from" | "to"): readonly Peer[] {
  const of = (kind: string) => rule[`${direction}${kind}`];
  return [
    ...items(of("Endpoints")).map(([, selector]) => endpointPeer(selector)),
    ...texts(of("Entities")).map(entityPeer),
    ...texts(of("CIDR")).map((cidr): Peer => ({ kind: "addresses", cidr })),
    ...items(of("CIDRSet")).map(([, { cidr }]): Peer => ({ kind: "addresses", cidr: text(cidr) ?? "" })),
    ...otherPeers.filter((kind) => list(of(kind)).length > 0).map((): Peer => ({ kind: "other" })),
  ];
}

/**
 * The rules of one side. One without peers admits everyone to its ports; one without peers and ports admits nobody.
 * @see https://docs.cilium.io/en/v1.18/security/policy/language/
 */
export function ciliumRules(policy: KubernetesObject, side: Side): readonly PolicyRule[] {
  const key = side.toLowerCase();
  return ciliumSpecs(policy).flatMap(([path, spec]) =>
    items(spec[key]).map(([index, rule]) => {
      const peers = peersOf(rule, side === "Ingress" ? "from" : "to");
      const everybody = texts(rule[side === "Ingress" ? "fromEntities" : "toEntities"]).includes("all");
      const ports = items(rule.toPorts).flatMap(([, each]) => items(each.ports).map(([, port]) => port));
      const anyPort = list(rule.toPorts).length === 0;
      return {
        path: [...path, key, index],
        peers,
        anyone: everybody || (peers.length === 0 && !anyPort),
        ports,
        anyPort,
      };
    }),
  );
}
