/** Network namespaces of a test: made with names of their own, removed with everything in them. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { type Peer, startPeer } from "./peer.ts";

let made = 0;

/** Namespaces not removed yet: a test that failed halfway leaves none behind. */
const left = new Set<string>();
process.on("exit", () => {
  for (const name of left) execFileSync("ip", ["netns", "del", name]);
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

/** Runs `ip` with one command a line. */
function ip(lines: readonly string[], namespace?: string): void {
  const args = namespace ? ["-n", namespace, "-batch", "-"] : ["-batch", "-"];
  execFileSync("ip", args, { input: lines.join("\n"), stdio: ["pipe", "pipe", "pipe"] });
}

/** What an interface's own counters say. */
export interface InterfaceCounters {
  readonly rxPackets: number;
  readonly rxBytes: number;
  readonly txPackets: number;
  readonly txBytes: number;
}

export class Namespace implements AsyncDisposable {
  readonly name: string;
  readonly #peers: Peer[] = [];

  /** Without IPv6 interfaces are silent but for what the test sends; with it, listener reports come first: `quiet`. */
  constructor(label: string, { v6 = false } = {}) {
    made += 1;
    this.name = `skopos-${process.pid}-${made}-${label}`;
    execFileSync("ip", ["netns", "add", this.name]);
    left.add(this.name);
    this.ip("link set lo up");
    this.sysctl(
      `net.ipv6.conf.default.disable_ipv6=${v6 ? 0 : 1}`,
      "net.ipv6.conf.default.addr_gen_mode=1",
      "net.ipv6.conf.default.mldv2_unsolicited_report_interval=20",
    );
  }

  get path(): string {
    return `/run/netns/${this.name}`;
  }

  ip(...lines: string[]): void {
    ip(lines, this.name);
  }

  run(program: string, ...args: string[]): string {
    return execFileSync("ip", ["netns", "exec", this.name, program, ...args], { encoding: "utf8", stdio: "pipe" });
  }

  sysctl(...settings: string[]): void {
    this.run("sysctl", "-qw", ...settings);
  }

  /** A process in the namespace that talks to others over sockets. */
  async peer(): Promise<Peer> {
    const peer = await startPeer(this.name);
    this.#peers.push(peer);
    return peer;
  }

  counters(device: string): InterfaceCounters {
    const [link] = JSON.parse(this.run("ip", "-j", "-s", "link", "show", device));
    const { rx, tx } = link.stats64;
    return { rxPackets: rx.packets, rxBytes: rx.bytes, txPackets: tx.packets, txBytes: tx.bytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.stop()));
    left.delete(this.name);
    execFileSync("ip", ["netns", "del", this.name]);
  }
}

/** Waits until the multicast listener reports of interfaces that came up are over: two, 20 ms from each other. */
export const quiet = () => new Promise((resolve) => setTimeout(resolve, 500));

/** A veth between two namespaces, up, without the noise of IPv6 autoconfiguration. */
export function connect(one: Namespace, oneDevice: string, other: Namespace, otherDevice: string, mtu = 1500): void {
  one.ip(
    `link add ${oneDevice} mtu ${mtu} type veth peer name ${otherDevice} mtu ${mtu} netns ${other.name}`,
    `link set ${oneDevice} up`,
  );
  other.ip(`link set ${otherDevice} up`);
}

const mac = (namespace: Namespace, device: string) =>
  JSON.parse(namespace.run("ip", "-j", "link", "show", device))[0].address as string;

/** Permanent neighbour entries both ways, so that no ARP or neighbour discovery is on the wire. */
export function acquaint(
  one: Namespace,
  oneDevice: string,
  oneAddress: string,
  other: Namespace,
  otherDevice: string,
  otherAddress: string,
): void {
  one.ip(`neigh replace ${otherAddress} lladdr ${mac(other, otherDevice)} dev ${oneDevice} nud permanent`);
  other.ip(`neigh replace ${oneAddress} lladdr ${mac(one, oneDevice)} dev ${otherDevice} nud permanent`);
}

/** Two pods behind a router, as on a node: every packet passes both of the router's veths. */
export interface Routed extends AsyncDisposable {
  readonly left: Namespace;
  readonly node: Namespace;
  readonly right: Namespace;
}

export const addresses = { left: "10.1.0.2", right: "10.2.0.2", left6: "fd01::2", right6: "fd02::2" } as const;

export function routed({ mtu = 1500, v6 = false } = {}): Routed {
  const [left, node, right] = [
    new Namespace("left", { v6 }),
    new Namespace("node", { v6 }),
    new Namespace("right", { v6 }),
  ];
  for (const [pod, device, net] of [
    [left, "veth-left", 1],
    [right, "veth-right", 2],
  ] as const) {
    connect(node, device, pod, "eth0", mtu);
    node.ip(`addr add 10.${net}.0.1/24 dev ${device}`);
    pod.ip(`addr add 10.${net}.0.2/24 dev eth0`, `route add default via 10.${net}.0.1`);
    acquaint(node, device, `10.${net}.0.1`, pod, "eth0", `10.${net}.0.2`);
    if (!v6) continue;
    node.ip(`addr add fd0${net}::1/64 dev ${device} nodad`);
    pod.ip(`addr add fd0${net}::2/64 dev eth0 nodad`, `route add default via fd0${net}::1`);
    acquaint(node, device, `fd0${net}::1`, pod, "eth0", `fd0${net}::2`);
  }
  node.sysctl("net.ipv4.ip_forward=1", `net.ipv6.conf.all.forwarding=${v6 ? 1 : 0}`);
  const dispose = async () => {
    for (const namespace of [left, right, node]) await namespace[Symbol.asyncDispose]();
  };
  return { left, node, right, [Symbol.asyncDispose]: dispose };
}

/** The resident set of a process in bytes. */
export function residentBytes(pid: number | "self" = "self"): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1024;
}
