import { App } from "cdk8s";
import { test } from "vitest";
import { type AlertCase, checkRules, constant, counter, gauge, runAlertCases } from "../../../test/support/alerts.ts";
import { GrafanaChart } from "../index.ts";

const chart = () => new GrafanaChart(new App(), "grafana", { namespace: "observability" });

const own = 'namespace="observability",job="grafana"';
const requests = `grafana_http_request_duration_seconds_count{${own},handler="/api/ds/query",method="POST"`;
const queries = `grafana_plugin_request_total{${own},plugin_id="loki",endpoint="queryData"`;

const cases: AlertCase[] = [
  {
    alert: "GrafanaDown",
    series: { [`up{${own},instance="a"}`]: gauge(0, 1), 'up{namespace="shop",job="grafana"}': constant(1) },
  },
  { alert: "GrafanaDown", series: { [`up{${own},instance="a"}`]: gauge(undefined, 1) } },
  {
    alert: "GrafanaRequestsFailing",
    series: { [`${requests},status_code="500"}`]: counter(6, 4), [`${requests},status_code="200"}`]: counter(94, 96) },
  },
  {
    alert: "GrafanaDataSourceFailing",
    series: { [`${queries},status="error"}`]: counter(51, 49), [`${queries},status="ok"}`]: counter(49, 51) },
  },
  {
    alert: "GrafanaLoginsFailing",
    series: { [`grafana_authn_authn_failed_login_total{${own},client="auth.client.form"}`]: counter(2, 1) },
  },
  { alert: "GrafanaDashboardsMissing", series: { [`grafana_stat_totals_dashboard{${own}}`]: gauge(0, 1) } },
];

test("every alert fires above its threshold, stays silent just below it, and resolves", () => {
  runAlertCases(chart(), cases);
});

test("promtool and its linter accept every rule", () => {
  checkRules(chart());
});
