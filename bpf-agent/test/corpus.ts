/** One frame for each thing the program tells apart, and what it is to be. */
import type { Cause } from "../src/layout.ts";
import * as p from "./packets.ts";

const a4 = { source: "10.0.0.1", destination: "10.0.0.2" };
const b4 = { source: "192.168.1.1", destination: "192.168.1.2" };
const a6 = { source: "fd00::1", destination: "fd00::2" };
const web = p.tcp({ from: 40_000, to: 443, flags: p.flag.ack | p.flag.psh }, p.zeros(10));
const query = p.udp(5353, 9999, p.zeros(12));
const tcp4 = p.ipv4({ ...a4, protocol: p.protocol.tcp }, web);
const udp6 = p.ipv6({ ...a6, next: p.protocol.udp }, query);
const over = (payload: Uint8Array, protocol: number) => p.ethernet(p.ipv4({ ...b4, protocol }, payload));

interface Entry {
  readonly name: string;
  readonly frame: Uint8Array;
  readonly is: { readonly cause?: Cause; readonly note?: Cause; readonly bytes?: number; readonly tunnel?: string };
}

const flow = (name: string, frame: Uint8Array, bytes: number, tunnel?: string): Entry => ({
  name,
  frame,
  is: { bytes, ...(tunnel && { tunnel }) },
});
const rejected = (name: string, frame: Uint8Array, cause: Cause): Entry => ({ name, frame, is: { cause } });
const noted = (name: string, frame: Uint8Array, note: Cause): Entry => ({ name, frame, is: { note } });

const v6 = (next: number, payload: Uint8Array, fields: Partial<p.Ipv6Fields> = {}) =>
  p.ethernet(p.ipv6({ ...a6, next, ...fields }, payload));
const v4 = (protocol: number, payload: Uint8Array, fields: Partial<p.Ipv4Fields> = {}) =>
  p.ethernet(p.ipv4({ ...a4, protocol, ...fields }, payload));

