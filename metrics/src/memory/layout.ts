// Where everything lies in the shared arena. All sizes in bytes unless the name says otherwise.

/** The unit of allocation, and of ownership: one thread writes a chunk, so no cache line has two writers. */
export const CHUNK_BYTES = 65_536;
export const CHUNK_DOUBLES = CHUNK_BYTES / 8;
export const CHUNK_WORDS = CHUNK_BYTES / 4;

/** "SKM" and the layout's version: an arena of another version of this package is refused, not misread. */
export const MAGIC = 0x53_4b_4d_01;

/** Int32 words of the header. */
export const Header = {
  magic: 0,
  maxChunks: 1,
  /** Chunks ever handed out, i.e. the index of the next fresh one. */
  nextChunk: 2,
  /** Chunks given back by folded regions and free to be claimed. */
  freeChunks: 3,
  /** Distinct label sets alive in all threads. */
  seriesCount: 4,
  seriesLimit: 5,
  labelLimit: 6,
  /** Orders `set` calls of gauges that keep the last value; wraps. */
  sequence: 7,
  /** Series that found the arena full; what they record is lost, and counted here. */
  unstoredSeries: 8,
  /** Odd while a dead region is folded; a reader that saw it change starts again. */
  foldEpoch: 9,
  /** First byte of the series set, and its number of cells (a power of two). */
  setOffset: 10,
  setCells: 11,
  /** Series retired so far: readers look for them when it changed. */
  retirements: 12,
} as const;
export const HEADER_WORDS = 64;

/** Threads that may record at the same time; a folded region is used again. Also the reference count's limit. */
export const MAX_REGIONS = 255;
export const REGION_WORDS = 8;
/** Int32 words of one region's entry. */
export const RegionWord = { state: 0, threadId: 1, firstJournal: 2 } as const;
export const RegionState = { free: 0, active: 1, dead: 2 } as const;

/** Int32 words before the owner table: one word a chunk, region index + 1, or one of the two below; 0 before it is handed out. */
export const OWNER_TABLE_WORD = HEADER_WORDS + MAX_REGIONS * REGION_WORDS;
/** Owner of the chunks that belong to the arena itself. */
export const ARENA_OWNER = -1;
/** Owner of a chunk that was given back. Not 0: a chunk that a thread is just taking must not look free to another. */
export const FREED = -2;

/** Chunks taken by header, region table and owner table. */
export const headerChunks = (maxChunks: number): number =>
  Math.ceil(((OWNER_TABLE_WORD + maxChunks) * 4) / CHUNK_BYTES);

/** Int32 words of one journal chunk before its records. */
export const JournalWord = { nextChunk: 0, committedWords: 1 } as const;
export const JOURNAL_START = 2;

/** Int32 words of one journal record; the payload follows. Records start on 8 bytes for `created`. */
export const RecordWord = {
  bytes: 0,
  kind: 1,
  metric: 2,
  state: 3,
  slotChunk: 4,
  slotIndex: 5,
  /** Float64: milliseconds since the epoch. */
  created: 6,
  /** Float64: the activity (see `activity.ts`) at which the reader found the series idle. */
  idleActivity: 8,
  payload: 10,
} as const;
export const RecordKind = { definition: 1, series: 2 } as const;
/** live -> (reader) expired -> (owner) retired, or back to live when it was recorded to in between. */
export const SeriesState = { live: 0, expired: 1, retired: 2 } as const;
