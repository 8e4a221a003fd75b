import type { Definition } from "../definition/definition.ts";
import type { Layout } from "../exposition/page.ts";
import { LabelTrie } from "../instruments/label-trie.ts";
import type { Arena } from "../memory/arena.ts";
import type { Exemplar } from "./exemplars.ts";
import { Series, type Source, type SourcePlace } from "./series.ts";

/** Label that keeps the threads of a per-thread gauge apart. */
const THREAD_LABEL = "thread";

/** What is needed to expose a metric. */
export interface FamilyView {
  readonly definition: Definition;
  /** Label names as exposed, sorted. */
  readonly labels: readonly string[];
  /** Changes when a series comes or goes: what was rendered before must be laid out again. */
  readonly version: number;
  /** Every series that is exposed, ordered by label values. */
  readonly series: readonly Series[];
  /** How its text is laid out, where not as the format's. */
  readonly layout?: () => Layout;
  /** A series' exemplars by cell, where they are kept elsewhere than in its slots. */
  readonly exemplarsOf?: (series: Series) => readonly (Exemplar | undefined)[];
  /** Quantiles of nothing are 0, not NaN. @default false */
  readonly zeroForNothing?: boolean;
  /** Name and help are exposed also while there is no series. @default false */
  readonly exposedEmpty?: boolean;
}

/** One metric over all threads: its series, merged by label values. */
export class Family implements FamilyView {
  readonly arena: Arena;
  readonly definition: Definition;
  readonly labels: readonly string[];
  version = 0;
  /** Finds the series of a label set: made when a second thread records the metric, as one alone has each only once. */
  #trie: LabelTrie<Series> | undefined;
  #region: number | undefined;
  /** In no order; those that ended are taken out when they are looked for. */
  #all: Series[] = [];
  #ended = 0;
  #exposed: readonly Series[] | undefined;
  readonly #threadAt: number;

  constructor(arena: Arena, definition: Definition) {
    this.arena = arena;
    this.definition = definition;
    const perThread = definition.type === "gauge" && definition.aggregate === "per-thread";
    this.labels = perThread ? [...definition.labels, THREAD_LABEL].sort() : definition.labels;
    this.#threadAt = perThread ? this.labels.indexOf(THREAD_LABEL) : -1;
  }

  /** Every series that is exposed, ordered by label values, so that output does not depend on which thread was first. */
  get series(): readonly Series[] {
    if (this.#exposed === undefined) {
      this.#takeOut();
      this.#all.sort(byValues);
      const hidden = this.#all.some((series) => series.idle?.hidden);
      this.#exposed = hidden ? this.#all.filter((series) => !series.idle?.hidden) : this.#all;
    }
    return this.#exposed;
  }

  /** Every series, in no order. */
  get all(): readonly Series[] {
    this.#takeOut();
    return this.#all;
  }

  #takeOut(): void {
    if (this.#ended > 0) this.#all = this.#all.filter((series) => series.index >= 0);
    this.#ended = 0;
  }

  /** Adds what one thread records of a label set. */
  add(labelValues: readonly string[], source: SourcePlace): Source {
    const { threadId } = source.region;
    const values = this.#threadAt < 0 ? labelValues : labelValues.toSpliced(this.#threadAt, 0, String(threadId));
    const known = this.#find(values, source.region.id);
    if (known) return known.add(source);
    const series = new Series(this, values, source);
    this.#trie?.set(values, series);
    this.#all.push(series);
    this.changed();
    return series;
  }

  #find(values: readonly string[], region: number): Series | undefined {
    this.#region ??= region;
    if (this.#trie === undefined && this.#region !== region) {
      this.#trie = new LabelTrie();
      for (const series of this.all) this.#trie.set(series.values, series);
    }
    return this.#trie?.get(values);
  }

  /** Removes what one thread recorded of a series, and the series when nothing of it is left. */
  drop(source: Source): void {
    const { series } = source;
    if (series.drop(source)) return;
    series.index = -1;
    this.#ended++;
    this.#trie?.delete(series.values);
    this.changed();
  }

  /** Notes that the exposed series are others than before. */
  changed(): void {
    this.#exposed = undefined;
    this.version++;
  }
}

/** Orders two different label sets by the first value in which they differ. */
function byValues(a: Series, b: Series): number {
  const at = a.values.findIndex((value, i) => value !== b.values[i]);
  return a.values[at]! < b.values[at]! ? -1 : 1;
}
