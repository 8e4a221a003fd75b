import type { Rule } from "../engine/rule.ts";
import { alertRules } from "./alerts/alerts.ts";
import { disruptionRules } from "./availability/disruption.ts";
import { replicaRules } from "./availability/replicas.ts";
import { ringRules } from "./availability/rings.ts";
import { labelRules } from "./cardinality/labels.ts";
import { alloyRules } from "./collectors/alloy.ts";
import { collectorMemoryRules } from "./collectors/memory.ts";
import { pipelineRules } from "./collectors/pipelines.ts";
import { removedComponentRules } from "./collectors/removed-components.ts";
import { routingRules } from "./collectors/routing.ts";
import { prometheusRules } from "./metrics/prometheus.ts";
import { queryRules } from "./metrics/queries.ts";
import { hostAccessRules } from "./pods/host-access.ts";
import { probeRules } from "./pods/probes.ts";
import { resourceRules } from "./pods/resources.ts";
import { securityContextRules } from "./pods/security-context.ts";
import { accessRules } from "./security/access.ts";
import { exposureRules } from "./security/exposure.ts";
import { securityRules } from "./security/security.ts";
import { storeQueryRules } from "./stores/queries.ts";
import { storeRules } from "./stores/stores.ts";
import { configurationRules } from "./wiring/configurations.ts";
import { monitorRules } from "./wiring/monitors.ts";
import { referenceRules } from "./wiring/references.ts";
import { serviceRules } from "./wiring/services.ts";

/** Every rule, by category. */
export const rules: readonly Rule[] = [
  ...securityContextRules,
  ...hostAccessRules,
  ...resourceRules,
  ...probeRules,
  ...disruptionRules,
  ...replicaRules,
  ...ringRules,
  ...monitorRules,
  ...serviceRules,
  ...referenceRules,
  ...configurationRules,
  ...prometheusRules,
  ...queryRules,
  ...pipelineRules,
  ...collectorMemoryRules,
  ...removedComponentRules,
  ...routingRules,
  ...alloyRules,
  ...storeRules,
  ...storeQueryRules,
  ...labelRules,
  ...securityRules,
  ...exposureRules,
  ...accessRules,
  ...alertRules,
];
