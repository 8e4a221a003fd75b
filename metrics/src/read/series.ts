import type { Family } from "./family.ts";

/** One region, as a reader knows it. */
export interface SourceRegion {
  readonly id: number;
  readonly threadId: number;
  /** False once its thread has ended: its gauges no longer say anything. */
  live: boolean;
  /** By entry of its directory: what it records. */
  readonly sources: (Source | undefined)[];
}

/** Where a series' slots begin. */
export interface SlotPlace {
  readonly slots: Float64Array;
  readonly index: number;
}

/** The slots in which one thread records one series. */
export interface Source extends SlotPlace {
  /** Place of its record. */
  readonly record: number;
  /** Its entry in the region's directory. */
  readonly entry: number;
  readonly region: SourceRegion;
  readonly series: Series;
}

/** What idle expiry knows of a series. */
export interface IdleState {
  /** What `activity` was when it last changed, and when that was seen, in milliseconds since the epoch. */
  activity: number;
  changedAt: number;
  /** Idle too long: not exposed until a thread records to it again. */
  hidden: boolean;
}

/** What a source is made of. */
export type SourcePlace = Omit<Source, "series">;

/** One series over all threads. Nearly always one thread records it, so this is its first source, too: objects cost memory. */
export class Series implements Source {
  slots: Float64Array;
  index: number;
  record: number;
  entry: number;
  region: SourceRegion;
  readonly family: Family;
  /** In the order of the family's labels. */
  readonly values: readonly string[];
  /** The other threads that record it. */
  others: Source[] | undefined;
  /** Kept only where series expire. */
  idle: IdleState | undefined;

  constructor(family: Family, values: readonly string[], first: SourcePlace) {
    this.slots = first.slots;
    this.index = first.index;
    this.record = first.record;
    this.entry = first.entry;
    this.region = first.region;
    this.family = family;
    this.values = values;
    this.others = undefined;
    this.idle = undefined;
  }

  get series(): Series {
    return this;
  }

  /** One for each thread that records it. */
  get sources(): readonly Source[] {
    return this.others === undefined ? [this] : [this, ...this.others];
  }

  /** Adds another thread's. */
  add(place: SourcePlace): Source {
    const source = { ...place, series: this };
    this.others = [...(this.others ?? []), source];
    return source;
  }

  /** Removes one thread's. @returns false when none is left */
  drop(source: Source): boolean {
    if (this.others === undefined) return false;
    const others = this.others.filter((other) => other !== source);
    if (source === this) {
      // Another one's place becomes this one's.
      const next = others.shift()!;
      const { slots, index, record, entry, region } = next;
      Object.assign(this, { slots, index, record, entry, region });
      region.sources[entry] = this;
    }
    this.others = others.length > 0 ? others : undefined;
    return true;
  }

  /** When the first thread made it: milliseconds since the epoch. */
  get created(): number {
    return Math.min(...this.sources.map(({ record }) => this.family.arena.created(record)));
  }
}
