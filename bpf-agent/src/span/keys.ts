import { type AttributeName, spanAttributes } from "./attribute-table.ts";
import { keyField, textValue } from "./proto-writer.ts";

/** Encoded names of attributes. */
export const keys = Object.fromEntries(
  Object.keys(spanAttributes).map((name) => [name, keyField(name)]),
) as unknown as Readonly<Record<AttributeName, Uint8Array>>;

/** Encoded texts that are used again and again. */
export class Texts {
  readonly #known = new Map<string, Uint8Array>();

  of(text: string): Uint8Array {
    const known = this.#known.get(text);
    if (known) return known;
    const made = textValue(text);
    this.#known.set(text, made);
    return made;
  }
}

/** Keys of what is said of each direction. */
const directionKeys = (prefix: "flow" | "flow.reverse") => ({
  bytesDelta: keys[`${prefix}.bytes.delta`],
  bytesTotal: keys[`${prefix}.bytes.total`],
  packetsDelta: keys[`${prefix}.packets.delta`],
  packetsTotal: keys[`${prefix}.packets.total`],
  dscpId: keys[`${prefix}.ip.dscp.id`],
  dscpName: keys[`${prefix}.ip.dscp.name`],
  ecnId: keys[`${prefix}.ip.ecn.id`],
  ecnName: keys[`${prefix}.ip.ecn.name`],
  ttl: keys[`${prefix}.ip.ttl`],
  flowLabel: keys[`${prefix}.ip.flow_label`],
  icmpType: keys[`${prefix}.icmp.type.id`],
  icmpCode: keys[`${prefix}.icmp.code.id`],
  flagBits: keys[`${prefix}.tcp.flags.bits`],
  flagTags: keys[`${prefix}.tcp.flags.tags`],
  retransmits: keys[`${prefix}.tcp.retransmits.total`],
  rtt: keys[`${prefix}.tcp.rndtrip.latency`],
});

export const forwardKeys = directionKeys("flow");
export const reverseKeys = directionKeys("flow.reverse");
