import type { Family } from "./family.ts";

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
export class Source implements SlotPlace {
  readonly slots: Float64Array;
  readonly index: number;
  /** Place of its record. */
  readonly record: number;
  readonly region: SourceRegion;
  series!: Series;

  constructor(slots: Float64Array, index: number, record: number, region: SourceRegion) {
    this.slots = slots;
    this.index = index;
    this.record = record;
    this.region = region;
  }
}

/** What idle expiry knows of a series. */
export interface IdleState {
  /** What `activity` was when it last changed, and when that was seen, in milliseconds since the epoch. */
  activity: number;
  changedAt: number;
  /** Idle too long: not exposed until a thread records to it again. */
  hidden: boolean;
}

/** One series over all threads: nearly always it is recorded by one. */
export class Series {
  readonly family: Family;
  /** In the order of the family's labels. */
  readonly values: readonly string[];
  first: Source;
  /** The other threads that record it. */
  others: Source[] | undefined;
  /** Kept only where series expire. */
  idle: IdleState | undefined;

  constructor(family: Family, values: readonly string[], first: Source) {
    this.family = family;
    this.values = values;
    this.first = first;
    first.series = this;
    this.others = undefined;
    this.idle = undefined;
  }

  /** One for each thread that records it. */
  get sources(): readonly Source[] {
    return this.others === undefined ? [this.first] : [this.first, ...this.others];
  }

  /** Adds another thread's. */
  add(source: Source): void {
    source.series = this;
    this.others = [...(this.others ?? []), source];
  }

  /** Removes one thread's. @returns false when none is left */
  drop(source: Source): boolean {
    const [first, ...others] = this.sources.filter((other) => other !== source);
    if (first === undefined) return false;
    this.first = first;
    this.others = others.length > 0 ? others : undefined;
    return true;
  }

  /** When the first thread made it: milliseconds since the epoch. */
  get created(): number {
    return Math.min(...this.sources.map(({ record }) => this.family.arena.created(record)));
  }
}
