import { z } from "zod";
import * as alertmanager from "./alertmanager.ts";
import * as alloy from "./alloy.ts";
import * as flowAgent from "./flow-agent.ts";
import * as grafana from "./grafana.ts";
import * as loki from "./loki.ts";
import * as mimir from "./mimir.ts";
import * as nodeExporter from "./node-exporter.ts";
import * as otelAgent from "./otel-agent.ts";
import * as otelGateway from "./otel-gateway.ts";
import * as prometheus from "./prometheus.ts";
import * as pushgateway from "./pushgateway.ts";
import type { ComponentRoom } from "./room.ts";
import * as traces from "./traces.ts";

/** What is allowed under `skopos:components`: one switch per component. */
export const componentsSchema = z.strictObject({
  otelAgent: otelAgent.schema,
  otelGateway: otelGateway.schema,
  flowAgent: flowAgent.schema,
  prometheus: prometheus.schema,
  alertmanager: alertmanager.schema,
  nodeExporter: nodeExporter.schema,
  pushgateway: pushgateway.schema,
  grafana: grafana.schema,
  mimir: mimir.schema,
  loki: loki.schema,
  traces: traces.schema,
  alloy: alloy.schema,
});

/** The components, in the order in which a plan lists what they need. */
export const components: readonly ComponentRoom[] = [
  otelAgent,
  otelGateway,
  flowAgent,
  prometheus,
  alertmanager,
  nodeExporter,
  pushgateway,
  grafana,
  mimir,
  loki,
  traces,
  alloy,
];
