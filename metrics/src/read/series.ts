/** One region, as a reader knows it. */
export interface SourceRegion {
  readonly id: number;
  readonly threadId: number;
  /** False once its thread has ended: its gauges no longer say anything. */
  live: boolean;
}

/** Where a series' slots begin. */
export interface SlotPlace {
  readonly slots: Float64Array;
  readonly index: number;
}

/** The slots in which one thread records one series. */
export interface Source extends SlotPlace {
  /** Its record in the region's journal: see `Arena.record`. */
  readonly record: number;
  readonly region: SourceRegion;
}

/** One series over all threads. */
export interface Series {
  /** In the order of the family's labels. */
  readonly values: readonly string[];
  /** When the first thread made it: milliseconds since the epoch. */
  created: number;
  sources: Source[];
  /** Kept only where series expire. */
  idle: IdleState | undefined;
}

/** What idle expiry knows of a series. */
export interface IdleState {
  /** What `activity` was when it last changed, and when that was seen, in milliseconds since the epoch. */
  activity: number;
  changedAt: number;
  /** Idle too long: not exposed until a thread records to it again. */
  hidden: boolean;
}
