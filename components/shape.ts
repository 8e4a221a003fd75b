import {
  dnsLabel,
  flag,
  lokiLimit,
  mapOf,
  mimirLimit,
  oneOf,
  type Shape,
  TextOr,
  tenantName,
  unchecked,
  uniqueListOf,
} from "../lib/formats/index.ts";
import { componentShape, endpointShape } from "../lib/kubernetes/index.ts";
import { availabilityShape, retentionShape } from "../lib/sizing/index.ts";
import { AlloyChart } from "./alloy/index.ts";
import { FlowAgentChart } from "./flow-agent/index.ts";
import { GrafanaChart } from "./grafana/index.ts";
import { KubePrometheusChart } from "./kube-prometheus/index.ts";
import { LokiChart } from "./loki/index.ts";
import { MimirChart } from "./mimir/index.ts";
import { OtelAgentChart } from "./otel-agent/index.ts";
import { OtelGatewayChart } from "./otel-gateway/index.ts";
import { PushgatewayChart } from "./pushgateway/index.ts";
import { TracesChart } from "./traces/index.ts";

const backendShape = { ...endpointShape, backend: oneOf("jaeger", "tempo") };

const { cluster, images, certificateAuthorities, priorityClassName, evaluator, runbooks, alertOverrides } =
  componentShape;

/** What each part of a whole stack's props may be. */
export const observabilityShape: Shape = {
  cluster,
  images,
  certificateAuthorities,
  priorityClassName,
  evaluator,
  runbooks,
  alertOverrides,
  namespaces: { stack: dnsLabel, agents: dnsLabel, create: flag },
  networkPolicies: flag,
  extra: unchecked,
  dataSources: unchecked,
  workload: unchecked,
  retention: retentionShape,
  availability: availabilityShape,
  collectors: oneOf("native", "operator"),
  external: {
    prometheus: endpointShape,
    alertmanager: endpointShape,
    mimir: { push: endpointShape, otlp: endpointShape, query: endpointShape, remoteRead: endpointShape },
    loki: { push: endpointShape, otlp: endpointShape, query: endpointShape },
    traces: { otlp: backendShape, query: backendShape },
  },
  tenants: mapOf(tenantName, {
    namespaces: uniqueListOf(dnsLabel),
    mimir: mapOf(mimirLimit, unchecked),
    loki: mapOf(lokiLimit, unchecked),
  }),
  otelAgent: OtelAgentChart.shape as Shape,
  otelGateway: OtelGatewayChart.shape as Shape,
  flowAgent: FlowAgentChart.shape as Shape,
  kubePrometheus: KubePrometheusChart.shape as Shape,
  mimir: MimirChart.shape as Shape,
  loki: LokiChart.shape as Shape,
  traces: TracesChart.shape as Shape,
  alloy: AlloyChart.shape as Shape,
  grafana: new TextOr(oneOf("external"), GrafanaChart.shape as Shape),
  pushgateway: PushgatewayChart.shape as Shape,
};
