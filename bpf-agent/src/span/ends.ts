import { isMapped } from "../community-id.ts";
import { type FlowView, formatAddress } from "../flow-view.ts";
import { keyOffset, marks } from "../layout.ts";
import type { Endpoint } from "../translation-view.ts";
import { keys } from "./keys.ts";
import type { ProtoWriter } from "./proto-writer.ts";

const [ICMP, ICMPV6] = [1, 58];

/**
 * Writes who talks to whom: the initiator as it sends, and the other end as it receives. Where NAT is between them, also what the
 * initiator sent to and what its own address became.
 */
export function writeEnds(w: ProtoWriter, flows: FlowView, i: number, protocol: number): void {
  const hasPorts = protocol !== ICMP && protocol !== ICMPV6;
  const end = (prefix: "source" | "destination" | "flow.nat.source" | "flow.nat.destination", one: Endpoint) => {
    w.ascii(keys[`${prefix}.address`], one.address);
    if (hasPorts && one.port > 0) w.int(keys[`${prefix}.port`], one.port);
  };
  const nat = flows.marks(i) & marks.translated ? flows.attributes(i).translations : undefined;
  if (nat === undefined || nat.count(0) === 0) {
    writeKeyEnds(w, flows, i, hasPorts);
    return;
  }
  const [sent, arrived] = [nat.original(0), nat.translated(0)];
  end("source", sent.source);
  end("destination", arrived.destination);
  if (!same(sent.destination, arrived.destination)) end("flow.nat.destination", sent.destination);
  if (!same(arrived.source, sent.source)) end("flow.nat.source", arrived.source);
}

/** Longest dotted quad. */
const quad = new Uint8Array(15);

/** A dotted quad as ASCII. @returns a view, valid until the next call */
function dottedQuad(key: Uint8Array, at: number): Uint8Array {
  let length = 0;
  for (let n = 0; n < 4; n++) {
    const value = key[at + n]!;
    if (value >= 100) quad[length++] = 48 + Math.floor(value / 100);
    if (value >= 10) quad[length++] = 48 + (Math.floor(value / 10) % 10);
    quad[length++] = 48 + (value % 10);
    if (n < 3) quad[length++] = 46;
  }
  return quad.subarray(0, length);
}

/** Writes the ends of the flow's key; most flows are of IPv4, whose addresses take no string. */
function writeKeyEnds(w: ProtoWriter, flows: FlowView, i: number, hasPorts: boolean): void {
  const key = flows.key(i);
  const isHigh = flows.initiator(i) === 1;
  const [low, high] = [flows.lowPort(i), flows.highPort(i)];
  writeAddress(w, keys["source.address"], key, isHigh ? keyOffset.high : keyOffset.low);
  if (hasPorts && (isHigh ? high : low) > 0) w.int(keys["source.port"], isHigh ? high : low);
  writeAddress(w, keys["destination.address"], key, isHigh ? keyOffset.low : keyOffset.high);
  if (hasPorts && (isHigh ? low : high) > 0) w.int(keys["destination.port"], isHigh ? low : high);
}

function writeAddress(w: ProtoWriter, name: Uint8Array, key: Uint8Array, at: number): void {
  if (isMapped(key)) w.asciiBytes(name, dottedQuad(key, at + 12));
  else w.ascii(name, formatAddress(key.subarray(at, at + 16)));
}

const same = (one: Endpoint, other: Endpoint) => one.address === other.address && one.port === other.port;
