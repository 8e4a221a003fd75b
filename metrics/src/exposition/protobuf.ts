import type { Definition } from "../definition/definition.ts";
import { ZERO_THRESHOLD } from "../instruments/exponential-index.ts";
import type { Arena } from "../memory/arena.ts";
import { type Exemplar, readExemplars } from "../read/exemplars.ts";
import { type Buckets, readExponential } from "../read/exponential.ts";
import type { FamilyView } from "../read/family.ts";
import type { Series } from "../read/series.ts";
import { type Escaping, escapeName } from "./names.ts";
import type { Sink } from "./page.ts";
import { ProtoWriter } from "./proto-writer.ts";
import { labelsOf } from "./text.ts";

// Field numbers: https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
const MetricFamily = { name: 1, help: 2, type: 3, metric: 4, unit: 5 } as const;
const Metric = { label: 1, gauge: 2, counter: 3, summary: 4, histogram: 7 } as const;
const LabelPair = { name: 1, value: 2 } as const;
const Simple = { value: 1, exemplar: 2, created: 3 } as const;
const SummaryField = { count: 1, sum: 2, quantile: 3, created: 4 } as const;
const Quantile = { quantile: 1, value: 2 } as const;
const HistogramField = {
  count: 1,
  sum: 2,
  bucket: 3,
  schema: 5,
  zeroThreshold: 6,
  zeroCount: 7,
  negativeSpan: 9,
  negativeDelta: 10,
  positiveSpan: 12,
  positiveDelta: 13,
  created: 15,
  exemplars: 16,
} as const;
const Bucket = { cumulativeCount: 1, upperBound: 2, exemplar: 3 } as const;
const BucketSpan = { offset: 1, length: 2 } as const;
const ExemplarField = { label: 1, value: 2, timestamp: 3 } as const;
const Timestamp = { seconds: 1, nanos: 2 } as const;

const TYPES = {
  counter: 0,
  gauge: 1,
  summary: 2,
  histogram: 4,
  exponential_histogram: 4,
  info: 1,
  stateset: 1,
} as const;

/** Appends a metric as one length-delimited MetricFamily. Exponential histograms stay exponential: Prometheus' native ones. */
export function writeProtobuf(
  arena: Arena,
  family: FamilyView,
  escaping: Escaping,
  values: Float64Array,
  stride: number,
  sink: Sink,
): void {
  const { definition } = family;
  const name = escapeName(definition.name, escaping);
  const proto = new ProtoWriter();
  proto.string(MetricFamily.name, name);
  proto.string(MetricFamily.help, definition.help);
  proto.varint(MetricFamily.type, TYPES[definition.type]);
  for (const [i, series] of family.series.entries()) {
    const labels = labelsOf(family, i, escaping);
    const cells = values.subarray(i * stride, (i + 1) * stride);
    if (definition.type === "stateset") {
      for (const [n, state] of definition.states.entries()) {
        const gauge = (message: ProtoWriter) => message.double(Simple.value, cells[n]!);
        writeMetric(proto, [...labels, [name, state]], Metric.gauge, gauge);
      }
      continue;
    }
    const body = BODIES[definition.type];
    writeMetric(proto, labels, body.field, (message) => body.write(message, { arena, definition, series, cells }));
  }
  if (definition.unit) proto.string(MetricFamily.unit, definition.unit);
  proto.writeDelimited(sink);
}

function writeMetric(
  proto: ProtoWriter,
  labels: readonly (readonly [string, string])[],
  field: number,
  body: (message: ProtoWriter) => void,
): void {
  proto.message(MetricFamily.metric, (metric) => {
    for (const [label, value] of labels) writeLabel(metric, Metric.label, label, value);
    metric.message(field, body);
  });
}

interface SeriesData {
  readonly arena: Arena;
  readonly definition: Definition;
  readonly series: Series;
  readonly cells: Float64Array;
}

type Body = (message: ProtoWriter, data: SeriesData) => void;

const writeGauge: Body = (gauge, { cells }) => gauge.double(Simple.value, cells[0]!);

const writeCounter: Body = (counter, { definition, series, cells }) => {
  counter.double(Simple.value, cells[0]!);
  writeExemplar(counter, Simple.exemplar, readExemplars(definition, series)[0]);
  writeTime(counter, Simple.created, series.created);
};

