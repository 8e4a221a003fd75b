import type { RuleGroup } from "../../../lib/monitoring/rules.ts";

/** A group never expires by itself: what a job pushed last year is scraped as if it were of now. @param staleSeconds age of a push that is too old */
export function pushgatewayAlerts(staleSeconds: number): RuleGroup {
  return {
    name: "pushgateway",
    rules: [
      {
        alert: "PushgatewayGroupStale",
        expr: `time() - push_time_seconds > ${staleSeconds}`,
        for: "15m",
        severity: "warning",
        summary: "A job pushed long ago, and its metrics are still scraped.",
        description:
          "The group of job {{ $labels.job }} was pushed {{ $value | humanizeDuration }} ago. Groups never expire: delete it, or find out why the job no longer runs.",
      },
      {
        alert: "PushgatewayPushFailing",
        expr: "push_failure_time_seconds > push_time_seconds",
        for: "5m",
        severity: "warning",
        summary: "A job's push was refused.",
        description:
          "The last push of job {{ $labels.job }} was inconsistent with what the gateway holds: its metrics are those of an earlier run.",
      },
    ],
  };
}
