import type { Definition } from "../definition/definition.ts";
import { CounterHandle } from "../instruments/counter.ts";
import { ExponentialHandle } from "../instruments/exponential.ts";
import type { Handle } from "../instruments/handle.ts";
import { HistogramHandle } from "../instruments/histogram.ts";
import { type Instrument, isOverflow } from "../instruments/instrument.ts";
import { SummaryHandle } from "../instruments/summary.ts";
import { Slot } from "../memory/activity.ts";
import type { Arena } from "../memory/arena.ts";
import { JournalReader } from "../memory/journal.ts";
import { Header, SeriesState } from "../memory/layout.ts";
import { seriesKey } from "../memory/series-set.ts";
import { readPoints } from "../read/digest.ts";
import { readExponential } from "../read/exponential.ts";
import type { SlotPlace } from "../read/series.ts";
import type { Recorder } from "./recorder.ts";

/**
 * Adds what a dead thread recorded to this thread's own series, and gives its memory back. Counts stay; gauges, infos and states
 * of a thread that is gone say nothing any more and end with it.
 *
 * @param instrumentFor this thread's instrument for a definition, or undefined when it has another metric of that name
 */
export function foldRegion(
  recorder: Recorder,
  region: number,
  instrumentFor: (definition: Definition) => Instrument<Handle> | undefined,
): void {
  const { arena, seriesSet } = recorder;
  // Odd while counts may be seen twice: readers in other threads wait for it to be even, and then start again.
  Atomics.add(arena.words, Header.foldEpoch, 1);
  const instruments = new Map<number, { definition: Definition; instrument: Instrument<Handle> | undefined }>();
  for (const record of new JournalReader(arena, region).read()) {
    if (record.kind === "definition") {
      const definition = JSON.parse(record.json) as Definition;
      const instrument = COUNTED.has(definition.type) ? instrumentFor(definition) : undefined;
      instruments.set(record.metric, { definition, instrument });
      continue;
    }
    const metric = instruments.get(record.metric);
    if (!metric || arena.seriesState(record.record) === SeriesState.retired) continue;
    const place = { slots: arena.doubles(record.slotChunk), index: record.slotIndex };
    if (metric.instrument) {
      absorb(arena, metric.definition, metric.instrument.handleFor(record.values), place, recorder.now());
    }
    if (metric.definition.limited && !isOverflow(record.values)) {
      seriesSet.release(seriesKey(metric.definition.name, record.values));
    }
  }
  arena.releaseRegion(region);
  Atomics.add(arena.words, Header.foldEpoch, 1);
}

const COUNTED: ReadonlySet<string> = new Set(["counter", "histogram", "exponential_histogram", "summary"]);

function absorb(arena: Arena, definition: Definition, handle: Handle, { slots, index }: SlotPlace, now: number): void {
  if (handle instanceof CounterHandle) {
    handle.slots[handle.index]! += slots[index]!;
  } else if (handle instanceof HistogramHandle) {
    for (let i = 0; i < definition.buckets.length + 2; i++) handle.slots[handle.index + i]! += slots[index + i]!;
  } else if (handle instanceof ExponentialHandle) {
    handle.absorb(readExponential(arena, definition, [{ slots, index }]));
  } else if (handle instanceof SummaryHandle) {
    const { points, min, max } = readPoints(arena, definition, [{ slots, index }], now);
    handle.absorb(points, min, max, slots[index + Slot.summary.count]!, slots[index + Slot.summary.sum]!);
  }
}
