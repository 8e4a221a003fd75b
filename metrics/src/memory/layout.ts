// Where everything lies in the shared arena. All sizes in bytes unless the name says otherwise.

/** The unit of allocation, and of ownership: one thread writes a chunk, so no cache line has two writers. */
export const CHUNK_BYTES = 65_536;
export const CHUNK_DOUBLES = CHUNK_BYTES / 8;
export const CHUNK_WORDS = CHUNK_BYTES / 4;

/** "SKM" and the layout's version: an arena of another version of this package is rejected, not misread. */
export const MAGIC = 0x53_4b_4d_02;

/** Int32 words of the header. */
export const Header = {
  magic: 0,
  maxChunks: 1,
  /** Chunks ever handed out, i.e. the index of the next fresh one. */
  nextChunk: 2,
  /** Chunks that were given back and are free to be claimed. */
  freeChunks: 3,
  /** Distinct label sets alive in all threads. */
  seriesCount: 4,
  seriesLimit: 5,
  labelLimit: 6,
  /** Orders `set` calls of gauges that keep the last value; wraps. */
  sequence: 7,
  /** Label sets that found the arena full: what they record goes to their metric's overflow series. */
  unstoredSeries: 8,
  /** Odd while a dead region is folded; a reader that saw it change starts again. */
  foldEpoch: 9,
  /** First byte of the series set, and its number of cells (a power of two). */
  setOffset: 10,
  setCells: 11,
  /** Counts what was retired; wraps. See `readers.ts`. */
  epoch: 12,
  /** Series that readers found idle so far; wraps. Owners look for theirs when it changed. */
  expirations: 13,
  /** 1 from an allocation that failed until memory is given back. */
  exhausted: 14,
  /** The thread that created the arena, and a number that tells its arenas apart. */
  creatorThread: 15,
  arenaNumber: 16,
  /** Regions ever claimed: no region from here on was used. */
  regionsUsed: 17,
} as const;
export const HEADER_WORDS = 64;

/** Threads that may record at the same time; a folded region is used again. Also the reference count's limit. */
export const MAX_REGIONS = 255;
export const REGION_WORDS = 8;
/** Int32 words of one region's entry. */
export const RegionWord = {
  state: 0,
  threadId: 1,
  /** Place + 1 of the directory's first block. */
  directory: 2,
  /** Counts changes of the directory; wraps. */
  changes: 3,
  /** 1 while this region's thread reads, and the epoch at which it began. See `readers.ts`. */
  reading: 4,
  readEpoch: 5,
} as const;
/** A dead region's thread has ended; a folded one's counts are in another region, and its memory is about to be freed. */
export const RegionState = { free: 0, active: 1, dead: 2, folded: 3 } as const;

/** Int32 words before the owner table: one word per chunk, region index + 1, or one of the two below; 0 before it is handed out. */
export const OWNER_TABLE_WORD = HEADER_WORDS + MAX_REGIONS * REGION_WORDS;
/** Owner of the chunks that belong to the arena itself. */
export const ARENA_OWNER = -1;
/** Owner of a chunk that was given back. Not 0: a chunk that a thread is just taking must not look free to another. */
export const FREED = -2;

/** Chunks taken by header, region table and owner table. */
export const headerChunks = (maxChunks: number): number =>
  Math.ceil(((OWNER_TABLE_WORD + maxChunks) * 4) / CHUNK_BYTES);

/** Int32 words of one block of a directory before its entries: place + 1 of the next block, and how often an entry changed. */
export const BlockWord = { next: 0, changes: 1, entries: 2 } as const;
export const BLOCK_ENTRIES = 256;
/** Int32 words of one entry: the record's place, and its generation, 0 while there is none. */
export const EntryWord = { record: 0, generation: 1, length: 2 } as const;
export const BLOCK_DOUBLES = (BlockWord.entries + BLOCK_ENTRIES * EntryWord.length) / 2;

/** Int32 words of one record; the payload follows. */
export const RecordWord = {
  /** Its own entry in the directory. */
  entry: 0,
  payloadBytes: 1,
  /** Of a series: its metric's entry in the same directory, and that entry's generation. Of a definition: {@link DEFINITION}. */
  metric: 2,
  metricGeneration: 3,
  state: 4,
  /** Of a series: the place of its slots. */
  slots: 5,
  /** Float64: milliseconds since the epoch. */
  created: 6,
  /** Float64: the activity (see `activity.ts`) at which the reader found the series idle. */
  idleActivity: 8,
  payload: 10,
} as const;
/** What a record names as its metric when it is one itself. */
export const DEFINITION = -1;
/** live -> (reader) expired -> (owner) retired, or back to live when it was recorded to in between. */
export const SeriesState = { live: 0, expired: 1, retired: 2 } as const;
