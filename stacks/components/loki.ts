import { z } from "zod";
import { lokiServices, validateLoki } from "../../components/loki/index.ts";
import type { ExternalEndpoints, ObservabilityProps } from "../../components/observability.ts";
import { streamSelector, tenantId } from "../../lib/formats/index.ts";
import type { CheckedStack } from "../checks.ts";
import { externalEndpoint } from "../external.ts";
import { type Facts, withoutUndefined } from "../facts.ts";
import { problemsOfComponent, sharedProps } from "../findings.ts";
import { text } from "../formats.ts";
import type { Problem } from "../problem.ts";
import { duration } from "../quantities.ts";
import type { ResolvedStack } from "../resolve.ts";
import { optionsIn, workloadOptions, workloadsSchema } from "../schema/options.ts";
import { externalSchema, switchable } from "../schema/switch.ts";
import type { StackConfig } from "../schema.ts";
import { bucketPrerequisite, type Prerequisite } from "./needs.ts";

export const schema = switchable(
  {
    ...workloadOptions,
    workloads: workloadsSchema(lokiServices),
    external: externalSchema.optional().describe("An externally managed Loki: nothing is deployed."),
    mode: z
      .enum(["monolithic", "microservices"])
      .optional()
      .describe("Deployment mode. By default chosen by the log volume."),
    tenant: text(tenantId).default("anonymous").describe("Tenant of all logs, sent as X-Scope-OrgID."),
    bucketLifecycle: duration("1d", "100y")
      .optional()
      .describe("Age at which a lifecycle rule of the bucket deletes objects; must exceed every retention."),
    streamRetention: z
      .array(
        z
          .strictObject({
            selector: text(streamSelector).describe("LogQL stream selector: '{level=\"debug\"}'."),
            priority: z.int().min(1).max(1000).describe("Of several matching selectors, the highest priority wins."),
            retention: duration("24h").describe("How long matching streams are kept; at least 24h."),
          })
          .describe("Streams that a selector matches, and how long they are kept."),
      )
      .default([])
      .describe("Streams with their own retention."),
  },
  true,
).describe("Logs.");

export function settings({ config, objectStore, bucketPrefix }: Facts): Partial<ObservabilityProps> {
  const { enabled, external, mode, tenant, streamRetention, bucketLifecycle } = config.components.loki;
  if (!enabled || external) return {};
  const { logAlerts } = config.extra;
  const additionalAlerts =
    logAlerts.length > 0
      ? logAlerts.map((group) => withoutUndefined({ ...group, rules: group.rules.map(withoutUndefined) }))
      : undefined;
  const bucket = `${bucketPrefix}loki`;
  const options = optionsIn(config.components.loki);
  return {
    loki: withoutUndefined({
      mode,
      tenant,
      streamRetention,
      objectStore,
      bucket,
      bucketLifecycle,
      ...options,
      additionalAlerts,
    }),
  };
}

export function external({ components: { loki } }: StackConfig): ExternalEndpoints {
  if (!loki.external) return {};
  const address = loki.external;
  return {
    loki: {
      push: externalEndpoint(address, "/loki/api/v1/push"),
      otlp: externalEndpoint(address, "/otlp"),
      query: externalEndpoint(address),
    },
  };
}

export function checks(stack: CheckedStack): readonly Problem[] {
  const { loki } = stack.props;
  return loki ? problemsOfComponent("loki", validateLoki({ ...sharedProps(stack), ...loki })) : [];
}

export function prerequisites({ config }: ResolvedStack): readonly Prerequisite[] {
  const { enabled, external } = config.components.loki;
  return enabled && !external ? bucketPrerequisite(config, "loki") : [];
}
