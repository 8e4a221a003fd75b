import type { Definition } from "../definition/definition.ts";
import { mistake } from "../errors.ts";
import { activity } from "../memory/activity.ts";
import { CHUNK_DOUBLES, Header, SeriesState } from "../memory/layout.ts";
import { LARGEST_PAYLOAD, valuesBytes } from "../memory/record.ts";
import { type DefinitionPlace, type SeriesPlace, unseen } from "../memory/region.ts";
import { seriesKey } from "../memory/series-set.ts";
import type { Recorder } from "../registry/recorder.ts";
import type { Handle, HandleOwner } from "./handle.ts";
import { LabelTrie, type Node } from "./label-trie.ts";
import { canonicalLabels, type LabelInput, type LabelValue } from "./label-values.ts";

/** Every label of the series that takes what does not fit the limit any more. */
export const OVERFLOW_VALUE = "__overflow__";

/** Whether a series is its metric's overflow. */
export const isOverflow = (values: readonly string[]): boolean =>
  values.length > 0 && values.every((value) => value === OVERFLOW_VALUE);

/** No label has this name: a metric without labels has its one series under the value of none. */
const UNLABELLED = "";

const TOO_LARGE_FIX = "Shorten its help text, or give it fewer buckets, states or steps of its window.";

/** Refused label sets remembered a metric, so that refusing one again costs a look-up. */
const REMEMBERED_REFUSALS = 1000;

/** A metric in one thread: finds or makes the handle of a label set. */
export abstract class Instrument<H extends Handle, L extends object = LabelInput> implements HandleOwner {
  readonly definition: Definition;
  /** @internal */
  readonly recorder: Recorder;
  readonly #names: readonly string[];
  readonly #depth: number;
  readonly #trie = new LabelTrie<H>();
  #place: DefinitionPlace | undefined;
  #closed = false;
  #overflow: H | undefined;
  readonly #refused: LabelValue[][] = [];
  /** The other ways in which a handle was asked for: numbers, booleans, identifiers before hashing. */
  readonly #aliases = new WeakMap<H, LabelValue[][]>();
  /** The handles that retired ones pass on to. */
  readonly #heirs = new WeakMap<Handle, H>();
  /** Retired handles whose label set is refused at present. */
  #refusedHandles = new WeakSet<Handle>();
  /** Takes what there is no memory for, and what comes after the metric's end. */
  #sink: H | undefined;

  constructor(recorder: Recorder, definition: Definition) {
    this.recorder = recorder;
    this.definition = definition;
    this.#names = definition.labels;
    this.#depth = definition.labels.length;
    definition.labelSpecs.forEach((spec, i) => {
      if (spec === "hashed") recorder.requireHashKey(`${definition.name}.${definition.labels[i]}`);
    });
  }

  /** @internal Lets the other threads know of the metric. @throws MetricsError METRIC_TOO_LARGE */
  publish(): void {
    const { recorder, definition } = this;
    const json = JSON.stringify(definition);
    if (this.slotCount > CHUNK_DOUBLES || Buffer.byteLength(json) > LARGEST_PAYLOAD) {
      throw mistake("METRIC_TOO_LARGE", definition.name, "it does not fit into 64 KiB.", TOO_LARGE_FIX);
    }
    this.#place = recorder.region.define(json);
  }

  /** Slots of one series. @internal */
  abstract get slotCount(): number;
  protected abstract make(values: readonly string[], place: SeriesPlace): H;

  /** The handle of a label set, made when it is new. Keep it: recording through it needs no look-up. */
  with(labels: L): H {
    return this.find(labels as LabelInput);
  }

