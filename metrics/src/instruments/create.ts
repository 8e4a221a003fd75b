import type { Definition, MetricType } from "../definition/definition.ts";
import type { Recorder } from "../registry/recorder.ts";
import { Counter } from "./counter.ts";
import { ExponentialHistogram } from "./exponential.ts";
import { Gauge } from "./gauge.ts";
import type { Handle } from "./handle.ts";
import { Histogram } from "./histogram.ts";
import { Info } from "./info.ts";
import type { Instrument } from "./instrument.ts";
import { StateSet } from "./stateset.ts";
import { Summary } from "./summary.ts";

type InstrumentKind = new (recorder: Recorder, definition: Definition) => unknown;

const kinds: Readonly<Record<MetricType, InstrumentKind>> = {
  counter: Counter,
  gauge: Gauge,
  histogram: Histogram,
  exponential_histogram: ExponentialHistogram,
  summary: Summary,
  info: Info,
  stateset: StateSet,
};

/** The instrument that records a definition in one thread. */
export function createInstrument(recorder: Recorder, definition: Definition): Instrument<Handle> {
  const instrument = new kinds[definition.type](recorder, definition) as Instrument<Handle>;
  instrument.publish();
  return instrument;
}
