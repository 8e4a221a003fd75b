import { type Direction, keyOffset } from "./layout.ts";
import { Sha1Block } from "./sha1-block.ts";

/** Types of ICMP and ICMPv6 that come as request and reply: Community ID treats only these as two-way. */
const twoWay: Readonly<Record<number, ReadonlySet<number>>> = {
  1: new Set([0, 8, 9, 10, 13, 14, 15, 16, 17, 18]),
  58: new Set([128, 129, 130, 131, 133, 134, 135, 136, 139, 140, 144, 145]),
};

/** Protocols whose ports are hashed, by IANA number: ICMP, TCP, UDP, ICMPv6, SCTP. */
const withPorts = new Set([1, 6, 17, 58, 132]);

/** Characters of a Community ID: "1:" and a SHA-1 in base64. */
const COMMUNITY_ID_LENGTH = 30;

const block = new Sha1Block();
const text = new Uint8Array(COMMUNITY_ID_LENGTH);
text.set([0x31, 0x3a]);
const base64 = Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

/**
 * Community ID v1 (https://github.com/corelight/community-id-spec) of a flow, as ASCII.
 *
 * @param key the 40 bytes of a flow key, as the views give them
 * @param initiator which way the first packet went: it matters only to one-way ICMP, which has no counterpart type
 * @param seed set the same in every tool that is to agree @default 0
 * @returns bytes that are valid until the next call
 */
export function communityIdBytes(key: Uint8Array, initiator: Direction, seed = 0): Uint8Array {
  const protocol = key[keyOffset.protocolVni]!;
  const isV4 = isMapped(key);
  const skip = isV4 ? 12 : 0;
  const types = twoWay[protocol];
  const sourcePort = initiator ? keyOffset.highPort : keyOffset.lowPort;
  const oneWay = types !== undefined && !types.has((key[sourcePort]! << 8) | key[sourcePort + 1]!);
  const swapped = oneWay && initiator === 1;
  block.clear();
  block.byte(seed >>> 8);
  block.byte(seed);
  block.bytes(key, (swapped ? keyOffset.high : keyOffset.low) + skip, 16 - skip);
  block.bytes(key, (swapped ? keyOffset.low : keyOffset.high) + skip, 16 - skip);
  block.byte(protocol);
  block.byte(0);
  if (withPorts.has(protocol)) {
    block.bytes(key, swapped ? keyOffset.highPort : keyOffset.lowPort, 2);
    block.bytes(key, swapped ? keyOffset.lowPort : keyOffset.highPort, 2);
  }
  writeBase64(block.digest());
  return text;
}

/** The same as a string. */
export const communityId = (key: Uint8Array, initiator: Direction, seed = 0): string =>
  Buffer.from(communityIdBytes(key, initiator, seed)).toString("latin1");

/** Whether a key's addresses are IPv4, mapped into IPv6 (::ffff:0:0/96). */
export function isMapped(key: Uint8Array): boolean {
  for (let n = 0; n < 10; n++) if (key[keyOffset.low + n] !== 0) return false;
  return key[keyOffset.low + 10] === 0xff && key[keyOffset.low + 11] === 0xff;
}

/** Twenty bytes, as five words: six groups of three, and one of two with a padding character. */
function writeBase64(words: Uint32Array): void {
  const byte = (n: number) => (n < 20 ? (words[n >> 2]! >>> (24 - 8 * (n & 3))) & 255 : 0);
  for (let n = 0, at = 2; n < 20; n += 3, at += 4) {
    const group = (byte(n) << 16) | (byte(n + 1) << 8) | byte(n + 2);
    text[at] = base64[group >> 18]!;
    text[at + 1] = base64[(group >> 12) & 63]!;
    text[at + 2] = base64[(group >> 6) & 63]!;
    text[at + 3] = base64[group & 63]!;
  }
  text[COMMUNITY_ID_LENGTH - 1] = 0x3d;
}
