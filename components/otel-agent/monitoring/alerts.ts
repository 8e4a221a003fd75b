import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import { podsNotReady } from "../../../lib/monitoring/daemon-set.ts";
import type { RuleGroup } from "../../../lib/monitoring/rules.ts";
import { collectorAlerts, collectorName, selfMetrics } from "../../../lib/otel/index.ts";

/** Alerts about the agents: those of every collector, nodes without an agent, and the connections to gateway and kubelet. */
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
          expr: `${podsNotReady(daemonSet)} > 0`,
          for: "15m",
          severity: "warning",
          summary: "Nodes are without a ready OpenTelemetry agent.",
          description:
            "{{ $value }} nodes have no ready agent: telemetry of their applications and their kubelet metrics are lost.",
        },
        {
          alert: "OtelAgentFindsNoGateway",
          expr: `min by (pod) (otelcol_loadbalancer_num_backends{${own}}) == 0`,
          for: "5m",
          severity: "critical",
          summary: "An OpenTelemetry agent finds no gateway.",
          description:
            "{{ $labels.pod }} has no gateway to route spans and metrics to: it refuses all spans and metrics of its node.",
        },
        {
          alert: "OtelAgentKubeletUnreachable",
          expr: `sum by (pod) (rate(otelcol_scraper_scraped_metric_points_total{${own}, receiver="kubelet_stats"}[10m])) == 0`,
          for: "10m",
          severity: "warning",
          summary: "An OpenTelemetry agent cannot read its kubelet.",
          description:
            "{{ $labels.pod }} gets no metrics from the kubelet of its node: CPU and memory metrics of that node, its pods and its containers are missing.",
        },
      ],
    },
  ];
}