const writeHistogram: Body = (histogram, { definition, series, cells }) => {
  const { buckets } = definition;
  const exemplars = readExemplars(definition, series);
  histogram.varint(HistogramField.count, cells[buckets.length]!);
  histogram.double(HistogramField.sum, cells[buckets.length + 1]!);
  for (const [i, bound] of [...buckets, Infinity].entries()) {
    histogram.message(HistogramField.bucket, (bucket) => {
      bucket.varint(Bucket.cumulativeCount, cells[i]!);
      bucket.double(Bucket.upperBound, bound);
      writeExemplar(bucket, Bucket.exemplar, exemplars[i]);
    });
  }
  writeTime(histogram, HistogramField.created, series.created);
};

const writeExponential: Body = (histogram, { arena, definition, series }) => {
  const value = readExponential(arena, definition, series.sources);
  histogram.varint(HistogramField.count, value.count);
  histogram.double(HistogramField.sum, value.sum);
  histogram.sint(HistogramField.schema, value.schema);
  histogram.double(HistogramField.zeroThreshold, ZERO_THRESHOLD);
  histogram.varint(HistogramField.zeroCount, value.zeroCount);
  writeBuckets(histogram, HistogramField.negativeSpan, HistogramField.negativeDelta, value.negative);
  writeBuckets(histogram, HistogramField.positiveSpan, HistogramField.positiveDelta, value.positive);
  for (const exemplar of readExemplars(definition, series))
    writeExemplar(histogram, HistogramField.exemplars, exemplar);
  writeTime(histogram, HistogramField.created, series.created);
};

const writeSummary: Body = (summary, { definition, series, cells }) => {
  const { quantiles } = definition;
  summary.varint(SummaryField.count, cells[quantiles.length + 1]!);
  summary.double(SummaryField.sum, cells[quantiles.length]!);
  for (const [i, q] of quantiles.entries()) {
    summary.message(SummaryField.quantile, (quantile) => {
      quantile.double(Quantile.quantile, q);
      quantile.double(Quantile.value, cells[i]!);
    });
  }
  writeTime(summary, SummaryField.created, series.created);
};

const BODIES = {
  counter: { field: Metric.counter, write: writeCounter },
  gauge: { field: Metric.gauge, write: writeGauge },
  info: { field: Metric.gauge, write: writeGauge },
  histogram: { field: Metric.histogram, write: writeHistogram },
  exponential_histogram: { field: Metric.histogram, write: writeExponential },
  summary: { field: Metric.summary, write: writeSummary },
} as const;

function writeLabel(proto: ProtoWriter, field: number, name: string, value: string): void {
  proto.message(field, (label) => {
    label.string(LabelPair.name, name);
    label.string(LabelPair.value, value);
  });
}

function writeTime(proto: ProtoWriter, field: number, milliseconds: number): void {
  proto.message(field, (time) => {
    const seconds = Math.floor(milliseconds / 1000);
    time.varint(Timestamp.seconds, seconds);
    time.varint(Timestamp.nanos, Math.round((milliseconds - seconds * 1000) * 1e6));
  });
}

function writeExemplar(proto: ProtoWriter, field: number, exemplar: Exemplar | undefined): void {
  if (exemplar === undefined) return;
  proto.message(field, (message) => {
    for (const [name, value] of exemplar.labels) writeLabel(message, ExemplarField.label, name, value);
    message.double(ExemplarField.value, exemplar.value);
    writeTime(message, ExemplarField.timestamp, exemplar.timestamp * 1000);
  });
}

/** Runs of buckets, and each count as its difference to the one before. A run ends where two or more buckets are empty. */
function writeBuckets(proto: ProtoWriter, spanField: number, deltaField: number, { offset, counts }: Buckets): void {
  const spans: { offset: number; length: number }[] = [];
  const deltas: number[] = [];
  let end = 0;
  let before = 0;
  for (const [i, count] of counts.entries()) {
    if (count === 0) continue;
    const index = offset + i;
    const gap = index - end;
    const span = spans.at(-1);
    if (span && gap <= 2) {
      for (let empty = 0; empty < gap; empty++) {
        deltas.push(-before);
        before = 0;
      }
      span.length += gap + 1;
    } else {
      spans.push({ offset: spans.length === 0 ? index : gap, length: 1 });
    }
    deltas.push(count - before);
    before = count;
    end = index + 1;
  }
  for (const span of spans) {
    proto.message(spanField, (message) => {
      message.sint(BucketSpan.offset, span.offset);
      message.varint(BucketSpan.length, span.length);
    });
  }
  if (deltas.length > 0) proto.packedSint(deltaField, deltas);
}
