import type { RuleGroup } from "../../../lib/monitoring/rules.ts";

/** Groups never expire: what a job pushed last year is still scraped as current. @param staleSeconds age in seconds at which a push is stale */
export function pushgatewayAlerts(staleSeconds: number): RuleGroup {
  return {
    name: "pushgateway",
    rules: [
      {
        alert: "PushgatewayGroupStale",
        expr: `time() - push_time_seconds > ${staleSeconds}`,
        for: "15m",
        severity: "warning",
        summary: "A Pushgateway group is stale.",
        description:
          "The group of job {{ $labels.job }} was last pushed {{ $value | humanizeDuration }} ago and is still scraped. Groups never expire: find out why the job no longer runs, or delete the group.",
      },
      {
        alert: "PushgatewayPushFailing",
        expr: "push_failure_time_seconds > push_time_seconds",
        for: "5m",
        severity: "warning",
        summary: "A push to the Pushgateway was rejected.",
        description:
          "The last push of job {{ $labels.job }} was inconsistent with metrics that the Pushgateway already holds: its metrics are those of an earlier run.",
      },
    ],
  };
}
