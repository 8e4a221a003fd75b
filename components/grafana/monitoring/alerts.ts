import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import type { RuleGroup } from "../../../lib/monitoring/rules.ts";

/** Alerts about Grafana itself. */
export function grafanaAlerts({ name, home }: Pick<ComponentChart, "name" | "home">): RuleGroup[] {
  const own = `namespace="${home}", job="${name}"`;
  const requests = (more = "") => `sum(rate(grafana_http_request_duration_seconds_count{${own}${more}}[5m]))`;
  // Also counts queries that got no response; grafana_datasource_request_total only counts responses by status code.
  const queries = (more = "") =>
    `sum by (plugin_id) (rate(grafana_plugin_request_total{${own}, endpoint="queryData"${more}}[5m]))`;
  return [
    {
      name: "grafana",
      rules: [
        {
          alert: "GrafanaDown",
          expr: `absent(up{${own}} == 1)`,
          for: "5m",
          severity: "warning",
          summary: "Grafana is down.",
          description:
            "Prometheus cannot scrape any Grafana: dashboards, logs and traces are unavailable. Alerts do not depend on Grafana and are still delivered.",
        },
        {
          alert: "GrafanaRequestsFailing",
          // At least one request per ten seconds: with less traffic, a single failed request would exceed the threshold.
          expr: `${requests(', status_code=~"5.."')} / ${requests()} > 0.05 and ${requests()} > 0.1`,
          for: "10m",
          severity: "warning",
          summary: "Grafana returns errors.",
          description: "{{ $value | humanizePercentage }} of the requests to Grafana fail with a 5xx code.",
        },
        {
          alert: "GrafanaDataSourceFailing",
          // Half of the queries: people who are still editing a query cause errors too.
          expr: `${queries(', status="error"')} / ${queries()} > 0.5 and ${queries()} > 0.05`,
          for: "10m",
          severity: "warning",
          summary: "Queries to a Grafana data source fail.",
          description:
            "{{ $value | humanizePercentage }} of the queries to {{ $labels.plugin_id }} data sources fail: panels that use them are empty.",
        },
        {
          alert: "GrafanaLoginsFailing",
          expr: `sum(increase(grafana_authn_authn_failed_login_total{${own}}[15m])) > 20`,
          for: "5m",
          severity: "warning",
          summary: "Many logins to Grafana fail.",
          description:
            "{{ $value | humanize }} logins failed within 15 minutes. Either single sign-on or LDAP is broken, or someone is guessing passwords.",
        },
        {
          alert: "GrafanaDashboardsMissing",
          // Silent while Grafana cannot be scraped: GrafanaDown covers that.
          expr: `max(grafana_stat_totals_dashboard{${own}}) < 1`,
          for: "30m",
          severity: "warning",
          summary: "Grafana has no dashboards.",
          description:
            "No dashboard has been provisioned: the sidecar cannot read ConfigMaps, or Grafana rejects their contents.",
        },
      ],
    },
  ];
}
