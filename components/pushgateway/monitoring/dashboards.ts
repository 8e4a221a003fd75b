import { clusterVariable, type Dashboard } from "../../../lib/monitoring/dashboard.ts";
import { runbook } from "../../../lib/monitoring/panel.ts";

const pushed = 'cluster=~"$cluster", job=~"$job"';

/** When each job pushed, and whether the last push was taken. */
export const pushgatewayDashboard: Dashboard = {
  uid: "skopos-pushgateway",
  title: "Pushgateway",
  description: "Age of every group that jobs pushed. Groups never expire: an old one is a job that is gone.",
  variables: [clusterVariable, { name: "job", title: "Job", of: 'push_time_seconds{cluster=~"$cluster"}' }],
  links: [{ title: "Overview", dashboard: "skopos-overview" }],
  rows: [
    {
      title: "Groups",
      panels: [
        {
          type: "stat",
          title: "Groups held",
          unit: "none",
          noValue: "0",
          queries: [{ promql: `count(push_time_seconds{${pushed}})` }],
        },
        {
          type: "stat",
          title: "Last push refused",
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
            { field: "Value", title: "Pushed before", unit: "s", thresholds: { warning: 86_400 } },
          ],
          queries: [{ promql: `time() - push_time_seconds{${pushed}}` }],
        },
      ],
    },
  ],
};
