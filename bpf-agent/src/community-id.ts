import { createHash } from "node:crypto";
import { type Direction, keyOffset } from "./layout.ts";

/** Types of ICMP and ICMPv6 that come as request and reply: Community ID treats only these as two-way. */
const twoWay: Readonly<Record<number, ReadonlySet<number>>> = {
  1: new Set([0, 8, 9, 10, 13, 14, 15, 16, 17, 18]),
  58: new Set([128, 129, 130, 131, 133, 134, 135, 136, 139, 140, 144, 145]),
};

/** Protocols whose ports are hashed, by IANA number: ICMP, TCP, UDP, ICMPv6, SCTP. */
const withPorts = new Set([1, 6, 17, 58, 132]);

/**
 * Community ID v1 (https://github.com/corelight/community-id-spec) of a flow.
 *
 * @param key the 40 bytes of a flow key, as the views give them
 * @param initiator which way the first packet went: it matters only to one-way ICMP, which has no counterpart type
 * @param seed set the same in every tool that is to agree @default 0
 */
export function communityId(key: Uint8Array, initiator: Direction, seed = 0): string {
  const data = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const protocol = data[keyOffset.protocolVni]!;
  const isV4 = data.readUInt32BE(0) === 0 && data.readUInt32BE(4) === 0 && data.readUInt32BE(8) === 0xffff;
  const skip = isV4 ? 12 : 0;
  const low = data.subarray(keyOffset.low + skip, keyOffset.low + 16);
  const high = data.subarray(keyOffset.high + skip, keyOffset.high + 16);
  const lowPort = data.subarray(keyOffset.lowPort, keyOffset.lowPort + 2);
  const highPort = data.subarray(keyOffset.highPort, keyOffset.highPort + 2);
  const types = twoWay[protocol];
  const source = initiator ? highPort : lowPort;
  const oneWay = types !== undefined && !types.has(source.readUInt16BE());
  const swapped = oneWay && initiator === 1;
  const hash = createHash("sha1");
  hash.update(Uint8Array.of(seed >>> 8, seed & 0xff));
  hash.update(swapped ? high : low).update(swapped ? low : high);
  hash.update(Uint8Array.of(protocol, 0));
  if (withPorts.has(protocol)) hash.update(swapped ? highPort : lowPort).update(swapped ? lowPort : highPort);
  return `1:${hash.digest("base64")}`;
}