export const corpus: readonly Entry[] = [
  flow("TCP over IPv4", p.ethernet(tcp4), 50),
  flow("UDP over IPv4", v4(17, query), 40),
  flow("TCP over IPv6", v6(6, web), 70),
  flow("UDP over IPv6", p.ethernet(udp6), 60),
  flow("link padding is not counted", p.concat(v4(17, p.udp(1, 2)), p.zeros(18)), 28),
  flow("IPv4 options", v4(6, web, { options: p.zeros(12) }), 62),
  flow("BIG TCP, total length 0", v4(6, web, { totalLength: 0 }), 50),
  flow("DSCP and congestion experienced", v4(6, web, { tos: 0xbb }), 50),
  flow("one VLAN tag", p.ethernet(tcp4, { vlans: [100] }), 50),
  flow("QinQ", p.ethernet(udp6, { vlans: [200, 300] }), 60),
  flow("IPv4 in an IPv6 mapped destination stays IPv6", v6(17, query, { destination: "::ffff:10.0.0.1" }), 60),
  flow("same address both ends", v4(6, web, { destination: "10.0.0.1" }), 50),
  flow("ICMP echo", v4(1, p.icmp(8, 0)), 28),
  flow(
    "ICMP echo reply",
    p.ethernet(p.ipv4({ source: "10.0.0.2", destination: "10.0.0.1", protocol: 1 }, p.icmp(0, 0))),
    28,
  ),
  flow("ICMP unreachable", v4(1, p.icmp(3, 1)), 28),
  flow("ICMPv6 neighbour solicitation", v6(58, p.icmp(135, 0)), 48),
  flow("SCTP", v4(132, p.sctp(5000, 6000)), 48),
  flow("UDP-Lite", v4(136, query), 40),
  flow("ESP", v4(50, p.esp(0x1234)), 44),
  flow("AH", v4(51, p.ah(6, 0x99)), 44),
  flow("OSPF: no ports", v4(89, p.zeros(24)), 44),
  flow("no next header", v6(59, p.zeros(0)), 40),
  flow("DNS query", v4(17, p.udp(40_000, 53, p.concat(p.u16(7, 0x0100), p.zeros(20)))), 52),
  flow(
    "hop-by-hop, routing, destination options",
    v6(0, p.extension(43, p.extension(60, p.extension(6, web, 16)))),
    102,
  ),
  flow("IPv6 atomic fragment", v6(44, p.fragmentHeader(17, 5, 0, false, query)), 68),
  flow("IPv4 first fragment", v4(17, p.udp(1000, 2000, p.zeros(16), 200), { id: 9, moreFragments: true }), 44),
  flow("IPv6 first fragment", v6(44, p.fragmentHeader(17, 6, 0, true, p.udp(1, 2, p.zeros(8), 400))), 64),
  noted("IPv4 later fragment alone", v4(17, p.zeros(64), { id: 77, fragmentOffset: 64 }), "fragment_orphan"),
  noted("IPv6 later fragment alone", v6(44, p.fragmentHeader(17, 78, 64, false, p.zeros(32))), "fragment_orphan"),
  flow("VXLAN", over(p.udp(50_000, 4789, p.vxlan(42, p.ethernet(tcp4))), 17), 50, "vxlan 42"),
  flow("VXLAN on Linux's port", over(p.udp(50_000, 8472, p.vxlan(43, p.ethernet(udp6))), 17), 60, "vxlan 43"),
  flow(
    "VXLAN with an inner VLAN tag",
    over(p.udp(1, 4789, p.vxlan(1, p.ethernet(tcp4, { vlans: [5] }))), 17),
    50,
    "vxlan 1",
  ),
  flow(
    "Geneve with options",
    over(p.udp(1, 6081, p.geneve(44, p.ethernet(tcp4), { options: p.zeros(8) })), 17),
    50,
    "geneve 44",
  ),
  flow(
    "Geneve without inner Ethernet",
    over(p.udp(1, 6081, p.geneve(45, tcp4, { type: 0x0800 })), 17),
    50,
    "geneve 45",
  ),
  flow("GRE", over(p.gre(tcp4), 47), 50, "gre 0"),
  flow(
    "GRE with key, checksum, sequence",
    over(p.gre(udp6, { key: 46, checksum: true, sequence: true }), 47),
    60,
    "gre 46",
  ),
  flow("GRE bridging", over(p.gre(p.ethernet(tcp4), { type: p.etherType.teb }), 47), 50, "gre 0"),
  flow("IP in IP", over(tcp4, 4), 50, "ipip 0"),
  flow("IPv6 in IPv4", over(udp6, 41), 60, "ipip 0"),
  flow("IPv4 in IPv6", v6(4, tcp4), 50, "ipip 0"),
  flow(
    "two tunnels",
    over(p.udp(1, 4789, p.vxlan(47, p.ethernet(p.ipv4({ ...b4, protocol: 4 }, tcp4)))), 17),
    50,
    "ipip 0",
  ),
  noted(
    "three tunnels: the third stays shut",
    over(p.ipv4({ ...b4, protocol: 4 }, p.ipv4({ ...b4, protocol: 4 }, tcp4)), 4),
    "tunnel_opaque",
  ),
  noted(
    "ARP in VXLAN",
    over(p.udp(1, 4789, p.vxlan(48, p.ethernet(p.zeros(28), { type: 0x0806 }))), 17),
    "tunnel_opaque",
  ),
  noted(
    "broken TCP in VXLAN",
    over(p.udp(1, 4789, p.vxlan(49, p.ethernet(tcp4.subarray(0, 30)))), 17),
    "tunnel_opaque",
  ),
  flow("VXLAN without its flag is plain UDP", over(p.udp(1, 4789, p.concat(p.u32(0, 0), p.ethernet(tcp4))), 17), 100),
  flow("PPTP's GRE version 1 is plain GRE", over(p.concat(p.u16(0x3001, 0x880b), p.zeros(12)), 47), 36),
  rejected("ARP", p.ethernet(p.zeros(28), { type: p.etherType.arp }), "not_ip"),
  rejected("four VLAN tags", p.ethernet(tcp4, { vlans: [1, 2, 3, 4] }), "not_ip"),
  rejected("802.3 frame", p.ethernet(p.zeros(46), { type: 46 }), "not_ip"),
  rejected("IPv4 version 5", v4(6, web, { versionIhl: 0x55 }), "bad_ipv4"),
  rejected("IPv4 header length 16", v4(6, web, { versionIhl: 0x44 }), "bad_ipv4"),
  rejected("IPv4 total length below its header", v4(6, web, { totalLength: 19 }), "bad_ipv4"),
  rejected("IPv4 total length beyond the frame", v4(6, web, { totalLength: 51 }), "truncated"),
  rejected("IPv6 version 4", p.ethernet(p.concat(Uint8Array.of(0x45), udp6.subarray(1)), { type: 0x86dd }), "bad_ipv6"),
  rejected("IPv6 from a v4-mapped source", v6(17, query, { source: "::ffff:10.0.0.1" }), "bad_ipv6"),
  rejected("IPv6 payload beyond the frame", v6(17, query, { payloadLength: 21 }), "truncated"),
  rejected("TCP header length 16", v4(6, p.tcp({ from: 1, to: 2, dataOffset: 4 })), "bad_transport"),
  rejected("TCP header beyond the packet", v4(6, p.tcp({ from: 1, to: 2, dataOffset: 6 })), "truncated"),
  rejected("UDP length 7", v4(17, p.udp(1, 2, p.zeros(0), 7)), "bad_transport"),
  rejected("UDP length beyond the packet", v4(17, p.udp(1, 2, p.zeros(4), 13)), "truncated"),
  rejected(
    "ten extension headers",
    v6(
      60,
      [...Array(9)].reduce((rest: Uint8Array) => p.extension(60, rest), p.extension(17, query)),
    ),
    "header_chain",
  ),
];
