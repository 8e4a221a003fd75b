/** Ways in which a host's interfaces can be stacked, each with traffic of which it is known what must be counted. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ReaderOptions } from "../src/options.ts";
import type { Flow } from "./harness.ts";
import { acquaint, connect, Namespace, routed } from "./netns.ts";
import type { Peer } from "./peer.ts";

/** A flow that must be counted: its ends in key order, its packets each way. */
export interface Expected {
  readonly ends: readonly [low: string, high: string];
  readonly packets: readonly [number, number];
  /** The VLAN id that both directions say; 0 for none. */
  readonly vlans: readonly [number, number];
}

/** A counted flow, as it is compared with what must be counted. */
export const countedFlow = ({ low, high, packets, side }: Flow): Expected => ({
  ends: [low, high],
  packets,
  vlans: [side[0].vlan, side[1].vlan],
});

export interface Network extends AsyncDisposable {
  /** The namespace that the reader watches, and how many of its interfaces it attaches to. */
  readonly host: Namespace;
  readonly watched: number;
  readonly options?: ReaderOptions;
  /** Sends, and says what that comes to. */
  traffic(talk: Talker): Promise<readonly Expected[]>;
}

export interface Scenario {
  readonly name: string;
  build(): Promise<Network>;
}

const count = 40;
const port = 9000;

/** Who talks to whom: an address of the `server`, from the `client`, `conversation` telling several of a pair apart. */
export interface Talk {
  readonly server: Namespace;
  readonly client: Namespace;
  readonly address: string;
  readonly conversation?: number;
  /** The client's address. @default the one its route says */
  readonly bind?: string;
  /** Packets each way. @default 40 */
  readonly count?: number;
}

/** Sends the packets of a conversation, each after the answer to the one before. */
export type Talker = (talk: Talk) => Promise<void>;

/** Datagrams between processes of the two namespaces, over the same sockets' ports each time. */
export function datagrams(): Talker {
  const peers = new Map<Namespace, Peer>();
  const echoes = new Set<string>();
  // Both ends may be one namespace, and a socket waits for its answer: a server is another process than a client.
  const servers = new Map<Namespace, Peer>();
  const peerOf = async (all: Map<Namespace, Peer>, namespace: Namespace) => {
    const peer = all.get(namespace) ?? (await namespace.peer());
    all.set(namespace, peer);
    return peer;
  };
  return async ({ server, client, address, conversation = 0, bind, count: packets = count }) => {
    const to = port + conversation;
    if (!echoes.has(`${address} ${to}`)) {
      echoes.add(`${address} ${to}`);
      await (await peerOf(servers, server)).call("udpEcho", { address, port: to, reply: 60 });
    }
    const from = { from: 7000 + conversation, ...(bind && { bind }) };
    await (await peerOf(peers, client)).call("udpSend", { address, port: to, ...from, count: packets, size: 100 });
  };
}

/** Echo requests, by ping: it needs no more than one small process. */
export const pings: Talker = async ({ client, address, bind, count: packets = count }) => {
  client.run("ping", "-q", "-c", String(packets), "-i", "0.002", "-W", "20", ...(bind ? ["-I", bind] : []), address);
};

const each = (low: string, high: string, vlan = 0): Expected => ({
  ends: [low, high],
  packets: [count, count],
  vlans: [vlan, vlan],
});

function network(parts: Omit<Network, typeof Symbol.asyncDispose>, namespaces: readonly Namespace[]): Network {
  return {
    ...parts,
    async [Symbol.asyncDispose]() {
      for (const namespace of namespaces) await namespace[Symbol.asyncDispose]();
    },
  };
}

/** A host and what is beyond its links, joined by `links` veths named `up0`, `up1`, ... on both sides. */
function beyond(links: number): { host: Namespace; far: Namespace } {
  const [host, far] = [new Namespace("host"), new Namespace("far")];
  for (let i = 0; i < links; i++) {
    host.ip(`link add up${i} type veth peer name up${i} netns ${far.name}`);
  }
  return { host, far };
}

/** Bits of the state of an 802.3ad port: it collects and distributes. IEEE 802.1AX-2020, 6.4.2.3. */
const carrying = 0x30;

/** Waits until both ports of an 802.3ad bond carry packets on both sides: until then, the bond drops some. */
async function negotiated(side: Namespace): Promise<void> {
  const carries = (link: string): boolean => {
    const [{ linkinfo }] = JSON.parse(side.run("ip", "-j", "-d", "link", "show", link));
    const { ad_actor_oper_port_state: own, ad_partner_oper_port_state: partner } = linkinfo.info_slave_data;
    return (own & partner & carrying) === carrying;
  };
  while (!["up0", "up1"].every(carries)) await sleep(50);
}

