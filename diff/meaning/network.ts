import { compareText, type Fields, fields, isFields, items, list, type Manifest, nameOf } from "../model/object.ts";
import type { Meaning, Reader } from "./meaning.ts";

/** Network connections that are newly admitted or denied. */
export const networkMeaning: Reader = function* (changes) {
  for (const { id, kind, before, after } of changes) {
    const say = (severity: Meaning["severity"], words: string): Meaning => ({
      area: "network",
      severity,
      text: `${nameOf(id)} ${words}`,
      object: id,
    });
    if (id.kind === "NetworkPolicy" || id.kind === "CiliumNetworkPolicy") {
      const read = id.kind === "NetworkPolicy" ? edgesOf : ciliumEdgesOf;
      const [old, now] = [read(before), read(after)];
      if (kind === "removed" && old.size === 0) yield say("danger", "is removed: what it denied is no longer denied");
      if (kind === "added" && now.size === 0)
        yield say("warning", "is added and denies every connection that no other policy admits");
      for (const edge of [...now].filter((each) => !old.has(each)).sort(compareText))
        yield say("warning", `opens ${edge}`);
      for (const edge of [...old].filter((each) => !now.has(each)).sort(compareText))
        yield say("warning", `closes ${edge}`);
    }
    if (id.kind === "Service") {
      const type = (object: Manifest | undefined) => (object ? (fields(object.spec).type ?? "ClusterIP") : undefined);
      const [old, now] = [type(before), type(after)];
      if (now !== undefined && old !== now && now !== "ClusterIP")
        yield say("danger", `is reachable from outside the cluster (${now})`);
    }
    if (/^(?:Ingress|HTTPRoute|GRPCRoute|IngressRoute|VirtualService)$/.test(id.kind) && kind === "added") {
      yield say("danger", "makes a service reachable from outside the cluster");
    }
  }
};

/** The connections that a policy admits, one text each: `to pods app=mimir from pods app=grafana on TCP 8080`. */
function edgesOf(policy: Manifest | undefined): ReadonlySet<string> {
  const spec = fields(policy?.spec);
  const own = `pods ${selectorText(spec.podSelector)}`;
  const edges = new Set<string>();
  const add = (rules: unknown, peersKey: string, text: (peer: string) => string) => {
    for (const rule of items(rules)) {
      const peers = list(rule[peersKey]).length === 0 ? ["anywhere"] : items(rule[peersKey]).map(peerText);
      const ports = list(rule.ports).length === 0 ? ["any port"] : items(rule.ports).map(portText);
      for (const peer of peers) for (const port of ports) edges.add(`${text(peer)} on ${port}`);
    }
  };
  add(spec.ingress, "from", (peer) => `to ${own} from ${peer}`);
  add(spec.egress, "to", (peer) => `from ${own} to ${peer}`);
  return edges;
}

/** The same of a CiliumNetworkPolicy. */
function ciliumEdgesOf(policy: Manifest | undefined): ReadonlySet<string> {
  const edges = new Set<string>();
  for (const spec of [fields(policy?.spec), ...items(fields(policy).specs)]) {
    const own = `pods ${selectorText(spec.endpointSelector)}`;
    for (const direction of ["from", "to"] as const) {
      for (const rule of items(spec[direction === "from" ? "ingress" : "egress"])) {
        const ports = items(rule.toPorts).flatMap((each) => items(each.ports).map(portText));
        const peers = ciliumPeerTexts(rule, direction);
        // A rule without peers and ports admits nobody.
        const everyone = peers.length === 0 && ports.length > 0 ? ["anywhere"] : peers;
        for (const peer of everyone) {
          for (const port of ports.length > 0 ? ports : ["any port"])
            edges.add(direction === "from" ? `to ${own} from ${peer} on ${port}` : `from ${own} to ${peer} on ${port}`);
        }
      }
    }
  }
  return edges;
}

function ciliumPeerTexts(rule: Fields, direction: "from" | "to"): readonly string[] {
  return Object.entries(rule).flatMap(([key, value]) => {
    if (!key.startsWith(direction) || key === "toPorts") return [];
    return list(value).map((peer) => {
      if (!isFields(peer)) return String(peer);
      return key.endsWith("Endpoints") ? `pods ${selectorText(peer)}` : `${key} ${JSON.stringify(peer)}`;
    });
  });
}

function peerText(peer: Fields): string {
  if (isFields(peer.ipBlock)) {
    const except = list(peer.ipBlock.except);
    return `${peer.ipBlock.cidr}${except.length > 0 ? ` except ${except.join(", ")}` : ""}`;
  }
  const pods = peer.podSelector === undefined ? "" : `pods ${selectorText(peer.podSelector)}`;
  const namespaces = peer.namespaceSelector === undefined ? "" : `namespaces ${selectorText(peer.namespaceSelector)}`;
  return [pods, namespaces].filter((part) => part !== "").join(" in ");
}

const portText = ({ protocol = "TCP", port, endPort }: Fields): string =>
  `${protocol} ${port ?? "any port"}${endPort === undefined ? "" : `-${endPort}`}`;

function selectorText(selector: unknown): string {
  const { matchLabels, matchExpressions } = fields(selector);
  const labels = Object.entries(fields(matchLabels)).map(
    ([key, value]) => `${key.replace("app.kubernetes.io/", "")}=${value}`,
  );
  const expressions = items(matchExpressions).map(({ key, operator, values }) =>
    `${key} ${operator} ${list(values).join("|")}`.trim(),
  );
  return [...labels, ...expressions].sort(compareText).join(",") || "(all)";
}
