import { createHmac } from "node:crypto";
import { mistake } from "../errors.ts";
import type { Arena } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import { SeriesSet } from "../memory/series-set.ts";

/** Labels of an exemplar: usually `trace_id` and `span_id`. */
export type ExemplarLabels = Readonly<Record<string, string>>;

/** What a thread's recorder has to know. */
export interface RecorderOptions {
  /** Key of hashed labels, from a secret; the same in all replicas, so that one identifier has one hash. @default none */
  readonly hashKey?: string | Uint8Array;
  /**
   * Longest label value, in UTF-16 units; a longer one goes to the metric's overflow series. All values of a label set together may
   * have 64 KiB. @default 4096
   */
  readonly longestValue?: number;
  /** The clock, in milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

/** What the instruments of one thread share: its region, the clock, the limits, and where exemplars come from. */
export class Recorder {
  readonly arena: Arena;
  readonly region: Region;
  readonly seriesSet: SeriesSet;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** The exemplar of what is happening now, if any: see `Registry.exemplarsFrom`. */
  activeExemplar: (() => ExemplarLabels | undefined) | undefined;
  /**
   * Label values of series made since this thread's reader last looked, by journal record, so that it keeps the same arrays
   * instead of copies. Undefined in threads that do not read.
   */
  fresh: Map<number, readonly string[]> | undefined;
  /** Called with a metric's name each time a label set of it was refused. */
  onOverflow: ((metric: string) => void) | undefined;
  /** Called when the registry is full: retires idle series of this thread, and says whether there were any. */
  makeRoom: (() => boolean) | undefined;
  /** Longest label value, in UTF-16 units. */
  readonly longestValue: number;
  readonly #hashKey: string | Uint8Array | undefined;
  /** Label values seen lately, each in a place that its last characters choose. */
  readonly #texts: string[] = [];

  constructor(arena: Arena, region: Region, options: RecorderOptions) {
    const { now = Date.now, hashKey, longestValue = 4096 } = options;
    this.arena = arena;
    this.region = region;
    this.longestValue = longestValue;
    this.seriesSet = new SeriesSet(arena);
    this.now = now;
    this.#hashKey = hashKey;
  }

  /** One and the same string for equal label values that come one after the other: series repeat most of theirs. */
  shared(text: string): string {
    let place = text.length;
    for (let i = Math.max(0, text.length - 4); i < text.length; i++) place = (place * 31 + text.charCodeAt(i)) & 0x3ff;
    if (this.#texts[place] !== text) this.#texts[place] = text;
    return this.#texts[place]!;
  }

  /** Refuses hashed labels where nobody gave a key: an unkeyed hash of a small set of identifiers can be turned back. */
  requireHashKey(path: string): void {
    if (this.#hashKey !== undefined) return;
    throw mistake(
      "METRIC_HASH_KEY_MISSING",
      path,
      "a hashed label needs a key.",
      "Give the registry a hashKey from a secret.",
    );
  }

  /** 64 bits of HMAC-SHA-256 as hexadecimal: stable for one key, meaningless without it. */
  hash(value: string): string {
    return createHmac("sha256", this.#hashKey!).update(value).digest("hex").slice(0, 16);
  }
}
