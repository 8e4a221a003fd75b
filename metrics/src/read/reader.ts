import type { Definition } from "../definition/definition.ts";
import type { Arena } from "../memory/arena.ts";
import { JournalReader } from "../memory/journal.ts";
import { Header, MAX_REGIONS, RegionState, RegionWord, SeriesState } from "../memory/layout.ts";
import { Family } from "./family.ts";
import type { Source, SourceRegion } from "./series.ts";

/** Two threads that define one metric differently: the second one's series are left out. */
export interface Conflict {
  readonly metric: string;
  readonly threadId: number;
}

class RegionView implements SourceRegion {
  readonly id: number;
  readonly threadId: number;
  readonly journal: JournalReader;
  readonly families = new Map<number, Family>();
  live = true;

  constructor(arena: Arena, id: number, fresh: Map<number, readonly string[]> | undefined) {
    this.id = id;
    this.threadId = arena.load(arena.regionWord(id, RegionWord.threadId));
    this.journal = new JournalReader(arena, id, fresh);
  }
}

/** Everything that all threads record, put together from their journals. Any thread may have one. */
export class Reader {
  readonly arena: Arena;
  readonly conflicts: Conflict[] = [];
  readonly #own: number;
  readonly #fresh: Map<number, readonly string[]>;
  #families = new Map<string, { family: Family; json: string }>();
  #sorted: readonly Family[] | undefined;
  #regions: (RegionView | undefined)[] = [];
  #retirements = 0;
  #foldEpoch = 0;

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

  /** Takes in what the threads published since the last call. Never waits for them. */
  refresh(): void {
    this.#startAgainAfterFold();
    // Before the journals: a definition may take the place of one that has no series left.
    this.#dropRetired();
    for (let id = 0; id < MAX_REGIONS; id++) {
      const state = this.arena.load(this.arena.regionWord(id, RegionWord.state));
      if (state === RegionState.free) continue;
      const region = this.#regions[id] ?? new RegionView(this.arena, id, id === this.#own ? this.#fresh : undefined);
      this.#regions[id] = region;
      region.live = state === RegionState.active;
      this.#readJournal(region);
    }
  }

  /** Forgets a region that was folded by this thread. @internal */
  forgetRegion(id: number): void {
    const region = this.#regions[id];
    this.#regions[id] = undefined;
    this.#drop((source) => source.region === region);
    this.#foldEpoch = this.arena.load(Header.foldEpoch);
  }

  /** Another thread folded a region: what was in it may have moved, so nothing known before is trusted. */
  #startAgainAfterFold(): void {
    const epoch = this.arena.load(Header.foldEpoch);
    if (epoch === this.#foldEpoch) return;
    this.#foldEpoch = epoch;
    this.#families = new Map();
    this.#sorted = undefined;
    this.#regions = [];
  }

  #dropRetired(): void {
    const retirements = this.arena.load(Header.retirements);
    if (retirements === this.#retirements) return;
    this.#retirements = retirements;
    this.#drop(({ record }) => this.arena.seriesState(record) === SeriesState.retired);
  }

  #drop(gone: (source: Source) => boolean): void {
    for (const { family } of this.#families.values()) family.drop(gone);
  }

  #readJournal(region: RegionView): void {
    for (const record of region.journal.read()) {
      if (record.kind === "definition") {
        const family = this.#define(record.json, region);
        if (family) region.families.set(record.metric, family);
        continue;
      }
      const family = region.families.get(record.metric);
      if (family === undefined || this.arena.seriesState(record.record) === SeriesState.retired) continue;
      const slots = this.arena.doubles(record.slotChunk);
      family.add(record, { record: record.record, slots, index: record.slotIndex, region });
    }
  }

  #define(json: string, region: RegionView): Family | undefined {
    const definition = JSON.parse(json) as Definition;
    const known = this.#families.get(definition.name);
    if (known === undefined || (known.json !== json && known.family.all.length === 0)) {
      const family = new Family(definition);
      this.#families.set(definition.name, { family, json });
      this.#sorted = undefined;
      return family;
    }
    if (known.json === json) return known.family;
    this.conflicts.push({ metric: definition.name, threadId: region.threadId });
    return undefined;
  }
}
