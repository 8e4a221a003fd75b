import { activity, idleActivity, noteIdle } from "./memory/activity.ts";
import type { RecordPlace } from "./memory/journal.ts";
import { RecordWord, SeriesState } from "./memory/layout.ts";
import type { Family } from "./read/family.ts";
import type { Reader } from "./read/reader.ts";
import type { Series } from "./read/series.ts";

/**
 * Hides the series that no thread recorded to for as long as their metric allows, and tells their owners, who retire them at the
 * next opportunity; shows again what was recorded to in between. Recording never looks at a clock for this.
 */
export function expireIdle(reader: Reader, now: number): void {
  for (const family of reader.families) {
    const { idleExpirySeconds } = family.definition;
    if (idleExpirySeconds > 0) for (const series of family.all) checkSeries(family, series, now, idleExpirySeconds * 1000);
  }
}

function checkSeries(family: Family, series: Series, now: number, longest: number): void {
  const { definition } = family;
  if (series.hidden) {
    // Threads retire a hidden series one by one; it is back when one of them recorded to it since, or another thread began to.
    const woken = series.sources.some(
      (source) => stateOf(source) === SeriesState.live || activity(definition, source.slots, source.index) !== idleActivity(source),
    );
    if (!woken) return;
    setState(series, SeriesState.expired, SeriesState.live);
    show(family, series, true);
  }
  let current = 0;
  for (const { slots, index } of series.sources) current += activity(definition, slots, index);
  if (current !== series.activity) {
    series.activity = current;
    series.changedAt = now;
    return;
  }
  if (now - series.changedAt < longest) return;
  for (const source of series.sources) noteIdle(source, activity(definition, source.slots, source.index));
  setState(series, SeriesState.live, SeriesState.expired);
  show(family, series, false);
}

const stateOf = ({ words, at }: RecordPlace): number => Atomics.load(words, at + RecordWord.state);

function setState(series: Series, from: number, to: number): void {
  for (const { words, at } of series.sources) Atomics.compareExchange(words, at + RecordWord.state, from, to);
}

function show(family: Family, series: Series, visible: boolean): void {
  series.hidden = !visible;
  family.changed();
}
