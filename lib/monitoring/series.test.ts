import { describe, expect, test } from "vitest";
import {
  absentLabels,
  ambiguousSelections,
  kindErrors,
  type LabelSource,
  resultLabels,
  seriesErrors,
  unknownSeries,
} from "./series.ts";

const scraped: Readonly<Record<string, readonly (readonly string[])[]>> = {
  failed_total: [["integration", "reason"]],
  sent_total: [["integration"]],
  list_total: [["resource", "result"]],
  watch_total: [["resource", "result"]],
  up: [[]],
  latency_bucket: [["le", "verb"]],
  gone: [],
};
/** What a rule recorded by integration. */
const recorded = { sets: [["integration"]], target: false };
const source: LabelSource = (series) => {
  if (series === "integration:sent:rate5m") return recorded;
  const sets = scraped[series];
  return sets && { sets, target: true };
};

const errors = (query: string) => seriesErrors(query, source);

describe("a query is rejected", () => {
  test.each([
    [
      "a matcher by a label that the series does not have",
      'sent_total{reason="other"}',
      /sent_total has no label reason/,
    ],
    ["a grouping by one", "sum by (reason) (rate(sent_total[5m]))", /sum by \(reason\)/],
    ["a join on one", "failed_total * on (reason) sent_total", /on \(reason\)/],
    ["a series that a recorded program does not have", "rate(gone[5m])", /gone: no such series/],
    ["sides with different labels", "rate(failed_total[5m]) / rate(sent_total[5m]) > 0.01", /can never match/],
    ["a side that kept its target's labels", "sum by (integration) (sent_total) / sent_total", /can never match/],
    ["or between two series in an aggregation", "sum(rate(list_total[5m]) or rate(watch_total[5m]))", /"or" inside/],
    ["a label that a recording rule summed away", "sum by (pod) (integration:sent:rate5m)", /sum by \(pod\)/],
    ["a matcher by one", 'integration:sent:rate5m{pod="a"}', /has no label pod/],
    ["a mistake deep in a query", 'topk(5, max_over_time((sent_total{reason="x"} > 1)[5m:1m]))', /no label reason/],
  ])("for %s", (_, query, error) => expect(errors(query)).toEqual([expect.stringMatching(error)]));
});

describe("a query is accepted", () => {
  test.each([
    ["a matcher by a label of the target", 'sent_total{namespace="a",pod=~"b.*"}'],
    ["sides made equal by without", "sum without (reason) (rate(failed_total[5m])) / rate(sent_total[5m])"],
    ["sides made equal by ignoring", "failed_total / ignoring (reason) group_left () sent_total"],
    ["a join on labels that both have", "failed_total * on (integration) group_left () sent_total"],
    ["a number on one side", "rate(sent_total[5m]) > 0.1"],
    ["a fallback to a number", "sum(rate(sent_total[5m])) or vector(0)"],
    ["or between selections of one series", 'sum(list_total{result="a"} or list_total{result="b"})'],
    ["or outside of aggregations", "sum(list_total) or sum(watch_total)"],
    ["a quantile of a histogram", 'histogram_quantile(0.9, sum by (le, verb) (rate(latency_bucket{verb="GET"}[5m])))'],
    ["a label that the query makes", 'sum by (team) (label_replace(sent_total, "team", "$1", "integration", "(.*)"))'],
    ["series that are not known", 'sum by (anything) (foreign_total{some="label"}) / other_total'],
  ])("with %s", (_, query) => expect(errors(query)).toEqual([]));
});

test("a recording rule's series has the labels of its result, where those are known", () => {
  expect(resultLabels("sum by (integration, pod) (rate(sent_total[5m]))", source)).toEqual({
    sets: [["integration", "pod"]],
    target: false,
  });
  expect(resultLabels("rate(sent_total[5m])", source)).toEqual({ sets: [["integration"]], target: true });
  expect(resultLabels("rate(foreign_total[5m])", source)).toBeUndefined();
});

describe("a query reads several programs as one", () => {
  const programs = (series: string, labels: readonly string[]) =>
    series === "shared_total" && !labels.includes("queue") ? ["agent", "gateway"] : ["agent"];
  const ambiguous = (query: string) => ambiguousSelections(query, programs);

  test("when nothing says whose series it means", () => {
    expect(ambiguous('sum(rate(shared_total{namespace="a"}[5m]))')).toEqual([
      'shared_total{namespace="a"} is exposed by agent, gateway: it needs a job',
    ]);
  });

  test.each([
    ["a job", 'shared_total{job="agent"}'],
    ["a label that one of them has", 'shared_total{queue="a"}'],
    ["that such a label is not empty", 'shared_total{queue!=""}'],
    ["the pods of one", "shared_total and on (namespace, pod) agent_info"],
    ["a series that one has", "own_total"],
  ])("unless the query names %s", (_, query) => expect(ambiguous(query)).toEqual([]));
});

test("series of no known program are named", () => {
  expect(unknownSeries("sum(sent_total) / foreign_total + foreign_total + gone", source)).toEqual(["foreign_total"]);
});

test.each([
  ["aggregated away", "sum by (integration) (failed_total)", ["integration"]],
  ["not matched on", "failed_total * on (integration) sent_total", ["integration"]],
  ["ignored", "failed_total - ignoring (reason) sent_total", ["integration", "pod"]],
  ["of the right side", "sent_total and on (integration) failed_total", ["integration", "pod"]],
])("labels that are %s are none of the result's", (_, query, kept) => {
  expect(absentLabels(query, ["integration", "reason", "pod"], source)).toEqual(
    ["integration", "reason", "pod"].filter((label) => !kept.includes(label)),
  );
});

const kind = (series: string) => (series.endsWith("_total") ? "counter" : series === "untyped" ? undefined : "gauge");

test.each([
  ["the rate of a gauge", 'sum(rate(queue{a="b"}[5m]))', ["rate of queue, which is a gauge"]],
  ["the slope of a counter", "deriv(sent_total[5m] offset 1h) > 0", ["deriv of sent_total, which is a counter"]],
  ["what is right", "rate(sent_total[5m]) > predict_linear(queue[1h], 60) + max_over_time(sent_total[5m])", []],
  ["what is not known", "rate(untyped[5m]) + delta(untyped[5m])", []],
])("functions are held to the kind of their series: %s", (_, query, errors) => {
  expect(kindErrors(query, kind)).toEqual(errors);
});
