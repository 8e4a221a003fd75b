import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import type { RuleGroup } from "../../../lib/monitoring/rules.ts";

/** Alerts about Grafana itself. Its series are those of the Service's own job, in its namespace. */
export function grafanaAlerts({ name, home }: Pick<ComponentChart, "name" | "home">): RuleGroup[] {
  const own = `namespace="${home}", job="${name}"`;
  const requests = (more = "") => `sum(rate(grafana_http_request_duration_seconds_count{${own}${more}}[5m]))`;
  // Counts queries that never got an answer, too: requests to data sources are counted by status code alone.
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
          summary: "No Grafana can be scraped",
          description:
            "Nobody can look at dashboards, logs or traces. Alerts are evaluated and sent elsewhere: they still arrive.",
        },
        {
          alert: "GrafanaRequestsFailing",
          // At least one request in ten seconds: below, one failed reload would be a share that looks alarming.
          expr: `${requests(', status_code=~"5.."')} / ${requests()} > 0.05 and ${requests()} > 0.1`,
          for: "10m",
          severity: "warning",
          summary: "Grafana answers requests with errors",
          description: "{{ $value | humanizePercentage }} of the requests to Grafana end in a server error.",
        },
        {
          alert: "GrafanaDataSourceFailing",
          // Half of them: people who are still typing a query cause errors too.
          expr: `${queries(', status="error"')} / ${queries()} > 0.5 and ${queries()} > 0.05`,
          for: "10m",
          severity: "warning",
          summary: "A data source of Grafana fails",
          description:
            "{{ $value | humanizePercentage }} of the queries to data sources of type {{ $labels.plugin_id }} fail: panels that use them are empty.",
        },
        {
          alert: "GrafanaLoginsFailing",
          expr: `sum(increase(grafana_authn_authn_failed_login_total{${own}}[15m])) > 20`,
          for: "5m",
          severity: "warning",
          summary: "Many logins to Grafana fail",
          description:
            "{{ $value | humanize }} logins failed within 15 minutes: single sign-on or LDAP is broken, or somebody is guessing passwords.",
        },
        {
          alert: "GrafanaDashboardsMissing",
          // Without this job's series nothing is known: GrafanaDown says so.
          expr: `max(grafana_stat_totals_dashboard{${own}}) < 1`,
          for: "30m",
          severity: "warning",
          summary: "Grafana shows no dashboard at all",
          description: "No dashboard was provisioned: the sidecar cannot read ConfigMaps, or their files are refused.",
        },
      ],
    },
  ];
}
