import { describe, expect, it, vi } from "vitest";
import { Arena } from "./arena.ts";
import { CHUNK_BYTES, Header, MAX_REGIONS } from "./layout.ts";
import { SeriesSet, seriesKey } from "./series-set.ts";

describe("the arena", () => {
  it("gives a released region's chunks out again, zeroed, to whoever asks first", () => {
    const arena = Arena.create();
    const region = arena.claimRegion(1);
    const kept = arena.allocateChunk(arena.claimRegion(2));
    const chunks = [arena.allocateChunk(region), arena.allocateChunk(region)];
    for (const chunk of chunks) arena.doubles(chunk).fill(7);
    arena.doubles(kept).fill(8);
    arena.releaseRegion(region);
    const again = arena.claimRegion(3);
    expect(again).toBe(region);
    expect([arena.allocateChunk(again), arena.allocateChunk(again)]).toEqual(chunks);
    for (const chunk of chunks) expect(arena.doubles(chunk).every((value) => value === 0)).toBe(true);
    expect(arena.doubles(kept).every((value) => value === 8)).toBe(true);
    expect(arena.allocateChunk(again)).toBe(kept + 3);
  });

  it("never gives a chunk to two threads, also while one is just taking it", () => {
    const arena = Arena.create();
    const region = arena.claimRegion(1);
    arena.allocateChunk(region);
    arena.releaseRegion(region);
    // What another thread does first when it takes a fresh chunk, before it has written its name on it.
    const taking = Atomics.add(arena.words, Header.nextChunk, 1);
    const given = [arena.allocateChunk(2), arena.allocateChunk(2)];
    expect(given).not.toContain(taking);
    // Another thread may have taken the freed chunk that was announced.
    Atomics.store(arena.words, Header.freeChunks, 1);
    expect(arena.allocateChunk(2)).toBeGreaterThan(taking);
  });

  it("ends where it was told to", () => {
    const arena = Arena.create({ maxBytes: 8 * CHUNK_BYTES, maxSeries: 10 });
    const chunks: number[] = [];
    for (let chunk = 0; chunk >= 0; chunk = arena.allocateChunk(0)) chunks.push(chunk);
    expect(chunks.at(-1)).toBe(7);
    expect(arena.allocateChunk(0)).toBe(-1);
    expect(arena.byteLength).toBe(8 * CHUNK_BYTES);
    arena.releaseRegion(0);
    expect(arena.allocateChunk(1)).toBeGreaterThan(0);
  });

  it("does not mind another thread growing it at the same time", () => {
    const arena = Arena.create();
    const { buffer } = arena;
    const grow = SharedArrayBuffer.prototype.grow;
    buffer.grow = (bytes) => {
      // The other thread was faster, and grew it further: growing to less is a RangeError.
      grow.call(buffer, (bytes as number) + CHUNK_BYTES);
      grow.call(buffer, bytes as number);
    };
    expect(arena.allocateChunk(0)).toBeGreaterThan(0);
    buffer.grow = () => {
      throw new RangeError("no memory");
    };
    arena.allocateChunk(0);
    expect(() => arena.allocateChunk(0)).toThrow("no memory");
  });

  it("has places for a fixed number of threads", () => {
    const arena = Arena.create();
    for (let i = 0; i < MAX_REGIONS; i++) expect(arena.claimRegion(i)).toBe(i);
    expect(arena.claimRegion(0)).toBe(-1);
  });
});

describe("the set of series", () => {
  const count = (arena: Arena) => arena.load(Header.seriesCount);

  it("counts a label set once, however many threads hold it", () => {
    const arena = Arena.create({ maxSeries: 2 });
    const [one, other] = [new SeriesSet(arena), new SeriesSet(Arena.attach(arena.buffer))];
    const [a, b, c] = ["a", "b", "c"].map((value) => seriesKey("n_total", [value]));
    expect([one.acquire(a!), other.acquire(a!), other.acquire(b!), one.acquire(c!)]).toEqual([true, true, true, false]);
    expect(count(arena)).toBe(2);
    one.release(a!);
    expect(count(arena)).toBe(2);
    other.release(a!);
    other.release(a!);
    expect(count(arena)).toBe(1);
    expect(one.acquire(c!)).toBe(true);
  });

  it("keeps its count through any churn", () => {
    const arena = Arena.create({ maxSeries: 500 });
    const set = new SeriesSet(arena);
    const held = new Set<number>();
    for (let i = 0; i < 20_000; i++) {
      const value = (i * 7919) % 1000;
      const key = seriesKey("n", [String(value)]);
      if (held.delete(value)) set.release(key);
      else if (set.acquire(key)) held.add(value);
      expect(count(arena)).toBe(held.size);
    }
  });

  it("tells label sets apart by where one value ends and the next begins", () => {
    expect(seriesKey("n", ["ab", "c"])).not.toEqual(seriesKey("n", ["a", "bc"]));
    expect(seriesKey("na", ["b"])).not.toEqual(seriesKey("n", ["ab"]));
  });

  it("tries again when another thread was faster", () => {
    const arena = Arena.create();
    const set = new SeriesSet(arena);
    const key = seriesKey("n", ["a"]);
    const lose = () => vi.spyOn(Atomics, "compareExchange").mockImplementationOnce(() => -1 as never);
    lose();
    expect(set.acquire(key)).toBe(true);
    lose();
    expect(set.acquire(key)).toBe(true);
    lose();
    set.release(key);
    expect(count(arena)).toBe(1);
    vi.restoreAllMocks();
    set.release(key);
    expect(count(arena)).toBe(0);
  });

  it("is full where more sets than it looks at fall into one place", () => {
    const set = new SeriesSet(Arena.create({ maxSeries: 200 }));
    const taken = Array.from({ length: 65 }, (_, i) => set.acquire({ tag: (i + 1) << 8, home: 5 }));
    expect(taken.indexOf(false)).toBe(64);
    set.release({ tag: 999 << 8, home: 5 });
  });
});
