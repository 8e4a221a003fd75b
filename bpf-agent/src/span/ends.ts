import { type FlowView, formatAddress } from "../flow-view.ts";
import { keyOffset, marks } from "../layout.ts";
import type { Endpoint, Ends } from "../translation-view.ts";
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
    const { source, destination } = keyEnds(flows, i);
    end("source", source);
    end("destination", destination);
    return;
  }
  const [sent, arrived] = [nat.original(0), nat.translated(0)];
  end("source", sent.source);
  end("destination", arrived.destination);
  if (!same(sent.destination, arrived.destination)) end("flow.nat.destination", sent.destination);
  if (!same(arrived.source, sent.source)) end("flow.nat.source", arrived.source);
}

/** The ends of the flow's key. */
function keyEnds(flows: FlowView, i: number): Ends {
  const key = flows.key(i);
  const address = (at: number) => formatAddress(key.subarray(at, at + 16));
  const low = { address: address(keyOffset.low), port: flows.lowPort(i) };
  const high = { address: address(keyOffset.high), port: flows.highPort(i) };
  return flows.initiator(i) ? { source: high, destination: low } : { source: low, destination: high };
}

const same = (one: Endpoint, other: Endpoint) => one.address === other.address && one.port === other.port;
