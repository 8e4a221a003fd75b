import { threadId, type Worker } from "node:worker_threads";
import type { Catalogue, InstrumentOf, InstrumentsOf } from "../definition/catalogue.ts";
import { checkSpec, type SpecRules } from "../definition/check.ts";
import { type Definition, type MetricSpec, toDefinition } from "../definition/definition.ts";
import { takenNames } from "../definition/sample-names.ts";
import { mistake, type Problem, throwIfAny } from "../errors.ts";
import { createInstrument } from "../instruments/create.ts";
import type { Handle } from "../instruments/handle.ts";
import type { Instrument } from "../instruments/instrument.ts";
import { Arena, type ArenaOptions } from "../memory/arena.ts";
import { Header, MAX_REGIONS, RegionState, RegionWord } from "../memory/layout.ts";
import { isUnread, nextEpoch } from "../memory/readers.ts";
import { Region } from "../memory/region.ts";
import { Reader } from "../read/reader.ts";
import { announceAttachment, awaitAttachments, watchChildren } from "./attachments.ts";
import { foldRegion } from "./fold.ts";
import { expireIdle } from "./idle.ts";
import { ownMetrics } from "./own-metrics.ts";
import { type ExemplarLabels, Recorder, type RecorderOptions } from "./recorder.ts";

/** What holds in every thread. */
export interface RegistryOptions extends ArenaOptions, RecorderOptions, Omit<SpecRules, "maxLabels"> {
  /** A labelled series not recorded to for so long is no longer exposed. @default 0, never */
  readonly idleExpirySeconds?: number;
  /** Expose what the registry tells about itself, e.g. `skopos_metrics_series`. @default true */
  readonly ownMetrics?: boolean;
}

/** What another thread needs to record into the same registry: pass it as `workerData` or environment data. */
export interface SharedRegistry {
  readonly buffer: SharedArrayBuffer;
  readonly options: Omit<RegistryOptions, "now">;
}

/** Runs before each scrape: sets what is only known when asked for. */
export type Collector = () => void | Promise<void>;

interface Registered {
  readonly instrument: Instrument<Handle>;
  readonly json: string;
  /** What `register` gave out: the instrument, or the handle of a metric without labels. */
  readonly given: unknown;
}

/**
 * The metrics of a process. Each thread has its own `Registry` over the same shared memory and records without locks or
 * messages; the one that created it sees what all of them recorded, also while they are blocked and after they ended.
 */
export class Registry {
  readonly #arena: Arena;
  readonly #recorder: Recorder;
  readonly #options: RegistryOptions;
  readonly #rules: SpecRules;
  readonly #primary: boolean;
  readonly #metrics = new Map<string, Registered>();
  readonly #samples = new Map<string, string>();
  readonly #collectors = new Set<Collector>();
  readonly #reader: Reader;
  /** Regions whose counts were folded, which readers in other threads may still be looking at. */
  readonly #folded: { readonly region: number; readonly epoch: number }[] = [];
  #expirations = 0;
  #overflows = false;

