import { clusterVariable, type Dashboard } from "../../../lib/monitoring/dashboard.ts";
import { runbook } from "../../../lib/monitoring/panel.ts";

const pushed = 'cluster=~"$cluster", job=~"$job"';

/** When each job last pushed, and whether that push was accepted. */
export const pushgatewayDashboard: Dashboard = {
  uid: "skopos-pushgateway",
  title: "Pushgateway",
  description: "Age of every pushed group. Groups never expire: an old group belongs to a job that no longer runs.",
  variables: [clusterVariable, { name: "job", title: "Job", of: 'push_time_seconds{cluster=~"$cluster"}' }],
  links: [{ title: "Overview", dashboard: "skopos-overview" }],
  rows: [
    {
      title: "Groups",
      panels: [
        {
          type: "stat",
          title: "Groups",
          unit: "none",
          noValue: "0",
          queries: [{ promql: `count(push_time_seconds{${pushed}})` }],
        },
        {
          type: "stat",
          title: "Groups whose last push was rejected",
          unit: "none",
          noValue: "0",
          thresholds: { warning: 1 },
          queries: [
            { promql: `count(push_failure_time_seconds{${pushed}} > push_time_seconds{${pushed}}) or vector(0)` },
          ],
          links: [runbook("PushgatewayPushFailing")],
        },
        {
          type: "table",
          title: "Age of each group",
          columns: [
            { field: "job", title: "Job" },
            { field: "instance", title: "Instance" },
            { field: "Value", title: "Age", unit: "s", thresholds: { warning: 86_400 } },
          ],
          queries: [{ promql: `time() - push_time_seconds{${pushed}}` }],
        },
      ],
    },
  ],
};
