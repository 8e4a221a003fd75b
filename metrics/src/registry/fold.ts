import type { Definition } from "../definition/definition.ts";
import { CounterHandle } from "../instruments/counter.ts";
import { ExponentialHandle } from "../instruments/exponential.ts";
import type { Handle } from "../instruments/handle.ts";
import { HistogramHandle } from "../instruments/histogram.ts";
import { type Instrument, isOverflow } from "../instruments/instrument.ts";
import { SummaryHandle } from "../instruments/summary.ts";
import { Slot } from "../memory/activity.ts";
import type { Arena } from "../memory/arena.ts";
import { DirectoryReader } from "../memory/directory.ts";
import {
  CHUNK_DOUBLES,
  DEFINITION,
  Header,
  RecordWord,
  RegionState,
  RegionWord,
  SeriesState,
} from "../memory/layout.ts";
import { readJson, readValues } from "../memory/record.ts";
import { seriesKey } from "../memory/series-set.ts";
import { readPoints } from "../read/digest.ts";
import { readExponential } from "../read/exponential.ts";
import type { SlotPlace } from "../read/series.ts";
import type { Recorder } from "./recorder.ts";

/**
 * Adds what a dead thread recorded to this thread's own series. Counts stay; gauges, infos and states of a thread that is gone say
 * nothing any more and end with it. Afterwards nobody looks at the region any more who is not reading just now.
 *
 * @param instrumentFor this thread's instrument for a definition, or undefined when it has another metric of that name: then the
 * dead thread's series were left out of every scrape, and end
 */
export function foldRegion(
  recorder: Recorder,
  region: number,
  instrumentFor: (definition: Definition) => Instrument<Handle> | undefined,
): void {
  const { arena } = recorder;
  // Odd while counts may be seen twice: readers in other threads wait for it to be even, and then start again.
  Atomics.add(arena.words, Header.foldEpoch, 1);
  try {
    const metrics = new Map<number, Metric>();
    const series: number[] = [];
    new DirectoryReader(arena, region).update({
      gone: () => {},
      came: (entry, _generation, record) => {
        if (arena.recordWord(record, RecordWord.metric) !== DEFINITION) series.push(record);
        else metrics.set(entry, metricOf(JSON.parse(readJson(arena, record)) as Definition, instrumentFor));
      },
    });
    const texts = new Map<string, string>();
    for (const record of series) {
      const metric = metrics.get(arena.recordWord(record, RecordWord.metric));
      if (metric) foldSeries(recorder, metric, record, readValues(arena, record, texts));
    }
  } finally {
    Atomics.store(arena.words, arena.regionWord(region, RegionWord.state), RegionState.folded);
    Atomics.add(arena.words, Header.foldEpoch, 1);
  }
}

interface Metric {
  readonly definition: Definition;
  readonly instrument: Instrument<Handle> | undefined;
}

const metricOf = (
  definition: Definition,
  instrumentFor: (d: Definition) => Instrument<Handle> | undefined,
): Metric => ({
  definition,
  instrument: COUNTED.has(definition.type) ? instrumentFor(definition) : undefined,
});

function foldSeries(recorder: Recorder, metric: Metric, record: number, values: readonly string[]): void {
  const { arena, seriesSet } = recorder;
  const { definition, instrument } = metric;
  if (arena.seriesState(record) === SeriesState.retired) return;
  if (instrument) {
    const place = arena.recordWord(record, RecordWord.slots);
    const slots = arena.doubles(Math.floor(place / CHUNK_DOUBLES));
    const handle = instrument.handleFor(values);
    if (handle.index >= 0) {
      absorb(arena, definition, handle, { slots, index: place % CHUNK_DOUBLES }, recorder.now());
      arena.lowerCreated(handle.record, arena.created(record));
    }
  }
  if (definition.limited && !isOverflow(values)) seriesSet.release(seriesKey(definition.name, values));
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
