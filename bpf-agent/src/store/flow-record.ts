/** Why a flow's last record is its last: names of IPFIX flowEndReason (https://www.iana.org/assignments/ipfix, element 136). */
export const endReasons = [
  "idle_timeout",
  "active_timeout",
  "end_of_flow_detected",
  "forced_end",
  "lack_of_resources",
] as const;

/** Numbers of the reasons that occur here. */
export const reasons = { idle: 0, active: 1, closed: 2, forced: 3 } as const;

/**
 * What one record says beside the kernel's counters: its time and how much of the counters earlier records have said. One object is
 * used for all records, so that none is made for each.
 */
export interface FlowRecord {
  /** CLOCK_MONOTONIC nanoseconds: the end of the flow's record before, or its first packet. */
  startNs: number;
  /** CLOCK_MONOTONIC nanoseconds of the last packet. */
  endNs: number;
  /** Packets and bytes of each direction since the record before. */
  readonly packets: [number, number];
  readonly bytes: [number, number];
  /** Records made of the flow before this one. */
  number: number;
  /** Number of an end reason; `active_timeout` where the flow goes on. */
  reason: number;
  /** Interface of the flow's first packet. */
  ifindex: number;
}
