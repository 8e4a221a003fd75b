import { activity } from "../memory/activity.ts";
import type { Arena } from "../memory/arena.ts";
import { Header, SeriesState } from "../memory/layout.ts";
import type { Family } from "../read/family.ts";
import type { Reader } from "../read/reader.ts";
import type { Series } from "../read/series.ts";

/**
 * Hides the series that no thread recorded to for as long as their metric allows, and tells their owners, who retire them at the
 * next opportunity; shows again what was recorded to in between. Recording never looks at a clock for this.
 */
export function expireIdle(reader: Reader, now: number): void {
  for (const family of reader.expiring) {
    const { idleExpirySeconds } = family.definition;
    for (const series of family.all) checkSeries(reader.arena, family, series, now, idleExpirySeconds * 1000);
  }
}

function checkSeries(arena: Arena, family: Family, series: Series, now: number, longest: number): void {
  const { definition } = family;
  series.idle ??= { activity: Number.NaN, changedAt: now, hidden: false };
  const { idle, sources } = series;
  if (idle.hidden) {
    // Threads retire a hidden series one by one; it is back when one of them recorded to it since, or another thread began to.
    const woken = sources.some(
      ({ record, slots, index }) =>
        arena.seriesState(record) === SeriesState.live ||
        activity(definition, slots, index) !== arena.idleActivity(record),
    );
    if (!woken) return;
    for (const { record } of sources) arena.moveSeries(record, SeriesState.expired, SeriesState.live);
    idle.hidden = false;
    family.changed();
  }
  let current = 0;
  for (const { slots, index } of sources) current += activity(definition, slots, index);
  if (current !== idle.activity) {
    idle.activity = current;
    idle.changedAt = now;
    return;
  }
  if (now - idle.changedAt < longest) return;
  for (const { record, slots, index } of sources) {
    arena.noteIdle(record, activity(definition, slots, index));
    arena.moveSeries(record, SeriesState.live, SeriesState.expired);
  }
  Atomics.add(arena.words, Header.expirations, 1);
  idle.hidden = true;
  family.changed();
}
