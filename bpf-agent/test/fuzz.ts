/** Seeded frames: the same ones each time, so that a failure can be repeated. */
import { corpus } from "./corpus.ts";
import * as p from "./packets.ts";

/** Marsaglia's xorshift32. */
function random(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

type Pick = (below: number) => number;

const bytes = (pick: Pick, length: number) => Uint8Array.from({ length }, () => pick(256));

/** A corpus frame with some bytes changed, cut or padded. */
function mutated(pick: Pick): Uint8Array {
  const frame = corpus[pick(corpus.length)]!.frame.slice();
  for (let changes = 1 + pick(4); changes > 0; changes--)
    frame[12 + pick(Math.min(frame.length, 120) - 12)] = pick(256);
  if (pick(4) === 0) return frame.subarray(0, 15 + pick(frame.length - 15));
  if (pick(4) === 0) return p.concat(frame, bytes(pick, pick(40)));
  return frame;
}

/** Noise behind an Ethernet header that promises IP, half the time with a plausible first byte. */
function noise(pick: Pick): Uint8Array {
  const type = [p.etherType.ipv4, p.etherType.ipv6, pick(65536)][pick(3)]!;
  const payload = bytes(pick, 1 + pick(200));
  if (pick(2)) payload[0] = type === p.etherType.ipv6 ? 0x60 | pick(16) : 0x40 | (5 + pick(11));
  return p.ethernet(payload, { type });
}

const addresses4 = ["10.0.0.1", "10.0.0.2", "192.168.7.9", "8.0.4.4"];
const addresses6 = ["fd00::1", "fd00::2", "2001:db8::7", "fe80::1"];
const ports = [0, 53, 80, 443, 4789, 6081, 8472, 40_000];

function transport(pick: Pick): { protocol: number; payload: Uint8Array } {
  const [from, to] = [ports[pick(ports.length)]!, ports[pick(ports.length)]!];
  const data = bytes(pick, pick(30));
  const choices = [
    () => ({ protocol: 6, payload: p.tcp({ from, to, flags: pick(64), seq: pick(1 << 30) }, data) }),
    () => ({ protocol: 17, payload: p.udp(from, to, data) }),
    () => ({ protocol: 1, payload: p.icmp(pick(20), pick(3)) }),
    () => ({ protocol: 58, payload: p.icmp(126 + pick(20), pick(3)) }),
    () => ({ protocol: 132, payload: p.sctp(from, to) }),
    () => ({ protocol: [50, 51][pick(2)]!, payload: p.esp(pick(1 << 30)) }),
    () => ({ protocol: pick(256), payload: data }),
  ];
  return choices[pick(choices.length)]!();
}

/** A random IP packet: extension headers, fragments, and with `depth` left, tunnels. */
function chain(pick: Pick, depth: number): Uint8Array {
  let { protocol, payload } = depth > 0 && pick(3) ? tunnel(pick, depth - 1) : transport(pick);
  const two = <T>(list: readonly T[]) => [list[pick(list.length)]!, list[pick(list.length)]!] as const;
  if (pick(2)) {
    const [source, destination] = two(addresses4);
    const fragment = pick(5) === 0 ? { id: pick(4), fragmentOffset: 8 * pick(3), moreFragments: pick(2) === 1 } : {};
    const options = pick(4) === 0 ? { options: p.zeros(4 * (1 + pick(10))) } : {};
    return p.ipv4({ source, destination, protocol, tos: pick(256), ttl: pick(256), ...fragment, ...options }, payload);
  }
  for (let count = pick(4) === 0 ? pick(10) : 0; count > 0; count--) {
    const header = [p.next.hopByHop, p.next.routing, p.next.destination, p.next.fragment][pick(4)]!;
    payload =
      header === p.next.fragment
        ? p.fragmentHeader(protocol, pick(4), 8 * pick(3), pick(2) === 1, payload)
        : p.extension(protocol, payload, 8 * (1 + pick(3)));
    protocol = header;
  }
  const [source, destination] = two(addresses6);
  const fields = { trafficClass: pick(256), flowLabel: pick(1 << 20), hopLimit: pick(256) };
  return p.ipv6({ source, destination, next: protocol, ...fields }, payload);
}

function tunnel(pick: Pick, depth: number): { protocol: number; payload: Uint8Array } {
  const inner = chain(pick, depth);
  const framed = () => p.ethernet(inner, { vlans: pick(4) === 0 ? [pick(4096)] : [] });
  const choices = [
    () => ({ protocol: 17, payload: p.udp(40_000, pick(2) ? 4789 : 8472, p.vxlan(pick(1 << 24), framed())) }),
    () => ({
      protocol: 17,
      payload: p.udp(40_000, 6081, p.geneve(pick(1 << 24), framed(), { options: p.zeros(4 * pick(8)) })),
    }),
    () => ({
      protocol: 47,
      payload: pick(2)
        ? p.gre(inner, { key: pick(2) ? pick(1 << 30) : -1, checksum: pick(2) === 1, sequence: pick(2) === 1 })
        : p.gre(framed(), { type: p.etherType.teb }),
    }),
    () => ({ protocol: p.isV6(inner) ? 41 : 4, payload: inner }),
  ];
  return choices[pick(choices.length)]!();
}

const kinds = {
  mutated,
  random: noise,
  chains: (pick: Pick) =>
    p.ethernet(chain(pick, pick(5)), { vlans: Array.from({ length: pick(5) }, () => pick(4096)) }),
};

export function fuzz(kind: keyof typeof kinds, seed: number, count: number): Uint8Array[] {
  const pick = random(seed);
  return Array.from({ length: count }, () => p.runnable(kinds[kind](pick)));
}
