/** The kernel's tick count, CLOCK_MONOTONIC and the time of day at one moment: turns a flow's times into others. */
export interface Clock {
  readonly monotonicNs: number;
  readonly jiffies: number;
  /** What to add to CLOCK_MONOTONIC to have nanoseconds of the Unix epoch. */
  readonly realtimeOffsetNs: number;
  /** Bytes that waited in the event ring. */
  readonly ringBytes: number;
  /** @returns CLOCK_MONOTONIC nanoseconds of 32-bit jiffies not more than half their range (99 days at 250 Hz) ago. */
  at(jiffies: number): number;
}
