import type { Definition } from "../definition/definition.ts";
import { takenNames } from "../definition/sample-names.ts";
import type { Arena } from "../memory/arena.ts";
import { DirectoryReader } from "../memory/directory.ts";
import {
  CHUNK_DOUBLES,
  DEFINITION,
  Header,
  MAX_REGIONS,
  RecordWord,
  RegionState,
  RegionWord,
} from "../memory/layout.ts";
import { readJson, readValues } from "../memory/record.ts";
import { Family } from "./family.ts";
import type { Series, Source, SourceRegion } from "./series.ts";

/** A metric as one thread defines it. */
interface ThreadMetric {
  readonly generation: number;
  readonly name: string;
  /** Undefined when another thread defines it otherwise: the series of this one are left out. */
  readonly family: Family | undefined;
}

class RegionView implements SourceRegion {
  readonly id: number;
  readonly threadId: number;
  readonly directory: DirectoryReader;
  /** By entry. */
  readonly metrics = new Map<number, ThreadMetric>();
  readonly sources: (Source | undefined)[] = [];
  live = true;

  constructor(arena: Arena, id: number) {
    this.id = id;
    this.threadId = arena.load(arena.regionWord(id, RegionWord.threadId));
    this.directory = new DirectoryReader(arena, id);
  }
}

interface KnownFamily {
  readonly family: Family;
  readonly json: string;
  /** How many threads define it. */
  definitions: number;
}

/** Everything that all threads record, put together from their directories. Any thread may have one. */
export class Reader {
  readonly arena: Arena;
  readonly #own: number;
  readonly #fresh: Map<number, readonly string[]>;
  readonly #families = new Map<string, KnownFamily>();
  readonly #regions: (RegionView | undefined)[] = [];
  #sorted: readonly Family[] | undefined;
  readonly #expiring = new Set<Family>();
  /** Names of the lines of all metrics: two metrics with one in common cannot both be scraped. */
  readonly #names = new Set<string>();
  #conflicts = 0;
  /** Whether a metric that was left out may be shown now. */
  #freedName = false;

  /**
   * @param own region of this thread
   * @param fresh see `Recorder.fresh`
   */
  constructor(arena: Arena, own: number, fresh: Map<number, readonly string[]>) {
    this.arena = arena;
    this.#own = own;
    this.#fresh = fresh;
  }

