import { expect, test } from "vitest";
import { latencyPanel, ratePanel, rateStat } from "./rates.ts";

const own = 'job="a"';

test("a line for each counter and each value of the labels, named after both", () => {
  const counters = [{ counter: "sent_total" }, { counter: "lost_total", where: 'reason="full"', name: "lost" }];
  expect(ratePanel({ title: "Sent", own, by: "pod, queue", busiest: 5, counters })).toEqual({
    type: "timeseries",
    title: "Sent",
    unit: "cps",
    min: 0,
    queries: [
      {
        promql: 'topk(5, sum by (pod, queue) (rate(sent_total{job="a"}[$__rate_interval])))',
        legend: "{{pod}} {{queue}}",
      },
      {
        promql: 'topk(5, sum by (pod, queue) (rate(lost_total{job="a", reason="full"}[$__rate_interval])))',
        legend: "{{pod}} {{queue}}: lost",
      },
    ],
  });
});

test("one line where nothing tells lines apart", () => {
  const { queries } = ratePanel({ title: "Sent", own, counters: [{ counter: "sent_total", name: "sent" }] });
  expect(queries).toEqual([{ promql: 'sum(rate(sent_total{job="a"}[$__rate_interval]))', legend: "sent" }]);
  expect(rateStat({ title: "Sent", own, counter: "sent_total" }).queries).toEqual([
    { promql: 'sum(rate(sent_total{job="a"}[5m]))' },
  ]);
});

test("a percentile keeps the histogram's buckets apart", () => {
  const { queries } = latencyPanel({ title: "Duration", own, by: "route", histogram: "request_seconds" });
  expect(queries).toEqual([
    {
      promql: 'histogram_quantile(0.99, sum by (le, route) (rate(request_seconds_bucket{job="a"}[$__rate_interval])))',
      legend: "{{route}}",
    },
  ]);
});
