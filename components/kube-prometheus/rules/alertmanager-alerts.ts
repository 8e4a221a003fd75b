import type { RuleGroup } from "../../../lib/monitoring/rules.ts";

const up = 'up{job="alertmanager"}';
/** Failures are counted by reason, notifications are not. */
const failures =
  "sum without (reason) (rate(alertmanager_notifications_failed_total[5m])) / rate(alertmanager_notifications_total[5m])";

/** The stack's Alertmanager cluster. @param members number of its pods */
export function alertmanagerAlerts(members: number): RuleGroup {
  return {
    name: "alertmanager",
    local: true,
    rules: [
      {
        alert: "AlertmanagerFailedReload",
        expr: "max_over_time(alertmanager_config_last_reload_successful[5m]) == 0",
        for: "10m",
        severity: "critical",
        summary: "Alertmanager failed to reload its configuration.",
        description:
          "{{ $labels.pod }} runs with an outdated configuration: changes to receivers and routes have no effect.",
      },
      {
        alert: "AlertmanagerFailedToSendAlerts",
        expr: `${failures} > 0.01`,
        for: "10m",
        severity: "warning",
        summary: "An Alertmanager instance failed to send notifications.",
        description:
          "{{ $labels.pod }} fails to send {{ $value | humanizePercentage }} of its notifications to {{ $labels.integration }}.",
      },
      ...(members > 1
        ? [
            {
              alert: "AlertmanagerClusterFailedPeers",
              expr: "max_over_time(alertmanager_cluster_failed_peers[5m]) > 0",
              for: "15m",
              severity: "warning",
              summary: "An Alertmanager instance has lost peers of its cluster.",
              description: "{{ $labels.pod }} has {{ $value }} failed peers.",
            } as const,
            {
              alert: "AlertmanagerMembersInconsistent",
              expr: `max_over_time(alertmanager_cluster_members[5m]) < ${members}`,
              for: "15m",
              severity: "warning",
              summary: "A member of the Alertmanager cluster does not see all other members.",
              description: `{{ $labels.pod }} sees {{ $value }} of ${members} members: notifications may be sent more than once.`,
            } as const,
          ]
        : []),
    ],
  };
}

/** Alertmanager as a cluster: rules that compare its pods, of which each Prometheus shard may only see some. */
export const alertmanagerClusterAlerts: RuleGroup = {
  name: "alertmanager-cluster",
  rules: [
    {
      alert: "AlertmanagerClusterFailedToSendAlerts",
      expr: `min by (cluster, namespace, service, integration) (${failures}) > 0.01`,
      for: "5m",
      severity: "critical",
      summary: "All Alertmanager instances failed to send notifications to an integration.",
      description:
        "At least {{ $value | humanizePercentage }} of the notifications to {{ $labels.integration }} fail in every instance: nobody is notified by it.",
    },
    {
      alert: "AlertmanagerConfigInconsistent",
      expr: 'count by (cluster, namespace, service) (count_values by (cluster, namespace, service) ("config_hash", alertmanager_config_hash)) != 1',
      for: "20m",
      severity: "critical",
      summary: "Alertmanager instances have different configurations.",
      description: "The instances of {{ $labels.service }} run with {{ $value }} different configurations.",
    },
    {
      alert: "AlertmanagerClusterDown",
      expr: `count by (cluster, namespace, job) (avg_over_time(${up}[5m]) < 0.5) / count by (cluster, namespace, job) (${up}) >= 0.5`,
      for: "5m",
      severity: "critical",
      summary: "Half or more of the Alertmanager instances are down.",
      description: "{{ $value | humanizePercentage }} of the instances have been down for most of 5 minutes.",
    },
    {
      alert: "AlertmanagerClusterCrashlooping",
      expr:
        'count by (cluster, namespace, job) (changes(process_start_time_seconds{job="alertmanager"}[10m]) > 4)' +
        ` / count by (cluster, namespace, job) (${up}) >= 0.5`,
      for: "5m",
      severity: "critical",
      summary: "Half or more of the Alertmanager instances are crash looping.",
      description: "{{ $value | humanizePercentage }} of the instances have restarted more than 4 times in 10 minutes.",
    },
  ],
};
