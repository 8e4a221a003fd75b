/** What a span says of a flow: for the encoder, and for the table of the docs. */
export interface AttributeSpec {
  readonly type: "string" | "int" | "string[]";
  /** Where the name comes from: OpenTelemetry's semantic conventions, mermin, or this agent. */
  readonly from: "semconv" | "mermin" | "skopos";
  readonly what: string;
}

/** What is said of each direction, by the end of its name. */
const ofDirection = {
  "bytes.delta": { type: "int", from: "mermin", what: "IP bytes that way since the flow's record before" },
  "bytes.total": { type: "int", from: "mermin", what: "IP bytes that way since the flow began" },
  "packets.delta": { type: "int", from: "mermin", what: "packets that way since the flow's record before" },
  "packets.total": { type: "int", from: "mermin", what: "packets that way since the flow began" },
  "ip.dscp.id": { type: "int", from: "mermin", what: "DSCP of the first packet that way" },
  "ip.dscp.name": { type: "string", from: "mermin", what: "its name, such as EF" },
  "ip.ecn.id": { type: "int", from: "mermin", what: "ECN bits of the first packet that way" },
  "ip.ecn.name": { type: "string", from: "mermin", what: "their name, such as ECT(0)" },
  "ip.ttl": { type: "int", from: "mermin", what: "TTL or hop limit of the first packet that way" },
  "ip.flow_label": { type: "int", from: "mermin", what: "IPv6 flow label of the first packet that way" },
  "icmp.type.id": { type: "int", from: "mermin", what: "ICMP type that way" },
  "icmp.code.id": { type: "int", from: "mermin", what: "ICMP code that way" },
  "tcp.flags.bits": { type: "int", from: "mermin", what: "every TCP flag seen that way" },
  "tcp.flags.tags": { type: "string[]", from: "mermin", what: "their names" },
  "tcp.retransmits.total": { type: "int", from: "skopos", what: "TCP segments that way that brought nothing new" },
  "tcp.rndtrip.latency": {
    type: "int",
    from: "skopos",
    what: "least time from a segment that way to its acknowledgement, ns",
  },
} as const satisfies Record<string, AttributeSpec>;

/** What is said of the object at each end, by the end of its name. */
const ofEnd = {
  "k8s.cluster.name": { type: "string", from: "semconv", what: "name of the cluster, from the configuration" },
  "k8s.cluster.uid": { type: "string", from: "semconv", what: "UID of the namespace kube-system" },
  "k8s.namespace.name": { type: "string", from: "semconv", what: "namespace of the pod or Service" },
  "k8s.pod.name": { type: "string", from: "semconv", what: "pod that had the address when the span began" },
  "k8s.pod.uid": { type: "string", from: "semconv", what: "its UID" },
  "k8s.container.name": {
    type: "string",
    from: "semconv",
    what: "its container, by process, port, or because it is the only one",
  },
  "k8s.node.name": { type: "string", from: "semconv", what: "node of the pod, or that has the address" },
  "k8s.node.uid": { type: "string", from: "semconv", what: "its UID" },
  "k8s.deployment.name": { type: "string", from: "semconv", what: "owners of the pod, and their owners" },
  "k8s.deployment.uid": { type: "string", from: "semconv", what: "" },
  "k8s.replicaset.name": { type: "string", from: "semconv", what: "" },
  "k8s.replicaset.uid": { type: "string", from: "semconv", what: "" },
  "k8s.statefulset.name": { type: "string", from: "semconv", what: "" },
  "k8s.statefulset.uid": { type: "string", from: "semconv", what: "" },
  "k8s.daemonset.name": { type: "string", from: "semconv", what: "" },
  "k8s.daemonset.uid": { type: "string", from: "semconv", what: "" },
  "k8s.job.name": { type: "string", from: "semconv", what: "" },
  "k8s.job.uid": { type: "string", from: "semconv", what: "" },
  "k8s.cronjob.name": { type: "string", from: "semconv", what: "" },
  "k8s.cronjob.uid": { type: "string", from: "semconv", what: "" },
  "k8s.service.name": {
    type: "string",
    from: "semconv",
    what: "Service whose address the initiator sent to, or the only one that the end is behind",
  },
  "k8s.service.uid": { type: "string", from: "semconv", what: "its UID" },
} as const satisfies Record<string, AttributeSpec>;

/** Ends of the names of attributes that decoration adds. */
export type EndAttribute = keyof typeof ofEnd;

