/** How long a flow without packets is kept, in milliseconds. */
export interface Timeouts {
  /** TCP, neither side closed. @default 20000 */
  readonly tcpMs: number;
  /** TCP after a FIN. @default 5000 */
  readonly tcpFinMs: number;
  /** TCP after an RST. @default 5000 */
  readonly tcpRstMs: number;
  /** @default 60000 */
  readonly udpMs: number;
  /** ICMP and ICMPv6. @default 10000 */
  readonly icmpMs: number;
  /** Every other protocol. @default 30000 */
  readonly genericMs: number;
}

/** Mermin's: https://github.com/elastiflow/mermin, version 0.3.3. */
export const defaultTimeouts: Timeouts = {
  tcpMs: 20_000,
  tcpFinMs: 5_000,
  tcpRstMs: 5_000,
  udpMs: 60_000,
  icmpMs: 10_000,
  genericMs: 30_000,
};

/** Which timeout a flow has. Numbers, because the store keeps one for each flow. */
export const TimeoutClass = { tcp: 0, fin: 1, rst: 2, udp: 3, icmp: 4, generic: 5 } as const;
export type TimeoutClass = (typeof TimeoutClass)[keyof typeof TimeoutClass];

/** Timeouts by class. */
export const timeoutTable = (timeouts: Timeouts): readonly number[] => [
  timeouts.tcpMs,
  timeouts.tcpFinMs,
  timeouts.tcpRstMs,
  timeouts.udpMs,
  timeouts.icmpMs,
  timeouts.genericMs,
];

const [TCP, UDP, ICMP, ICMPV6] = [6, 17, 1, 58];
const [FIN, RST] = [0x01, 0x04];

/** The class of a flow, by its IANA protocol number and the TCP flags of both directions. It changes when a flow is closed. */
export function timeoutClassOf(protocol: number, tcpFlags: number): TimeoutClass {
  if (protocol === TCP) {
    if (tcpFlags & RST) return TimeoutClass.rst;
    return tcpFlags & FIN ? TimeoutClass.fin : TimeoutClass.tcp;
  }
  if (protocol === UDP) return TimeoutClass.udp;
  return protocol === ICMP || protocol === ICMPV6 ? TimeoutClass.icmp : TimeoutClass.generic;
}
