import {
  bucket,
  line,
  listOf,
  lokiLimit,
  mapOf,
  oneOf,
  prometheusDuration,
  prometheusLabel,
  ruleLabel,
  type ShapeOf,
  secondCount,
  streamSelector,
  tenantId,
  unchecked,
  uniqueListOf,
  whole,
} from "../../lib/formats/index.ts";
import { componentShape, endpointShape, objectStoreShape } from "../../lib/kubernetes/index.ts";
import { logqlExpression } from "../../lib/monitoring/formats.ts";
import { alertTemplate } from "../../lib/monitoring/template.ts";
import { availabilityShape, overridesShape, retentionShape } from "../../lib/sizing/index.ts";
import type { LokiWorkload } from "./capacity.ts";
import type { LokiProps } from "./props.ts";

/** What each part of {@link LokiProps} may be. */
export const lokiShape: ShapeOf<LokiProps> = {
  ...componentShape,
  workload: unchecked,
  retention: retentionShape,
  streamRetention: listOf({ selector: streamSelector, priority: whole(1, 1000), retention: secondCount }),
  availability: availabilityShape,
  mode: oneOf("monolithic", "microservices"),
  overrides: overridesShape<LokiWorkload>({
    loki: true,
    distributor: true,
    ingester: true,
    "index-gateway": true,
    querier: true,
    "query-frontend": true,
    "query-scheduler": true,
    compactor: true,
    ruler: true,
    "chunks-cache": true,
    "results-cache": true,
  }),
  objectStore: objectStoreShape,
  bucket,
  bucketLifecycle: secondCount,
  tenant: tenantId,
  tenants: mapOf(tenantId, mapOf(lokiLimit, unchecked)),
  federatedTenants: uniqueListOf(tenantId),
  alertmanager: endpointShape,
  logAlerts: unchecked,
  additionalAlerts: listOf({
    name: line,
    interval: prometheusDuration,
    rules: listOf({
      alert: line,
      expr: logqlExpression,
      for: prometheusDuration,
      labels: mapOf(ruleLabel, alertTemplate),
      annotations: mapOf(prometheusLabel, alertTemplate),
    }),
  }),
};