type OfEnd<P extends string> = Readonly<Record<`${P}.${EndAttribute}`, AttributeSpec>>;

const end = <P extends string>(prefix: P): OfEnd<P> =>
  Object.fromEntries(Object.entries(ofEnd).map(([name, spec]) => [`${prefix}.${name}`, spec])) as OfEnd<P>;

type OfDirection<P extends string> = Readonly<Record<`${P}.${keyof typeof ofDirection}`, AttributeSpec>>;

/** The same under `flow` for the way from the initiator, and under `flow.reverse` for the way back. */
const direction = <P extends string>(prefix: P): OfDirection<P> =>
  Object.fromEntries(Object.entries(ofDirection).map(([end, spec]) => [`${prefix}.${end}`, spec])) as OfDirection<P>;

/** Every attribute of a flow span, by name. */
export const spanAttributes = {
  "flow.community_id": { type: "string", from: "mermin", what: "Community ID v1" },
  "flow.direction": {
    type: "string",
    from: "mermin",
    what: "egress: the initiator is on this node; ingress: the other end is; internal: both are; transit: neither is",
  },
  "flow.reporter": {
    type: "string",
    from: "skopos",
    what: "source, destination or transit: which end is on the node that reports. See Counting once",
  },
  "flow.connection.state": { type: "string", from: "mermin", what: "TCP: state of the connection" },
  "flow.end_reason": {
    type: "string",
    from: "mermin",
    what: "IPFIX flowEndReason; active_timeout where the flow goes on",
  },
  "source.address": { type: "string", from: "semconv", what: "address of the initiator" },
  "source.port": { type: "int", from: "semconv", what: "its port" },
  "destination.address": { type: "string", from: "semconv", what: "address of the other end, after NAT" },
  "destination.port": { type: "int", from: "semconv", what: "its port" },
  "flow.nat.source.address": { type: "string", from: "skopos", what: "what NAT made of the initiator's address" },
  "flow.nat.source.port": { type: "int", from: "skopos", what: "what NAT made of its port" },
  "flow.nat.destination.address": {
    type: "string",
    from: "skopos",
    what: "address that the initiator sent to, such as a ClusterIP, where NAT sent it elsewhere",
  },
  "flow.nat.destination.port": { type: "int", from: "skopos", what: "its port" },
  "network.transport": { type: "string", from: "semconv", what: "tcp, udp, sctp, icmp, ... or the protocol's number" },
  "network.type": { type: "string", from: "semconv", what: "ipv4 or ipv6" },
  "network.interface.name": { type: "string", from: "semconv", what: "interface of the first packet" },
  "network.interface.index": { type: "int", from: "mermin", what: "its index" },
  "network.interface.mac": { type: "string", from: "mermin", what: "its hardware address" },
  "flow.tcp.handshake.latency": { type: "int", from: "mermin", what: "last SYN to the ACK of its SYN-ACK, ns" },
  "flow.tcp.svc.latency": { type: "int", from: "mermin", what: "last request to the first byte of the answer, ns" },
  "flow.tcp.svc.jitter": { type: "int", from: "mermin", what: "its smoothed variation, ns" },
  "flow.tcp.rndtrip.jitter": { type: "int", from: "mermin", what: "smoothed variation of round trips, ns" },
  "flow.dns.latency": { type: "int", from: "skopos", what: "DNS query to response, ns" },
  "flow.icmp.echo.latency": { type: "int", from: "skopos", what: "ICMP echo to reply, ns" },
  "tunnel.type": { type: "string", from: "mermin", what: "vxlan, geneve, gre or ipip" },
  "tunnel.id": { type: "int", from: "mermin", what: "VNI" },
  "tunnel.source.address": { type: "string", from: "mermin", what: "outer addresses of the tunnel" },
  "tunnel.source.port": { type: "int", from: "mermin", what: "and ports" },
  "tunnel.destination.address": { type: "string", from: "mermin", what: "of the packet that showed it first" },
  "tunnel.destination.port": { type: "int", from: "mermin", what: "" },
  "tunnel.bytes.total": { type: "int", from: "mermin", what: "bytes of the flow in the tunnel, with its headers" },
  "process.pid": { type: "int", from: "semconv", what: "process that made the initiator's socket" },
  "process.executable.name": { type: "string", from: "semconv", what: "its name" },
  ...end("source"),
  ...end("destination"),
  ...direction("flow"),
  ...direction("flow.reverse"),
} as const satisfies Record<string, AttributeSpec>;

export type AttributeName = keyof typeof spanAttributes;
