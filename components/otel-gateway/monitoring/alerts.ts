import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import type { Alert, RuleGroup } from "../../../lib/monitoring/rules.ts";
import { collectorAlerts, collectorName, selfMetrics } from "../../../lib/otel/index.ts";

export interface OtelGatewayAlertProps {
  /** Gateways that there should be. */
  readonly replicas: number;
  /** Whether it samples traces. */
  readonly samples: boolean;
}

/** Alerts about the gateway: what every collector needs, its scrape targets, and sampling. */
export function otelGatewayAlerts(chart: ComponentChart, { replicas, samples }: OtelGatewayAlertProps): RuleGroup[] {
  const exposed = `namespace="${chart.home}", job="${collectorName(chart)}-headless"`;
  return [
    {
      name: "otel-gateway",
      rules: [
        ...collectorAlerts(chart, "OtelGateway", "gateway"),
        {
          alert: "OtelGatewayTargetsWrong",
          // More targets than gateways: a monitor matches two Services, and everything is stored twice.
          expr: `(count(up{${exposed}} == 1) or vector(0)) != ${replicas}`,
          for: "15m",
          severity: "warning",
          summary: "Prometheus scrapes the wrong number of gateways",
          description: `{{ $value }} gateways answer on :8889 instead of ${replicas}: fewer means that metrics are missing, more that they are stored twice.`,
        },
        ...(samples ? samplingAlerts(selfMetrics(chart)) : []),
      ],
    },
  ];
}

function samplingAlerts(own: string): Alert[] {
  const perPod = (metric: string) => `sum by (pod) (rate(otelcol_processor_tail_sampling_${metric}{${own}}[5m]))`;
  return [
    {
      alert: "OtelGatewayTracesDroppedEarly",
      expr: `${perPod("sampling_trace_dropped_too_early_total")} > 0`,
      for: "10m",
      severity: "warning",
      summary: "Traces are dropped before they are decided",
      description:
        "{{ $labels.pod }} drops {{ $value | humanize }} traces/s before their wait is over: more traces are in flight than it may hold, errors and slow ones among them.",
    },
    {
      alert: "OtelGatewayLateSpans",
      // A remembered decision answers for a late span; without that memory the collector would count the span's age instead.
      expr: `${perPod("early_releases_from_cache_decision_total")} / sum by (pod) (rate(otelcol_receiver_accepted_spans_total{${own}, receiver="otlp"}[5m])) > 0.01`,
      for: "15m",
      severity: "warning",
      summary: "Spans arrive after their trace was decided",
      description:
        "{{ $value | humanizePercentage }} of the spans of {{ $labels.pod }} come after the decision: the wait is shorter than traces take, or an agent's queue holds spans back.",
    },
    {
      alert: "OtelGatewaySamplingErrors",
      expr: `${perPod("sampling_policy_evaluation_error_total")} > 0`,
      for: "5m",
      severity: "warning",
      summary: "A sampling policy cannot be evaluated",
      description: "{{ $labels.pod }} fails to evaluate a sampling policy {{ $value | humanize }} times/s.",
    },
  ];
}
