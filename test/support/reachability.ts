import { BlockList, isIPv6 } from "node:net";
import type { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import type { Labels, networkPolicies } from "../../lib/kubernetes/index.ts";

/** A NetworkPolicy or a CiliumNetworkPolicy. */
export type Policy = ReturnType<typeof networkPolicies>[number];

/** Something with an address: a pod, a node, or a host outside the cluster. */
export interface Spot {
  readonly name: string;
  readonly address: string;
  /** Of a pod that is not on the host's network. */
  readonly pod?: { readonly namespace: string; readonly labels: Labels };
  /** What Cilium knows it as, if it is no pod. */
  readonly entities?: readonly string[];
}

interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

function matches({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      if (operator === "Exists") return labels[key] !== undefined;
      if (operator === "In") return labels[key] !== undefined && values.includes(labels[key]);
      throw new Error(`an operator that no policy of the stack uses: ${operator}`);
    })
  );
}

const family = (of: string) => (isIPv6(of) ? "ipv6" : "ipv4");

const blocks = new Map<string, BlockList>();

/** Whether an address is in a block. */
export function within(cidr: string, address: string): boolean {
  const [start = "", prefix] = cidr.split("/");
  if (family(start) !== family(address)) return false;
  const block = blocks.get(cidr) ?? new BlockList();
  if (!blocks.has(cidr)) block.addSubnet(start, Number(prefix), family(start));
  blocks.set(cidr, block);
  return block.check(address, family(address));
}

/** What one rule admits: whom, and on which ports, all of them without any. */
interface Rule {
  readonly admits: (other: Spot) => boolean;
  readonly ports: readonly { readonly port: number; readonly protocol: string }[];
}

/** The rules of one side of a pod. Undefined: the policy does not restrict it. */
type Reader = (policy: Policy, side: Side, own: Required<Spot>["pod"]) => readonly Rule[] | undefined;

type Side = "ingress" | "egress";

/**
 * As the API defines it; engines that match addresses match those of pods too.
 * @see https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
const networkPolicy: Reader = (policy, side, own) => {
  const { metadata, spec } = policy as INetworkPolicy;
  const type = side === "ingress" ? "Ingress" : "Egress";
  if (metadata?.namespace !== own.namespace || !spec?.policyTypes?.includes(type)) return undefined;
  if (!matches(spec.podSelector as Selector, own.labels)) return undefined;
  const rules = (spec[side] ?? []) as { from?: unknown; to?: unknown; ports?: { port: number; protocol: string }[] }[];
  return rules.map(({ from, to, ports = [] }) => {
    const peers = (from ?? to) as {
      ipBlock?: { cidr: string };
      namespaceSelector?: Selector;
      podSelector?: Selector;
    }[];
    const admits = ({ address, pod }: Spot) =>
      peers.some(({ ipBlock, namespaceSelector, podSelector }) => {
        if (ipBlock) return within(ipBlock.cidr, address);
        if (!pod) return false;
        const space = namespaceSelector
          ? matches(namespaceSelector, { "kubernetes.io/metadata.name": pod.namespace })
          : pod.namespace === own.namespace;
        return space && matches(podSelector ?? {}, pod.labels);
      });
    return { admits, ports };
  });
};

const namespaceLabel = "k8s:io.kubernetes.pod.namespace";

/**
 * As Cilium's reference defines it: pods, nodes and the API server have identities, and no CIDR matches pods and nodes.
 * @see https://docs.cilium.io/en/v1.18/security/policy/language/
 */
const ciliumNetworkPolicy: Reader = (policy, side, own) => {
  const { metadata, spec } = policy as Extract<Policy, { apiVersion: "cilium.io/v2" }>;
  if (metadata.namespace !== own.namespace || !matches(spec.endpointSelector, own.labels)) return undefined;
  const direction = side === "ingress" ? "from" : "to";
  const rules = spec[side] as readonly {
    readonly [peers: string]: readonly unknown[];
    readonly toPorts: readonly [{ readonly ports: readonly { port: string; protocol: string }[] }];
  }[];
  return rules.map((rule) => {
    const { toPorts, ...peers } = rule;
    const kinds = Object.keys(peers);
    if (kinds.length > 1) throw new Error(`Cilium rejects rules that combine ${kinds.join(" and ")}`);
    const of = (kind: string) => peers[`${direction}${kind}`] ?? [];
    const admits = ({ address, pod, entities = [] }: Spot) => {
      if (pod) {
        const labels = { ...pod.labels, [namespaceLabel]: pod.namespace };
        if (of("Endpoints").some((selector) => matches(selector as Selector, labels))) return true;
      }
      // A pod is in the cluster; an address without another identity is outside.
      const known = pod ? ["cluster"] : entities.length > 0 ? entities : ["world"];
      if (of("Entities").some((entity) => known.includes(entity as string))) return true;
      const inCluster = known.includes("cluster");
      return !inCluster && of("CIDR").some((cidr) => within(cidr as string, address));
    };
    const ports = (toPorts?.[0].ports ?? []).map(({ port, protocol }) => ({ port: Number(port), protocol }));
    return { admits, ports };
  });
};

const read = new WeakMap<readonly Policy[], Map<string, readonly Rule[] | undefined>>();

/** The rules that apply to one side of a pod, read once. Undefined: no policy restricts it. */
function rulesFor(policies: readonly Policy[], side: Side, pod: Required<Spot>["pod"]): readonly Rule[] | undefined {
  const known = read.get(policies) ?? new Map<string, readonly Rule[] | undefined>();
  read.set(policies, known);
  const key = JSON.stringify([side, pod]);
  if (!known.has(key)) {
    const selecting = policies
      .map((policy) => (policy.kind === "NetworkPolicy" ? networkPolicy : ciliumNetworkPolicy)(policy, side, pod))
      .filter((rules) => rules !== undefined);
    known.set(key, selecting.length > 0 ? selecting.flat() : undefined);
  }
  return known.get(key);
}

function sideAllows(rules: readonly Rule[] | undefined, other: Spot, port: number, protocol: string): boolean {
  const onPort = ({ ports }: Rule) =>
    ports.length === 0 || ports.some((each) => each.port === port && each.protocol === protocol);
  return rules === undefined || rules.some((rule) => onPort(rule) && rule.admits(other));
}

/**
 * Whether a set of policies lets one spot open a connection to another: a pod that no policy selects is open, one that
 * some select may do what any of them allows, and both sides must allow it.
 */
export function allows(
  policies: readonly Policy[],
  from: Spot,
  to: Spot,
  port: number,
  protocol: "TCP" | "UDP" = "TCP",
): boolean {
  const egress = from.pod && rulesFor(policies, "egress", from.pod);
  const ingress = to.pod && rulesFor(policies, "ingress", to.pod);
  return sideAllows(egress, to, port, protocol) && sideAllows(ingress, from, port, protocol);
}
