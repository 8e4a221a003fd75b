import { encodeFilter, type FlowFilter, replaceFilter } from "./filter.ts";
import { builtObject, type NativeOptions } from "./native.ts";

/** What a reader watches and how. */
export interface ReaderOptions {
  /** Interfaces by shell pattern (fnmatch). @default ["*"] */
  readonly include?: readonly string[];
  /** Patterns that win over `include`. @default ["lo"] */
  readonly exclude?: readonly string[];
  /** Flows held at once; about 250 bytes of kernel memory each, taken at the start. @default 131072 */
  readonly flows?: number;
  /** Bytes of the new-flow event ring: rounded up to a power of two. @default 4 MiB, 47,662 events */
  readonly ringBytes?: number;
  /** Longest time an event waits in a ring that is not nearly full. @default 100 */
  readonly drainMs?: number;
  readonly filter?: FlowFilter;
  readonly features?: FlowFeatures;
  /** UDP ports that carry VXLAN, at most two. @default [4789, 8472] */
  readonly vxlanPorts?: readonly number[];
  /** @default 6081 */
  readonly genevePort?: number;
  /** Path of a network namespace to watch, such as /run/netns/NAME. @default the process's own */
  readonly netns?: string;
  /** Attach at all; without, the programs are only loaded. @default true */
  readonly attach?: boolean;
  /**
   * What to do without: TCX links, batch calls and conntrack as on a kernel that lacks them; the handover, by which an
   * interface is counted at once by clsact filters and some time later by TCX links. @default none
   */
  readonly without?: readonly ("tcx" | "batch" | "handover" | "conntrack")[];
  /** Tell which process sends a flow's packets: notes, from now on, who makes a socket. @default false */
  readonly processes?: boolean;
  /** Root of the host's cgroup v2 hierarchy, for `processes`. @default /sys/fs/cgroup or /sys/fs/cgroup/unified */
  readonly cgroup?: string;
  /** Count what the kernel drops, by reason and by flow. @default false */
  readonly drops?: boolean;
  /** The BPF object. @default the one built with the package */
  readonly object?: string;
}

/** Parts of the kernel program that can be left out; each is on unless it says otherwise. */
export interface FlowFeatures {
  /** TCP flags and retransmissions. */
  readonly tcp?: boolean;
  /** Handshake, round trip, service, DNS and ICMP echo latency. */
  readonly latency?: boolean;
  /** A packet seen on several interfaces is counted once; without, every sighting counts. */
  readonly dedup?: boolean;
  /** Key what is inside VXLAN, Geneve, GRE and IP-in-IP. */
  readonly tunnels?: boolean;
  /** Make the VNI part of the key: for clusters whose tenants share addresses. @default false */
  readonly keyByVni?: boolean;
  /**
   * Make the VLAN id part of the key: for nodes whose VLANs share addresses. Off, because a node's networks rarely do, and a flow
   * that is routed from one VLAN to another, or seen tagged here and untagged there, would be two. @default false
   */
  readonly keyByVlan?: boolean;
  /** The round trip as the sender's kernel smooths it, where the packet still carries its socket. @default false */
  readonly socketRtt?: boolean;
  /** Count later fragments where the first one is counted. */
  readonly fragments?: boolean;
  /** Announce new flows by event; without, a scan finds them. */
  readonly events?: boolean;
  /** Parse the common shapes straight from the packet; without, results are the same and slower. */
  readonly fastPath?: boolean;
}

const constantOf: Readonly<Record<keyof FlowFeatures, string>> = {
  tcp: "track_tcp",
  latency: "track_latency",
  dedup: "dedup",
  tunnels: "decapsulate",
  keyByVni: "key_by_vni",
  keyByVlan: "key_by_vlan",
  socketRtt: "socket_rtt",
  fragments: "join_fragments",
  events: "emit_events",
  fastPath: "fast_path",
};

/** Most flows and ring bytes the kernel program's 32-bit indices and modulo arithmetic allow. */
const limits = { flows: 1 << 26, ringBytes: 1 << 30 } as const;

const powerOfTwo = (value: number) => 2 ** Math.ceil(Math.log2(value));

function problemsOf(options: ReaderOptions): string[] {
  const problems: string[] = [];
  const range = (name: "flows" | "ringBytes" | "drainMs", low: number, high: number) => {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= low && value <= high))
      problems.push(`${name} is ${value}; allowed are whole numbers from ${low} to ${high}`);
  };
  range("flows", 1, limits.flows);
  range("ringBytes", 4096, limits.ringBytes);
  range("drainMs", 1, 60_000);
  if ((options.vxlanPorts?.length ?? 0) > 2) problems.push("vxlanPorts has more than two ports");
  return problems;
}

/**
 * Checks the options and turns them into what the addon takes.
 *
 * @throws RangeError naming everything that is wrong.
 */
export function resolveOptions(options: ReaderOptions): NativeOptions {
  const problems = problemsOf(options);
  if (problems.length) throw new RangeError(`flow reader: ${problems.join("; ")}`);
  const filter = encodeFilter(options.filter);
  const [vxlan = 4789, vxlanAlso = options.vxlanPorts ? vxlan : 8472] = options.vxlanPorts ?? [];
  const constants: Record<string, number> = {
    vxlan_port: vxlan,
    vxlan_port_also: vxlanAlso,
    geneve_port: options.genevePort ?? 6081,
  };
  for (const [feature, on] of Object.entries(options.features ?? {}))
    constants[constantOf[feature as keyof FlowFeatures]] = on ? 1 : 0;
  return {
    object: options.object ?? builtObject("flow"),
    netns: options.netns ?? "",
    include: options.include ?? ["*"],
    exclude: options.exclude ?? ["lo"],
    capacity: options.flows ?? 131_072,
    ringBytes: powerOfTwo(options.ringBytes ?? 4 << 20),
    drainMs: options.drainMs ?? 100,
    attach: options.attach ?? true,
    tcx: !options.without?.includes("tcx"),
    handover: options.features?.dedup !== false && !options.without?.includes("handover"),
    events: options.features?.events !== false,
    batch: !options.without?.includes("batch"),
    processes: options.processes ? builtObject("process") : "",
    drops: options.drops ? builtObject("drops") : "",
    cgroup: options.cgroup ?? "",
    conntrack: !options.without?.includes("conntrack"),
    constants,
    entries: replaceFilter(undefined, filter, 1),
  };
}
