import { App } from "cdk8s";
import { test } from "vitest";
import { checkRules, constant, gauge, runAlertCases, slope } from "../../../test/support/alerts.ts";
import { PushgatewayChart } from "../index.ts";

const chart = new PushgatewayChart(new App(), "push", { namespace: "observability", staleSeconds: 600 });

test("every alert fires above its threshold, stays silent just below it, and resolves", () => {
  runAlertCases(chart, [
    // promtool's clock starts at zero: a push at zero is ten minutes old after ten minutes.
    { alert: "PushgatewayGroupStale", series: { 'push_time_seconds{job="backup"}': slope([0, 0], [2400, 60]) } },
    {
      alert: "PushgatewayPushFailing",
      series: {
        'push_failure_time_seconds{job="backup"}': gauge(101, 100),
        'push_time_seconds{job="backup"}': constant(100),
      },
    },
  ]);
});

test("promtool and its linter accept every rule", () => {
  checkRules(chart);
});