  /** All metrics, by name. */
  get families(): readonly Family[] {
    this.#sorted ??= [...this.#families.values()]
      .map((entry) => entry.family)
      .sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1));
    return this.#sorted;
  }

  /** Metrics whose series expire. */
  get expiring(): Iterable<Family> {
    return this.#expiring;
  }

  /** One metric. */
  family(name: string): Family | undefined {
    return this.#families.get(name)?.family;
  }

  /** Metrics that a thread defines otherwise than another, whose series are left out. */
  get conflicts(): number {
    return this.#conflicts;
  }

  /** A number that is larger the later a series was made by its thread. */
  orderOf({ entry, region }: Series): number {
    return (region as RegionView).directory.look(entry).generation;
  }

  /** Takes in what the threads published and withdrew since the last call. Never waits for them. Within this thread's read turn. */
  refresh(): void {
    const regions = Math.min(MAX_REGIONS, this.arena.load(Header.regionsUsed));
    for (let id = 0; id < regions; id++) this.#refreshRegion(id);
    if (!this.#freedName || this.#conflicts === 0) return;
    // A metric's name is free, and somebody defines it otherwise: all threads' definitions are looked at again.
    for (let id = 0; id < regions; id++) this.#forget(id);
    for (let id = 0; id < regions; id++) this.#refreshRegion(id);
    this.#freedName = false;
  }

  #refreshRegion(id: number): void {
    const state = this.arena.load(this.arena.regionWord(id, RegionWord.state));
    const known = this.#regions[id];
    const threadId = this.arena.load(this.arena.regionWord(id, RegionWord.threadId));
    const recorded = state === RegionState.active || state === RegionState.dead;
    // Its counts are in another region now; or it was given to another thread since.
    if (known && (!recorded || known.threadId !== threadId)) this.#forget(id);
    if (!recorded) return;
    this.#regions[id] ??= new RegionView(this.arena, id);
    const region = this.#regions[id];
    region.live = state === RegionState.active;
    const texts = new Map<string, string>();
    region.directory.update({
      gone: (entry) => this.#remove(region, entry),
      came: (entry, generation, record) => this.#add(region, entry, generation, record, texts),
    });
  }

  #forget(id: number): void {
    const region = this.#regions[id];
    if (region === undefined) return;
    for (const entry of region.sources.keys()) this.#remove(region, entry);
    for (const entry of [...region.metrics.keys()]) this.#remove(region, entry);
    this.#regions[id] = undefined;
  }

  #remove(region: RegionView, entry: number): void {
    const source = region.sources[entry];
    if (source !== undefined) {
      region.sources[entry] = undefined;
      source.series.family.drop(source);
      return;
    }
    const metric = region.metrics.get(entry);
    if (metric === undefined) return;
    region.metrics.delete(entry);
    if (metric.family === undefined) {
      this.#conflicts--;
      return;
    }
    const known = this.#families.get(metric.name)!;
    known.definitions--;
    if (known.definitions > 0) return;
    this.#families.delete(metric.name);
    this.#expiring.delete(known.family);
    for (const name of takenNames(known.family.definition)) this.#names.delete(name);
    this.#sorted = undefined;
    this.#freedName = true;
  }

  #add(region: RegionView, entry: number, generation: number, record: number, texts: Map<string, string>): void {
    const metricEntry = this.arena.recordWord(record, RecordWord.metric);
    if (metricEntry === DEFINITION) {
      this.#define(region, entry, generation, record);
      return;
    }
    const metricGeneration = this.arena.recordWord(record, RecordWord.metricGeneration);
    const family = this.#metricOf(region, metricEntry, metricGeneration);
    if (family === undefined) return;
    const place = this.arena.recordWord(record, RecordWord.slots);
    const slots = this.arena.doubles(Math.floor(place / CHUNK_DOUBLES));
    const fresh = region.id === this.#own ? this.#fresh.get(record) : undefined;
    if (fresh) this.#fresh.delete(record);
    const values = fresh ?? readValues(this.arena, record, texts);
    region.sources[entry] = family.add(values, { slots, index: place % CHUNK_DOUBLES, record, entry, region });
  }

  /** The family of a series' metric, which may have been published while the directory was read, or withdrawn with the series. */
  #metricOf(region: RegionView, entry: number, generation: number): Family | undefined {
    const known = region.metrics.get(entry);
    if (known?.generation === generation) return known.family;
    const now = region.directory.look(entry);
    if (now.generation !== generation) return undefined;
    this.#define(region, entry, generation, now.record);
    region.directory.note(entry, generation);
    return region.metrics.get(entry)?.family;
  }

  #define(region: RegionView, entry: number, generation: number, record: number): void {
    if (region.metrics.get(entry)?.generation === generation) return;
    this.#remove(region, entry);
    const json = readJson(this.arena, record);
    const definition = JSON.parse(json) as Definition;
    const known = this.#families.get(definition.name) ?? this.#introduce(definition, json);
    const agrees = known?.json === json;
    if (agrees) known.definitions++;
    else this.#conflicts++;
    region.metrics.set(entry, { generation, name: definition.name, family: agrees ? known.family : undefined });
  }

  #introduce(definition: Definition, json: string): KnownFamily | undefined {
    const names = [...takenNames(definition)];
    if (names.some((name) => this.#names.has(name))) return undefined;
    for (const name of names) this.#names.add(name);
    const known = { family: new Family(this.arena, definition), json, definitions: 0 };
    this.#families.set(definition.name, known);
    if (definition.idleExpirySeconds > 0) this.#expiring.add(known.family);
    this.#sorted = undefined;
    return known;
  }
}