  constructor(options: RegistryOptions = {}, shared?: SharedRegistry) {
    this.#options = options;
    this.#primary = shared === undefined;
    this.#arena = shared ? Arena.attach(shared.buffer) : Arena.create(options);
    this.#rules = { ...options, maxLabels: this.#arena.load(Header.labelLimit) };
    const id = this.#arena.claimRegion(threadId);
    if (id < 0) {
      const why = `${MAX_REGIONS} threads record already.`;
      throw mistake(
        "REGISTRY_THREADS",
        "attach",
        why,
        "Let threads end, and watch them so that their place is used again.",
      );
    }
    this.#recorder = new Recorder(this.#arena, new Region(this.#arena, id), options);
    this.#recorder.makeRoom = () => this.retireIdle();
    const fresh = new Map<number, readonly string[]>();
    if (this.#primary) this.#recorder.fresh = fresh;
    this.#reader = new Reader(this.#arena, id, fresh);
    if (options.ownMetrics ?? true) this.#recordOwn();
    if (!this.#primary && (options.idleExpirySeconds ?? 0) > 0) {
      setInterval(() => this.retireIdle(), (options.idleExpirySeconds! * 1000) / 2).unref();
    }
    if (this.#primary) awaitAttachments(this.#arena, this);
    else {
      announceAttachment(this.#arena, id);
      watchChildren(this);
    }
  }

  /** The registry that another thread created, for recording in this one. */
  static attach(shared: SharedRegistry, options: Pick<RegistryOptions, "now"> = {}): Registry {
    return new Registry({ ...shared.options, ...options }, shared);
  }

  /** What a worker passes to {@link Registry.attach}. */
  get shared(): SharedRegistry {
    const { now: _now, ...options } = this.#options;
    return { buffer: this.#arena.buffer, options };
  }

  /** @internal */
  get arena(): Arena {
    return this.#arena;
  }

  /** Bytes of shared memory committed so far. */
  get memoryBytes(): number {
    return this.#arena.byteLength;
  }

  /** Label sets alive in all threads, which `maxSeries` limits. */
  get seriesCount(): number {
    return this.#arena.load(Header.seriesCount);
  }

  /** Most label sets before new ones go to their metric's overflow series. */
  get seriesLimit(): number {
    return this.#arena.load(Header.seriesLimit);
  }

  /** Threads that record, or whose memory is not yet free again. At most 255 can. */
  get threads(): number {
    let threads = 0;
    for (let region = 0; region < MAX_REGIONS; region++) {
      if (this.#arena.load(this.#arena.regionWord(region, RegionWord.state)) !== RegionState.free) threads++;
    }
    return threads;
  }

  /** The registry's clock, in milliseconds since the epoch. */
  now(): number {
    return this.#recorder.now();
  }

  /**
   * Makes what records a metric. The same definition again gives the same instrument.
   * @throws MetricsError with every problem of the specification, or METRIC_REDEFINED, or METRIC_CLASH
   */
  metric<const S extends MetricSpec>(spec: S): InstrumentOf<S> {
    throwIfAny(checkSpec(spec, this.#rules));
    const registered = this.#add(toDefinition(spec, this.#options.idleExpirySeconds));
    return registered.given as InstrumentOf<S>;
  }

  /** Makes what records each metric of a catalogue: see {@link metric}. */
  register<const C extends Catalogue>(catalogue: C): InstrumentsOf<C> {
    const specs = Object.entries(catalogue);
    throwIfAny(specs.flatMap(([, spec]) => checkSpec(spec, this.#rules)));
    return Object.fromEntries(specs.map(([key, spec]) => [key, this.metric(spec)])) as InstrumentsOf<C>;
  }

  /** @internal What records a metric in this thread, by name. */
  instrument(name: string): Instrument<Handle> | undefined {
    return this.#metrics.get(name)?.instrument;
  }

  /** Forgets a metric's series in this thread and its name; handles of it record to nowhere visible afterwards. */
  unregister(name: string): boolean {
    const registered = this.#metrics.get(name);
    if (registered === undefined) return false;
    registered.instrument.close();
    this.#metrics.delete(name);
    for (const sample of takenNames(registered.instrument.definition)) this.#samples.delete(sample);
    return true;
  }

  /** Runs `collector` before each scrape. @returns a function that ends this */
  onCollect(collector: Collector): () => void {
    this.#collectors.add(collector);
    return () => this.#collectors.delete(collector);
  }

  /**
   * Takes exemplars from whatever is active, e.g. the current trace: asked at most once a second for each bucket that is observed.
   * @param source the labels, or undefined when there is nothing to point to
   */
  exemplarsFrom(source: (() => ExemplarLabels | undefined) | undefined): void {
    this.#recorder.activeExemplar = source;
  }

  /** Runs the collectors. Resolves when the last one is done; rejects with the first error after all have run. */
  async collect(): Promise<void> {
    const results = await Promise.allSettled([...this.#collectors].map(async (collector) => collector()));
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }

  /**
   * Calls `use` with what all threads recorded, as of now. Synchronous: no thread is waited for, blocked ones neither. What `use` is
   * given holds only until it returns; when a thread's counts were moved meanwhile, it is called again.
   */
  read<T>(use: (reader: Reader) => T): T {
    const { turns } = this.#recorder.region;
    for (;;) {
      this.#foldDead();
      this.retireIdle();
      if (this.#overflows && this.seriesCount < this.seriesLimit) this.#forgetRefusals();
      turns.begin();
      try {
        const epoch = this.#arena.load(Header.foldEpoch);
        // Odd: another thread is just moving a dead one's counts, which would be seen twice.
        if (epoch % 2 !== 0) continue;
        this.#reader.refresh();
        if (this.#primary) expireIdle(this.#reader, this.now());
        const result = use(this.#reader);
        if (this.#arena.load(Header.foldEpoch) === epoch) return result;
      } finally {
        turns.end();
      }
    }
  }

  /** Retires this thread's idle series, so that their memory and place are used again. True when there were any. */
  retireIdle(): boolean {
    const expirations = this.#arena.load(Header.expirations);
    if (expirations === this.#expirations) return false;
    this.#expirations = expirations;
    let any = false;
    for (const { instrument } of this.#metrics.values()) any = instrument.retireExpired() || any;
    return any;
  }

  #forgetRefusals(): void {
    this.#overflows = false;
    for (const { instrument } of this.#metrics.values()) instrument.forgetRefusals();
  }

  /** Whether the shared memory is full, so that new label sets go to their metric's overflow series. */
  get isMemoryExhausted(): boolean {
    return this.#arena.load(Header.exhausted) !== 0;
  }

  /**
   * Folds a worker's counts into this thread's when it ends, so that its memory is used again. Without it nothing is lost; the
   * memory of workers that ended stays taken.
   */
  watch(worker: Worker): void {
    // Once it has exited, a worker's threadId reads -1.
    const id = worker.threadId;
    worker.once("exit", () => {
      for (let region = 0; region < MAX_REGIONS; region++) this.endRegion(region, id);
      this.#foldDead();
    });
  }

  /** @internal Ends a region whose thread has ended, unless it is another's by now. */
  endRegion(region: number, thread: number): void {
    if (this.#arena.load(this.#arena.regionWord(region, RegionWord.threadId)) !== thread) return;
    const at = this.#arena.regionWord(region, RegionWord.state);
    Atomics.compareExchange(this.#arena.words, at, RegionState.active, RegionState.dead);
  }

  /** Only the thread that created the registry folds: two at once would count twice. */
  #foldDead(): void {
    if (!this.#primary) return;
    for (let region = 0; region < MAX_REGIONS; region++) {
      if (this.#arena.load(this.#arena.regionWord(region, RegionWord.state)) !== RegionState.dead) continue;
      foldRegion(this.#recorder, region, (definition) => this.#instrumentFor(definition));
      this.#folded.push({ region, epoch: nextEpoch(this.#arena) });
    }
    while (this.#folded.length > 0 && isUnread(this.#arena, this.#folded[0]!.epoch)) {
      this.#arena.releaseRegion(this.#folded.shift()!.region);
    }
  }

  #instrumentFor(definition: Definition): Instrument<Handle> | undefined {
    const known = this.#metrics.get(definition.name);
    if (known) return known.json === JSON.stringify(definition) ? known.instrument : undefined;
    return this.#clashes(definition).length > 0 ? undefined : this.#add(definition).instrument;
  }

  #add(definition: Definition): Registered {
    const json = JSON.stringify(definition);
    const known = this.#metrics.get(definition.name);
    if (known) {
      if (known.json === json) return known;
      const why = "it is defined already, otherwise.";
      throw mistake("METRIC_REDEFINED", definition.name, why, "Define a metric once and share what records it.");
    }
    throwIfAny(this.#clashes(definition));
    const instrument = createInstrument(this.#recorder, definition);
    const single = definition.labels.length === 0 && definition.type !== "info";
    const registered = { instrument, json, given: single ? instrument.single() : instrument };
    this.#metrics.set(definition.name, registered);
    for (const sample of takenNames(definition)) this.#samples.set(sample, definition.name);
    return registered;
  }

  /** Metrics whose series would have the same names. */
  #clashes(definition: Definition): Problem[] {
    const problems: Problem[] = [];
    for (const sample of takenNames(definition)) {
      const owner = this.#samples.get(sample);
      if (owner === undefined) continue;
      const why = `its series ${sample} belongs to ${owner} already.`;
      problems.push({ code: "METRIC_CLASH", path: definition.name, why, fix: "Rename one of the two." });
    }
    return problems;
  }

  #recordOwn(): void {
    const add = <S extends MetricSpec>(spec: S) => this.#add(toDefinition(spec, 0, false)).given as InstrumentOf<S>;
    const overflowed = add(ownMetrics.overflowed);
    this.#recorder.onOverflow = (metric) => {
      this.#overflows = true;
      // Its own overflow, when the memory is full, cannot be counted by itself.
      if (metric !== ownMetrics.overflowed.name) overflowed.inc({ metric });
    };
    if (!this.#primary) return;
    const series = add(ownMetrics.series);
    const limit = add(ownMetrics.seriesLimit);
    const unstored = add(ownMetrics.unstored);
    const exhausted = add(ownMetrics.exhausted);
    const memory = add(ownMetrics.memory);
    const conflicts = add(ownMetrics.conflicts);
    this.onCollect(() => {
      series.set(this.seriesCount);
      limit.set(this.seriesLimit);
      unstored.set(this.#arena.load(Header.unstoredSeries));
      memory.set(this.memoryBytes);
      exhausted.set(this.isMemoryExhausted ? 1 : 0);
      conflicts.set(this.#reader.conflicts);
    });
  }
}