/** A bond of two links on both sides. */
const bonded = (mode: string): Scenario => ({
  name: `bond, ${mode}`,
  async build() {
    const { host, far } = beyond(2);
    for (const [side, last] of [
      [host, 1],
      [far, 2],
    ] as const) {
      side.ip(
        `link add bond0 type bond mode ${mode} miimon 100`,
        "link set up0 master bond0",
        "link set up1 master bond0",
        "link set up0 up",
        "link set up1 up",
        `addr add 10.7.0.${last}/24 dev bond0`,
        "link set bond0 up",
      );
    }
    acquaint(host, "bond0", "10.7.0.1", far, "bond0", "10.7.0.2");
    if (mode === "802.3ad") await Promise.all([host, far].map(negotiated));
    const traffic = async (talk: Talker) => {
      await talk({ server: host, client: far, address: "10.7.0.1" });
      return [each("10.7.0.1", "10.7.0.2")];
    };
    // The bond, its two links, the loopback.
    return network({ host, watched: 4, traffic }, [host, far]);
  },
});

export const scenarios: readonly Scenario[] = [
  {
    name: "two pods behind a router",
    async build() {
      const { left, node, right } = routed();
      const traffic = async (talk: Talker) => {
        await talk({ server: right, client: left, address: "10.2.0.2" });
        return [each("10.1.0.2", "10.2.0.2")];
      };
      return network({ host: node, watched: 3, traffic }, [left, right, node]);
    },
  },
  {
    name: "the host itself and a pod, each way begun",
    async build() {
      const { left, node, right } = routed();
      const traffic = async (talk: Talker) => {
        await talk({ server: node, client: left, address: "10.1.0.1" });
        await talk({ server: left, client: node, address: "10.1.0.2", conversation: 1 });
        return [each("10.1.0.1", "10.1.0.2"), each("10.1.0.1", "10.1.0.2")];
      };
      return network({ host: node, watched: 3, traffic }, [left, right, node]);
    },
  },
  {
    name: "loopback",
    async build() {
      const host = new Namespace("lo");
      const traffic = async (talk: Talker) => {
        await talk({ server: host, client: host, address: "127.0.0.1", bind: "127.0.0.1" });
        return [each("127.0.0.1", "127.0.0.1")];
      };
      return network({ host, watched: 1, traffic }, [host]);
    },
  },
  {
    name: "packets of one flow that come by two links in turn, and leave by another",
    async build() {
      const { host, far } = beyond(2);
      for (const [i, device] of ["up0", "up1"].entries()) {
        host.ip(`addr add 10.3.${i}.1/24 dev ${device}`, `link set ${device} up`);
        far.ip(`addr add 10.3.${i}.2/24 dev ${device}`, `link set ${device} up`);
        acquaint(host, device, `10.3.${i}.1`, far, device, `10.3.${i}.2`);
      }
      host.ip("addr add 10.9.0.1/32 dev lo", "route add 10.9.0.2 via 10.3.0.2");
      far.ip("addr add 10.9.0.2/32 dev lo");
      const traffic = async (talk: Talker) => {
        for (let i = 0; i < count; i++) {
          far.ip(`route replace 10.9.0.1 via 10.3.${i % 2}.1 src 10.9.0.2`);
          await talk({ server: host, client: far, address: "10.9.0.1", bind: "10.9.0.2", count: 1 });
        }
        return [each("10.9.0.1", "10.9.0.2")];
      };
      return network({ host, watched: 3, traffic }, [host, far]);
    },
  },
  bonded("balance-rr"),
  bonded("active-backup"),
  bonded("802.3ad"),
  {
    name: "a bridge: between two ports, and with the host",
    async build() {
      const [host, one, other] = [new Namespace("host"), new Namespace("one"), new Namespace("other")];
      host.ip("link add br0 type bridge mcast_snooping 0");
      for (const [pod, port, last] of [
        [one, "port1", 2],
        [other, "port2", 3],
      ] as const) {
        connect(host, port, pod, "eth0");
        host.ip(`link set ${port} master br0`);
        pod.ip(`addr add 10.4.0.${last}/24 dev eth0`);
      }
      host.ip("addr add 10.4.0.1/24 dev br0", "link set br0 up");
      acquaint(one, "eth0", "10.4.0.2", other, "eth0", "10.4.0.3");
      acquaint(one, "eth0", "10.4.0.2", host, "br0", "10.4.0.1");
      const traffic = async (talk: Talker) => {
        await talk({ server: one, client: other, address: "10.4.0.2" });
        await talk({ server: one, client: host, address: "10.4.0.2", conversation: 1 });
        await talk({ server: host, client: one, address: "10.4.0.1", conversation: 2 });
        return [each("10.4.0.2", "10.4.0.3"), each("10.4.0.1", "10.4.0.2"), each("10.4.0.1", "10.4.0.2")];
      };
      return network({ host, watched: 4, traffic }, [one, other, host]);
    },
  },
  {
    name: "a VLAN, of which both directions say the id",
    async build() {
      const { host, far } = beyond(1);
      for (const [side, last] of [
        [host, 1],
        [far, 2],
      ] as const) {
        side.ip(
          "link set up0 up",
          "link add up0.100 link up0 type vlan id 100",
          `addr add 10.6.0.${last}/24 dev up0.100`,
          "link set up0.100 up",
        );
      }
      acquaint(host, "up0.100", "10.6.0.1", far, "up0.100", "10.6.0.2");
      const traffic = async (talk: Talker) => {
        await talk({ server: host, client: far, address: "10.6.0.1" });
        return [each("10.6.0.1", "10.6.0.2", 100)];
      };
      return network({ host, watched: 3, traffic }, [host, far]);
    },
  },
  ...(["macvlan", "ipvlan"] as const).map(
    (kind): Scenario => ({
      name: `${kind}, of a pod and of the host itself`,
      async build() {
        const { host, far } = beyond(1);
        const pod = new Namespace("pod");
        const mode = kind === "macvlan" ? "mode bridge" : "mode l2";
        far.ip("addr add 10.8.0.9/24 dev up0", "link set up0 up");
        host.ip(
          "link set up0 up",
          `link add shared0 link up0 type ${kind} ${mode}`,
          "addr add 10.8.0.1/24 dev shared0",
          "link set shared0 up",
          `link add eth0 link up0 netns ${pod.name} type ${kind} ${mode}`,
        );
        pod.ip("addr add 10.8.0.2/24 dev eth0", "link set eth0 up");
        acquaint(host, "shared0", "10.8.0.1", far, "up0", "10.8.0.9");
        acquaint(pod, "eth0", "10.8.0.2", far, "up0", "10.8.0.9");
        const traffic = async (talk: Talker) => {
          await talk({ server: far, client: host, address: "10.8.0.9" });
          await talk({ server: far, client: pod, address: "10.8.0.9", conversation: 1 });
          return [each("10.8.0.1", "10.8.0.9"), each("10.8.0.2", "10.8.0.9")];
        };
        return network({ host, watched: 3, traffic }, [pod, far, host]);
      },
    }),
  ),
  {
    name: "VXLAN, with a pod and with the host itself at its end",
    async build() {
      const { host, far } = beyond(1);
      const pod = new Namespace("pod");
      connect(host, "veth-pod", pod, "eth0");
      for (const [side, last] of [
        [host, 1],
        [far, 2],
      ] as const) {
        side.ip(
          `addr add 192.168.9.${last}/24 dev up0`,
          "link set up0 mtu 1600 up",
          `link add vx0 type vxlan id 77 local 192.168.9.${last} remote 192.168.9.${3 - last} dstport 4789 dev up0`,
          `addr add 10.77.0.${last}/24 dev vx0`,
          "link set vx0 mtu 1500 up",
        );
      }
      acquaint(host, "up0", "192.168.9.1", far, "up0", "192.168.9.2");
      acquaint(host, "vx0", "10.77.0.1", far, "vx0", "10.77.0.2");
      host.ip("addr add 10.1.0.1/24 dev veth-pod");
      pod.ip("addr add 10.1.0.2/24 dev eth0", "route add default via 10.1.0.1");
      acquaint(host, "veth-pod", "10.1.0.1", pod, "eth0", "10.1.0.2");
      far.ip("route add 10.1.0.0/24 via 10.77.0.1");
      host.sysctl("net.ipv4.ip_forward=1");
      const traffic = async (talk: Talker) => {
        await talk({ server: far, client: host, address: "10.77.0.2" });
        await talk({ server: far, client: pod, address: "10.77.0.2", conversation: 1 });
        return [each("10.77.0.1", "10.77.0.2"), each("10.1.0.2", "10.77.0.2")];
      };
      return network({ host, watched: 4, traffic }, [pod, far, host]);
    },
  },
  {
    name: "a veth whose two ends are both here, between two bridges",
    async build() {
      const [host, one, other] = [new Namespace("host"), new Namespace("one"), new Namespace("other")];
      host.ip(
        "link add br0 type bridge mcast_snooping 0",
        "link add br1 type bridge mcast_snooping 0",
        "link add patch0 type veth peer name patch1",
        "link set patch0 master br0",
        "link set patch1 master br1",
        "link set patch0 up",
        "link set patch1 up",
      );
      connect(host, "port1", one, "eth0");
      connect(host, "port2", other, "eth0");
      host.ip("link set port1 master br0", "link set port2 master br1", "link set br0 up", "link set br1 up");
      one.ip("addr add 10.4.0.2/24 dev eth0");
      other.ip("addr add 10.4.0.3/24 dev eth0");
      acquaint(one, "eth0", "10.4.0.2", other, "eth0", "10.4.0.3");
      const traffic = async (talk: Talker) => {
        await talk({ server: one, client: other, address: "10.4.0.2" });
        return [each("10.4.0.2", "10.4.0.3")];
      };
      return network({ host, watched: 7, traffic }, [one, other, host]);
    },
  },
];
