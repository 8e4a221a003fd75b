// Every query of every stack against the series that the real programs expose.
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { programsOf, recordedKind } from "../../lib/monitoring/catalogues/index.ts";
import {
  absentLabels,
  ambiguousSelections,
  kindErrors,
  seriesErrors,
  unknownSeries,
} from "../../lib/monitoring/series.ts";
import type { CollectorConfig, Pipeline } from "../../lib/otel/index.ts";
import { objectsOf, type RenderedStack } from "../../stacks/stack.ts";
import { droppedBy, labelSource, queriesOf, recordedByRules, selectedSeries } from "../catalogues/queries.ts";
import { reasonFor, unrecordedSeries } from "../catalogues/unrecorded.ts";
import { queriedStacks } from "./variants.ts";

const stacks = queriedStacks.map(({ name, render }) => ({ name, stack: render() }));

describe.each(stacks)("queries of $name", ({ stack }) => {
  const source = labelSource(stack);
  const queries = queriesOf(stack);
  const mistakes = (of: (query: (typeof queries)[number]) => readonly string[]) => [
    ...new Set(queries.flatMap((query) => of(query).map((mistake) => `${query.at}: ${mistake}`))),
  ];

  test("ask for labels that exist, and join series that can match", () => {
    expect(mistakes(({ promql }) => seriesErrors(promql, source))).toEqual([]);
  });

  test("have the labels that annotations, legends and variables show", () => {
    expect(mistakes(({ promql, shown }) => absentLabels(promql, shown, source))).toEqual([]);
  });

  test("read the series of one program, where several have some of that name", () => {
    // Agents and gateways are collectors alike.
    const collector = (program: string) => (/^otel-(agent|gateway)$/.test(program) ? "collectors" : program);
    const programs = (...asked: Parameters<typeof programsOf>) => [...new Set(programsOf(...asked).map(collector))];
    expect(mistakes(({ promql }) => ambiguousSelections(promql, programs))).toEqual([]);
  });

  test("compute rates of counters, and slopes of gauges", () => {
    expect(mistakes(({ promql }) => kindErrors(promql, recordedKind))).toEqual([]);
  });

  test("ask for no series, and no bucket, that a monitor drops", () => {
    const dropped = droppedBy(stack);
    expect(dropped.length).toBeGreaterThan(3);
    const isDropped = (series: string) => dropped.some((pattern) => pattern.test(series));
    expect(mistakes((query) => selectedSeries(query).filter(isDropped))).toEqual([]);
  });

  test("ask for series that are recorded, or listed as not recorded", () => {
    const own = recordedByRules(stack);
    const known = (name: string) => own.has(name) || unrecordedSeries.includes(name);
    expect(mistakes(({ promql }) => unknownSeries(promql, source).filter((name) => !known(name)))).toEqual([]);
  });
});

/** Pipelines of the gateways, as rendered. */
function gatewayPipelines(stack: RenderedStack): Readonly<Record<string, Pipeline>> {
  const configs = objectsOf(stack).flatMap(({ object: { kind, metadata, data, spec } }): CollectorConfig[] => {
    if (!metadata.name.startsWith("otel-gateway")) return [];
    if (kind === "OpenTelemetryCollector") return [spec.config];
    const file = (data as Readonly<Record<string, string>> | undefined)?.["collector.yaml"];
    return file === undefined ? [] : [parse(file)];
  });
  expect(configs).toHaveLength(1);
  return configs[0]!.service.pipelines;
}

describe.each(stacks)("selections of $name", ({ stack }) => {
  const asking = (series: string) =>
    queriesOf(stack).filter(({ promql }) => promql.includes(series) && promql.includes("otel-gateway"));

  test("spans received are those of every receiver by which they arrive", () => {
    const queries = asking("otelcol_receiver_accepted_spans_total").filter(({ promql }) => promql.includes("receiver"));
    const selected = queries.flatMap(({ promql }) => [...promql.matchAll(/receiver=~?"([^"]+)"/g)].map(([, of]) => of));
    expect(selected.length).toBeGreaterThan(2);
    expect(new Set(selected)).toEqual(new Set([gatewayPipelines(stack).traces?.receivers.join("|")]));
  });

  test("spans sent are those of the exporter of traces", () => {
    const sent = asking("otelcol_exporter_sent_spans_total").filter(({ at }) => at.startsWith("skopos-overview"));
    expect(sent).toHaveLength(1);
    expect(sent[0]?.promql).toContain(`exporter="${gatewayPipelines(stack).traces?.exporters[0]}"`);
  });
});

describe("the list of series that are not recorded", () => {
  test("has none that is recorded, or that no query asks for", () => {
    const asked = new Set(
      stacks.flatMap(({ stack }) => {
        const source = labelSource(stack);
        return queriesOf(stack).flatMap(({ promql }) => unknownSeries(promql, source));
      }),
    );
    expect(unrecordedSeries.filter((name) => !asked.has(name))).toEqual([]);
  });

  test("says why for each", () => {
    expect(unrecordedSeries.filter((name) => reasonFor(name) === undefined)).toEqual([]);
  });
});
