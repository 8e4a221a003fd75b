import { expect, test } from "vitest";
import { ExpectedParser } from "../test/expected.ts";
import * as p from "../test/packets.ts";
import { communityId } from "./community-id.ts";

/** The id of a packet's flow, by way of the key the kernel would make. */
function idOf(ip: Uint8Array, seed = 0): string {
  const packet = new ExpectedParser().parse(p.ethernet(ip));
  if (typeof packet === "string") throw new Error(packet);
  return communityId(packet.key, packet.direction, seed);
}

const v4 = (source: string, destination: string, protocol: number, payload: Uint8Array) =>
  p.ipv4({ source, destination, protocol }, payload);

// The baseline values published with the Community ID specification.
test.each([
  ["TCP", v4("128.232.110.120", "66.35.250.204", 6, p.tcp({ from: 34855, to: 80 })), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="],
  [
    "TCP, the way back",
    v4("66.35.250.204", "128.232.110.120", 6, p.tcp({ from: 80, to: 34855 })),
    "1:LQU9qZlK+B5F3KDmev6m5PMibrg=",
  ],
  ["UDP", v4("192.168.1.52", "8.8.8.8", 17, p.udp(54585, 53)), "1:d/FP5EW3wiY1vCndhwleRRKHowQ="],
  ["ICMP echo", v4("192.168.0.89", "192.168.0.1", 1, p.icmp(8, 0)), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="],
  ["ICMP echo reply", v4("192.168.0.1", "192.168.0.89", 1, p.icmp(0, 0)), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="],
  ["SCTP", v4("192.168.170.8", "192.168.170.56", 132, p.sctp(7, 80)), "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ="],
])("%s", (_, packet, id) => {
  expect(idOf(packet)).toBe(id);
});

test("a seed gives another id", () => {
  const packet = v4("128.232.110.120", "66.35.250.204", 6, p.tcp({ from: 34855, to: 80 }));
  expect(idOf(packet, 1)).toMatch(/^1:.{27}=$/);
  expect(idOf(packet, 1)).not.toBe(idOf(packet));
});

test("one-way ICMP keeps its direction", () => {
  const there = v4("10.0.0.1", "10.0.0.2", 1, p.icmp(3, 1));
  const back = v4("10.0.0.2", "10.0.0.1", 1, p.icmp(3, 1));
  expect(idOf(there)).not.toBe(idOf(back));
});
