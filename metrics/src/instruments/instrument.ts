import type { Definition } from "../definition/definition.ts";
import { activity } from "../memory/activity.ts";
import { SeriesState } from "../memory/layout.ts";
import { type SlotRange, unseen } from "../memory/region.ts";
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

/** Longest label value in UTF-8 bytes; a longer one counts as overflow. Prometheus has no limit of its own by default. */
const LONGEST_VALUE = 4096;

/** Refused label sets remembered a metric, so that refusing one again costs a look-up. */
const REMEMBERED_REFUSALS = 1000;

interface Binding {
  readonly range: SlotRange;
  readonly record: number;
}

/** A metric in one thread: finds or makes the handle of a label set. */
export abstract class Instrument<H extends Handle, L extends object = LabelInput> implements HandleOwner {
  readonly definition: Definition;
  /** @internal */
  readonly recorder: Recorder;
  readonly #names: readonly string[];
  readonly #depth: number;
  readonly #trie = new LabelTrie<H>();
  readonly #number: number;
  readonly #published: boolean;
  #closed = false;
  #overflow: H | undefined;
  readonly #refused: LabelValue[][] = [];
  /** The other ways in which a handle was asked for: numbers, booleans, identifiers before hashing. */
  readonly #aliases = new WeakMap<H, LabelValue[][]>();
  /** Retired handles that were used again while another handle had taken their label set: they share its slots. */
  readonly #followers = new WeakMap<Handle, Handle[]>();

  constructor(recorder: Recorder, definition: Definition) {
    this.recorder = recorder;
    this.definition = definition;
    this.#names = definition.labels;
    this.#depth = definition.labels.length;
    this.#number = recorder.nextMetric();
    definition.labelSpecs.forEach((spec, i) => {
      if (spec === "hashed") recorder.requireHashKey(`${definition.name}.${definition.labels[i]}`);
    });
    this.#published = recorder.region.journal.define(this.#number, JSON.stringify(definition));
  }

  /** Slots of one series. @internal */
  abstract get slotCount(): number;
  protected abstract make(values: readonly string[], range: SlotRange, record: number): H;

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

  /** @internal Forgets every label set. */
  removeAll(): void {
    for (const handle of [...this.handles()]) this.#retire(handle);
  }

  /** @internal Ends the metric in this thread: its handles go on without being seen. */
  close(): void {
    this.removeAll();
    if (this.#overflow) this.#retire(this.#overflow);
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
    if (isOverflow(values)) return this.overflow();
    const known = this.#trie.get(values);
    if (known) return known;
    const bound = this.#admit(values);
    if (bound === undefined) return this.overflow();
    const handle = this.make(values, bound.range, bound.record);
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

  /** Reserves the label set's place and slots. Undefined when the registry is full. */
  #admit(values: readonly string[]): Binding | undefined {
    if (this.definition.limited) {
      if (values.some((value) => value.length > LONGEST_VALUE)) return undefined;
      const key = seriesKey(this.definition.name, values);
      if (!this.recorder.seriesSet.acquire(key)) {
        if (!this.recorder.makeRoom?.() || !this.recorder.seriesSet.acquire(key)) return undefined;
      }
    }
    return this.#allocate(values);
  }

  #allocate(values: readonly string[]): Binding {
    const { region } = this.recorder;
    if (this.#closed) return { range: unseen(this.slotCount), record: -1 };
    const range = region.allocate(this.slotCount);
    if (range.chunk < 0) return { range, record: -1 };
    const created = this.recorder.now();
    const record = this.#published
      ? region.journal.series(this.#number, values, range.chunk, range.index, created)
      : -1;
    if (record < 0) return { range: region.unstored(this.slotCount), record };
    this.recorder.fresh?.set(record, values);
    return { range, record };
  }

  #refuse(raw: LabelValue[]): H {
    this.recorder.onOverflow?.(this.definition.name);
    const overflow = this.overflow();
    if (
      raw.length > 0 &&
      this.#refused.length < REMEMBERED_REFUSALS &&
      raw.every((v) => String(v).length <= LONGEST_VALUE)
    ) {
      this.#refused.push(raw);
      this.#trie.set(raw, overflow);
    }
    return overflow;
  }

  /** @internal The series that takes what does not fit. */
  overflow(): H {
    if (this.#overflow === undefined) {
      const values = this.#names.map(() => OVERFLOW_VALUE);
      const { range, record } = this.#allocate(values);
      this.#overflow = this.make(values, range, record);
    }
    return this.#overflow;
  }

  /** @internal */
  revive(handle: Handle): void {
    const { values } = handle;
    const current = this.#trie.get(values);
    if (current !== undefined) {
      handle.bind(current, current.record);
      this.#followers.set(current, [...(this.#followers.get(current) ?? []), handle]);
      return;
    }
    const { range, record } = this.#admit(values) ?? this.#overflowBinding();
    handle.bind(range, record);
    this.#trie.set(values, handle as H);
  }

  #overflowBinding(): Binding {
    this.recorder.onOverflow?.(this.definition.name);
    const { slots, index, chunk, record } = this.overflow();
    return { range: { slots, index, chunk }, record };
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
    const { record, slots, index, chunk, values } = handle;
    if (record >= 0) {
      this.recorder.arena.retireSeries(record);
      this.recorder.region.recycle({ slots, index, chunk }, this.slotCount);
    }
    for (const follower of this.#followers.get(handle) ?? []) follower.retire();
    this.#followers.delete(handle);
    for (const raw of this.#aliases.get(handle) ?? []) this.#trie.delete(raw);
    this.#aliases.delete(handle);
    handle.retire();
    this.#trie.delete(values);
    if (this.definition.limited) this.recorder.seriesSet.release(seriesKey(this.definition.name, values));
    this.#forgetRefusals();
  }

  #forgetRefusals(): void {
    for (const raw of this.#refused) this.#trie.delete(raw);
    this.#refused.length = 0;
  }
}
