import type { Definition } from "../definition/definition.ts";
import { LabelTrie } from "../instruments/label-trie.ts";
import type { JournalRecord } from "../memory/journal.ts";
import type { Series, Source } from "./series.ts";

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
}

/** One metric over all threads: its series, merged by label values. */
export class Family implements FamilyView {
  readonly definition: Definition;
  readonly labels: readonly string[];
  version = 0;
  readonly #trie = new LabelTrie<Series>();
  #all: Series[] = [];
  #exposed: readonly Series[] | undefined;
  readonly #threadAt: number;

  constructor(definition: Definition) {
    this.definition = definition;
    const perThread = definition.type === "gauge" && definition.aggregate === "per-thread";
    this.labels = perThread ? [...definition.labels, THREAD_LABEL].sort() : definition.labels;
    this.#threadAt = perThread ? this.labels.indexOf(THREAD_LABEL) : -1;
  }

  /** Every series that is exposed, ordered by label values, so that output does not depend on which thread was first. */
  get series(): readonly Series[] {
    if (this.#exposed === undefined) {
      this.#all.sort(byValues);
      const anyHidden = this.#all.some((series) => series.idle?.hidden);
      this.#exposed = anyHidden ? this.#all.filter((series) => !series.idle?.hidden) : this.#all;
    }
    return this.#exposed;
  }

  /** Every series, in no order. */
  get all(): readonly Series[] {
    return this.#all;
  }

  add(record: JournalRecord, source: Source): void {
    const { threadId } = source.region;
    const values = this.#threadAt < 0 ? record.values : record.values.toSpliced(this.#threadAt, 0, String(threadId));
    const known = this.#trie.get(values);
    if (known) {
      known.sources.push(source);
      known.created = Math.min(known.created, record.created);
      return;
    }
    const series = {
      values,
      created: record.created,
      sources: [source],
      idle: undefined,
    };
    this.#trie.set(values, series);
    this.#all.push(series);
    this.changed();
  }

  /** Removes the sources that `gone` names, and the series that have none left. */
  drop(gone: (source: Source) => boolean): void {
    let emptied = false;
    for (const series of this.#all) {
      if (!series.sources.some(gone)) continue;
      series.sources = series.sources.filter((source) => !gone(source));
      if (series.sources.length > 0) continue;
      this.#trie.delete(series.values);
      emptied = true;
    }
    if (!emptied) return;
    this.#all = this.#all.filter((series) => series.sources.length > 0);
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