  /** Forgets a label set in this thread: its series ends, and starts again from zero when it is used again. */
  remove(labels: L): boolean {
    const handle = this.#trie.get(canonicalLabels(this.recorder, this.definition, labels as LabelInput).values);
    if (handle === undefined || handle === this.#overflow) return false;
    this.#retire(handle);
    return true;
  }

  /** @internal Forgets a label set by its values as exported. */
  removeValues(values: readonly string[]): void {
    const handle = this.#trie.get(values);
    if (handle !== undefined && handle !== this.#overflow) this.#retire(handle);
  }

  /** @internal Forgets every label set. */
  removeAll(): void {
    for (const handle of [...this.handles()]) this.#retire(handle);
    if (this.#overflow) this.#retire(this.#overflow);
    this.#overflow = undefined;
  }

  /** @internal Ends the metric in this thread: what its handles are given is not seen any more. */
  close(): void {
    this.removeAll();
    if (this.#place) this.recorder.region.undefine(this.#place);
    this.#place = undefined;
    this.#closed = true;
  }

  /** @internal Every handle but the overflow's. */
  *handles(): Generator<H> {
    const seen = new Set<H>();
    const nodes: [unknown, number][] = [[this.#trie.root, 0]];
    for (const [node, depth] of nodes) {
      if (depth < Math.max(1, this.#names.length)) {
        for (const child of (node as Map<unknown, unknown>).values()) nodes.push([child, depth + 1]);
      } else if (node !== this.#overflow && !seen.has(node as H)) {
        seen.add(node as H);
        yield node as H;
      }
    }
  }

  /** @internal The handle of label values as exported, i.e. in label order and already hashed. */
  handleFor(values: readonly string[]): H {
    if (this.#closed) return this.#unseenHandle(values);
    if (isOverflow(values)) return this.overflow();
    const known = this.#trie.get(values);
    if (known) return known;
    const place = this.#admit(values);
    if (place === undefined) return this.overflow();
    const handle = this.make(values, place);
    this.#trie.set(values, handle);
    return handle;
  }

  /** @internal The single handle of a metric without labels. */
  single(): H {
    return this.find({});
  }

  /**
   * One Map look-up a label. Counting the labels first keeps a call with a wrong one wrong also after the series exists. Written
   * out for the usual number of labels, each place then reading one name, and small enough to become part of its caller.
   */
  protected find(labels: LabelInput): H {
    let given = 0;
    for (const _ in labels) given++;
    if (given !== 3 || this.#depth !== 3) return this.#walk(labels, given);
    const names = this.#names;
    let node = this.#trie.root.get(labels[names[0]!]) as Node | undefined;
    if (node === undefined) return this.#create(labels);
    node = node.get(labels[names[1]!]) as Node | undefined;
    if (node === undefined) return this.#create(labels);
    return (node.get(labels[names[2]!]) as H | undefined) ?? this.#create(labels);
  }

  #walk(labels: LabelInput, given: number): H {
    if (given !== this.#depth) return this.#create(labels);
    let node: unknown = this.#trie.root;
    for (const name of this.#depth === 0 ? [UNLABELLED] : this.#names) {
      node = (node as Node).get(labels[name]);
      if (node === undefined) return this.#create(labels);
    }
    return node as H;
  }

  #create(labels: LabelInput): H {
    const { values, raw } = canonicalLabels(this.recorder, this.definition, labels);
    const handle = this.handleFor(values);
    if (handle === this.#overflow) return isOverflow(values) ? handle : this.#refuse(raw);
    if (raw.some((value, i) => value !== values[i])) this.#alias(raw, handle);
    return handle;
  }

  #alias(raw: LabelValue[], handle: H): void {
    this.#trie.set(raw, handle);
    const aliases = this.#aliases.get(handle);
    if (aliases) aliases.push(raw);
    else this.#aliases.set(handle, [raw]);
  }

  /** Reserves the label set's place and slots. Undefined when the registry or its memory is full. */
  #admit(values: readonly string[]): SeriesPlace | undefined {
    const { seriesSet, longestValue } = this.recorder;
    if (values.some((value) => value.length > longestValue) || valuesBytes(values) > LARGEST_PAYLOAD) return undefined;
    if (!this.definition.limited) return this.#allocate(values);
    const key = seriesKey(this.definition.name, values);
    if (!seriesSet.acquire(key)) {
      if (!this.recorder.makeRoom?.() || !seriesSet.acquire(key)) return undefined;
    }
    const place = this.#allocate(values);
    if (place === undefined) {
      seriesSet.release(key);
      Atomics.add(this.recorder.arena.words, Header.unstoredSeries, 1);
    }
    return place;
  }

  /** Memory for a series, or undefined when there is none. @param urgent see `Arena.allocateChunk` */
  #allocate(values: readonly string[], urgent = !this.definition.limited): SeriesPlace | undefined {
    const { region, fresh } = this.recorder;
    this.#place ??= region.define(JSON.stringify(this.definition));
    const place = this.#place && region.series(this.#place, values, this.slotCount, this.recorder.now(), urgent);
    if (place) fresh?.set(place.record, values);
    return place;
  }

  /** Takes what nobody will see. */
  #unseenHandle(values: readonly string[]): H {
    this.#sink ??= this.make(values, this.#unseen());
    return this.#sink;
  }

  #unseen(): SeriesPlace {
    return { ...unseen(this.slotCount), record: -1 };
  }

  #refuse(raw: LabelValue[]): H {
    this.recorder.onOverflow?.(this.definition.name);
    const overflow = this.overflow();
    if (
      raw.length > 0 &&
      overflow.index >= 0 &&
      this.#refused.length < REMEMBERED_REFUSALS &&
      raw.every((v) => String(v).length <= this.recorder.longestValue)
    ) {
      this.#refused.push(raw);
      this.#trie.set(raw, overflow);
    }
    return overflow;
  }

  /** @internal The series that takes what does not fit; retired while there is no memory for it either. */
  overflow(): H {
    if (this.#overflow !== undefined && this.#overflow.index >= 0) return this.#overflow;
    const values = this.#names.map(() => OVERFLOW_VALUE);
    const place = this.#allocate(values, true);
    if (place) this.#overflow = this.make(values, place);
    else if (this.#overflow === undefined) {
      this.#overflow = this.make(values, this.#unseen());
      this.#overflow.retire();
    }
    return this.#overflow!;
  }

  /** @internal */
  heirOf(handle: Handle): H {
    const known = this.#refusedHandles.has(handle) ? this.#overflow : this.#heirs.get(handle);
    if (known !== undefined && known.index >= 0) return known;
    const heir = this.handleFor(handle.values);
    // No memory, not even for the overflow: the next observation looks for some again.
    if (heir.index < 0) return this.#unseenHandle(handle.values);
    if (heir !== this.#overflow || isOverflow(handle.values)) {
      this.#heirs.set(handle, heir);
    } else {
      this.recorder.onOverflow?.(this.definition.name);
      this.#refusedHandles.add(handle);
    }
    return heir;
  }

  /** @internal Retires the series that the reader found idle and that were not recorded to since. True when there was one. */
  retireExpired(): boolean {
    const { arena } = this.recorder;
    let any = false;
    for (const handle of [...this.handles()]) {
      const { record } = handle;
      if (record < 0 || arena.seriesState(record) !== SeriesState.expired) continue;
      if (activity(this.definition, handle.slots, handle.index) !== arena.idleActivity(record)) continue;
      if (!arena.moveSeries(record, SeriesState.expired, SeriesState.retired)) continue;
      this.#retire(handle);
      any = true;
    }
    return any;
  }

  #retire(handle: H): void {
    const { record, slots, index, values } = handle;
    this.recorder.fresh?.delete(record);
    handle.retire();
    if (record >= 0) this.recorder.region.retire({ slots, index, record }, values, this.slotCount);
    for (const raw of this.#aliases.get(handle) ?? []) this.#trie.delete(raw);
    this.#aliases.delete(handle);
    this.#trie.delete(values);
    if (this.definition.limited && record >= 0 && handle !== this.#overflow) {
      this.recorder.seriesSet.release(seriesKey(this.definition.name, values));
    }
    this.forgetRefusals();
  }

  /** @internal Lets label sets try again that were refused: there may be room. */
  forgetRefusals(): void {
    for (const raw of this.#refused) this.#trie.delete(raw);
    this.#refused.length = 0;
    this.#refusedHandles = new WeakSet();
  }
}
