import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import type { Alert, RuleGroup } from "../../../lib/monitoring/rules.ts";
import { collectorAlerts, collectorName, oneOfReceivers, selfMetrics } from "../../../lib/otel/index.ts";

export interface OtelGatewayAlertProps {
  /** Expected number of gateways. */
  readonly replicas: number;
  /** Whether the gateway samples traces. */
  readonly samples: boolean;
  /** Receivers by which spans arrive, each span at one of them. */
  readonly spanReceivers: readonly string[];
}

/** Alerts about the gateway: those of every collector, its scrape targets, and tail sampling. */
export function otelGatewayAlerts(
  chart: ComponentChart,
  { replicas, samples, spanReceivers }: OtelGatewayAlertProps,
): RuleGroup[] {
  const exposed = `namespace="${chart.home}", job="${collectorName(chart)}-headless"`;
  return [
    {
      name: "otel-gateway",
      rules: [
        ...collectorAlerts(chart, "OtelGateway", "gateway"),
        {
          alert: "OtelGatewayTargetsWrong",
          // More targets than gateways: a monitor selects two Services, and every series is stored twice.
          expr: `(count(up{${exposed}} == 1) or vector(0)) != ${replicas}`,
          for: "15m",
          severity: "warning",
          summary: "Prometheus scrapes an unexpected number of OpenTelemetry gateways.",
          description: `Prometheus scrapes {{ $value }} gateways on :8889 instead of ${replicas}. With fewer, metrics are missing; with more, they are stored twice.`,
        },
        ...(samples ? samplingAlerts(selfMetrics(chart), spanReceivers) : []),
      ],
    },
  ];
}

function samplingAlerts(own: string, spanReceivers: readonly string[]): Alert[] {
  const perPod = (metric: string) => `sum by (pod) (rate(otelcol_processor_tail_sampling_${metric}{${own}}[5m]))`;
  return [
    {
      alert: "OtelGatewayTracesDroppedEarly",
      expr: `${perPod("sampling_trace_dropped_too_early_total")} > 0`,
      for: "10m",
      severity: "warning",
      summary: "The OpenTelemetry gateway drops traces before the sampling decision.",
      description:
        "{{ $labels.pod }} drops {{ $value | humanize }} traces/s before their decision wait is over, because more traces are in flight than num_traces allows. Errors and slow traces are among them.",
    },
    {
      alert: "OtelGatewayLateSpans",
      // With a decision cache, late spans are counted when they are released from it rather than by their age.
      expr: `${perPod("early_releases_from_cache_decision_total")} / sum by (pod) (rate(otelcol_receiver_accepted_spans_total{${own}, ${oneOfReceivers(spanReceivers)}}[5m])) > 0.01`,
      for: "15m",
      severity: "warning",
      summary: "Spans arrive after the sampling decision of their trace.",
      description:
        "{{ $value | humanizePercentage }} of the spans that {{ $labels.pod }} receives arrive after the decision: the decision wait is shorter than traces take, or an agent's queue delays spans.",
    },
    {
      alert: "OtelGatewaySamplingErrors",
      expr: `${perPod("sampling_policy_evaluation_error_total")} > 0`,
      for: "5m",
      severity: "warning",
      summary: "A tail sampling policy cannot be evaluated.",
      description: "{{ $labels.pod }} fails to evaluate a sampling policy {{ $value | humanize }} times/s.",
    },
  ];
}
