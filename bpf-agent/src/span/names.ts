/** Names of IANA protocol numbers, as `network.transport` has them. */
const transports: Readonly<Record<number, string>> = {
  1: "icmp",
  4: "ipip",
  6: "tcp",
  17: "udp",
  41: "ipv6",
  47: "gre",
  50: "esp",
  51: "ah",
  58: "icmpv6",
  132: "sctp",
};

export const transportName = (protocol: number): string => transports[protocol] ?? String(protocol);

/** https://www.iana.org/assignments/dscp-registry */
const dscps: Readonly<Record<number, string>> = {
  0: "CS0",
  8: "CS1",
  16: "CS2",
  24: "CS3",
  32: "CS4",
  40: "CS5",
  48: "CS6",
  56: "CS7",
  10: "AF11",
  12: "AF12",
  14: "AF13",
  18: "AF21",
  20: "AF22",
  22: "AF23",
  26: "AF31",
  28: "AF32",
  30: "AF33",
  34: "AF41",
  36: "AF42",
  38: "AF43",
  44: "VOICE-ADMIT",
  46: "EF",
};

export const dscpName = (dscp: number): string | undefined => dscps[dscp];

/** RFC 3168, by the two bits. */
export const ecnNames = ["Not-ECT", "ECT(1)", "ECT(0)", "CE"] as const;

/** By bit, the lowest first. */
export const tcpFlagNames = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"] as const;
