import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import type { RuleGroup } from "../../../lib/monitoring/rules.ts";
import { collectorAlerts, collectorName, selfMetrics } from "../../../lib/otel/index.ts";

/** Alerts about the agent: what every collector needs, the nodes without one, and what it talks to. */
export function otelAgentAlerts(chart: ComponentChart): RuleGroup[] {
  const own = selfMetrics(chart);
  const daemonSet = `namespace="${chart.home}", daemonset="${collectorName(chart)}"`;
  return [
    {
      name: "otel-agent",
      rules: [
        ...collectorAlerts(chart, "OtelAgent", "agent"),
        {
          alert: "OtelAgentMissingOnNodes",
          expr: `sum(kube_daemonset_status_desired_number_scheduled{${daemonSet}} - kube_daemonset_status_number_ready{${daemonSet}}) > 0`,
          for: "15m",
          severity: "warning",
          summary: "Nodes without a working agent",
          description:
            "{{ $value }} nodes have no agent that is ready: their applications' telemetry and their CPU and memory metrics are lost.",
        },
        {
          alert: "OtelAgentFindsNoGateway",
          expr: `min by (pod) (otelcol_loadbalancer_num_backends{${own}}) == 0`,
          for: "5m",
          severity: "critical",
          summary: "An agent finds no gateway",
          description: "{{ $labels.pod }} knows no gateway to route spans to: every span of its node is refused.",
        },
        {
          alert: "OtelAgentKubeletUnreachable",
          expr: `sum by (pod) (rate(otelcol_scraper_scraped_metric_points_total{${own}, receiver="kubelet_stats"}[10m])) == 0`,
          for: "10m",
          severity: "warning",
          summary: "An agent gets nothing from its kubelet",
          description:
            "{{ $labels.pod }} has read no metric from its node's kubelet: container, pod and node CPU and memory of that node are missing.",
        },
      ],
    },
  ];
}
