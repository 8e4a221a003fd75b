/** The kernel's tick count, CLOCK_MONOTONIC and the time of day at one moment: turns a flow's times into others. */
export interface Clock {
  readonly monotonicNs: number;
  readonly jiffies: number;
  /** What to add to CLOCK_MONOTONIC to have nanoseconds of the Unix epoch. */
  readonly realtimeOffsetNs: number;
  /** Bytes that waited in the event ring when the scan began. */
  readonly ringBytes: number;
  /** Nanoseconds of a tick. */
  readonly tickNs: number;
  /** @returns CLOCK_MONOTONIC nanoseconds of 32-bit jiffies not more than half their range (99 days at 250 Hz) ago. */
  at(jiffies: number): number;
}

/** A clock from what was read. @param jiffies may have more than 32 bits */
export function clockOf(read: Omit<Clock, "at" | "tickNs">, tickNs: number): Clock {
  const jiffies = read.jiffies % 0x1_0000_0000;
  const at = (then: number) => read.monotonicNs - ((jiffies - then) | 0) * tickNs;
  return { ...read, jiffies, tickNs, at };
}
