import type { Arena } from "./arena.ts";
import { CHUNK_DOUBLES } from "./layout.ts";

/** What one chunk has to give again. */
interface ChunkUse {
  /** Ranges in use. */
  used: number;
  /** Indexes of free ranges, by length. */
  readonly free: Map<number, number[]>;
}

/**
 * One thread's ranges of Float64 numbers, inside chunks that belong to it. A *place* is an index among all numbers of the arena.
 * Freed ranges are used again for the same length; a chunk whose ranges are all free goes back to the arena, so that other lengths
 * and other threads can use it.
 */
export class Heap {
  readonly #arena: Arena;
  readonly #region: number;
  readonly #chunks = new Map<number, ChunkUse>();
  /** Chunks that have a free range, by its length. */
  readonly #withFree = new Map<number, Set<number>>();
  #chunk = -1;
  #end = CHUNK_DOUBLES;

  constructor(arena: Arena, region: number) {
    this.#arena = arena;
    this.#region = region;
  }

  /** The place of a zeroed range, or -1 when the arena is full. @param length at most {@link CHUNK_DOUBLES} @param urgent see `Arena.allocateChunk` */
  allocate(length: number, urgent = false): number {
    const again = this.#reuse(length);
    if (again >= 0) return again;
    if (this.#end + length > CHUNK_DOUBLES) {
      const chunk = this.#arena.allocateChunk(this.#region, urgent);
      if (chunk < 0) return -1;
      const before = this.#chunk;
      this.#chunk = chunk;
      this.#end = 0;
      this.#chunks.set(chunk, { used: 0, free: new Map() });
      if (before >= 0) this.#returnIfUnused(before);
    }
    const place = this.#chunk * CHUNK_DOUBLES + this.#end;
    this.#end += length;
    this.#chunks.get(this.#chunk)!.used++;
    return place;
  }

  /** Takes a range back. Nobody may read it any more: see `Region.retire`. */
  free(place: number, length: number): void {
    const chunk = Math.floor(place / CHUNK_DOUBLES);
    const use = this.#chunks.get(chunk)!;
    use.used--;
    const indexes = use.free.get(length);
    if (indexes) indexes.push(place % CHUNK_DOUBLES);
    else {
      use.free.set(length, [place % CHUNK_DOUBLES]);
      const chunks = this.#withFree.get(length);
      if (chunks) chunks.add(chunk);
      else this.#withFree.set(length, new Set([chunk]));
    }
    this.#returnIfUnused(chunk);
  }

  #reuse(length: number): number {
    const chunks = this.#withFree.get(length);
    if (chunks === undefined) return -1;
    const [chunk] = chunks as Iterable<number> as [number];
    const use = this.#chunks.get(chunk)!;
    const indexes = use.free.get(length)!;
    const index = indexes.pop()!;
    if (indexes.length === 0) this.#forgetLength(chunk, use, length);
    use.used++;
    this.#arena.doubles(chunk).fill(0, index, index + length);
    return chunk * CHUNK_DOUBLES + index;
  }

  #forgetLength(chunk: number, use: ChunkUse, length: number): void {
    use.free.delete(length);
    const chunks = this.#withFree.get(length)!;
    chunks.delete(chunk);
    if (chunks.size === 0) this.#withFree.delete(length);
  }

  #returnIfUnused(chunk: number): void {
    const use = this.#chunks.get(chunk)!;
    // The chunk that new ranges come from stays: it would be asked for again at once.
    if (use.used > 0 || chunk === this.#chunk) return;
    for (const length of [...use.free.keys()]) this.#forgetLength(chunk, use, length);
    this.#chunks.delete(chunk);
    this.#arena.releaseChunk(chunk);
  }
}
