import { z } from "zod";
import type { ExternalEndpoints } from "../../components/observability.ts";
import { externalEndpoint } from "../external.ts";
import { workloadOptions } from "../schema/options.ts";
import { externalSchema } from "../schema/switch.ts";
import type { StackConfig } from "../schema.ts";

export const schema = z
  .strictObject({
    ...workloadOptions,
    external: externalSchema.optional().describe("An externally managed Alertmanager: none is deployed."),
  })
  .prefault({})
  .describe("The Alertmanager of the stack; deployed with Prometheus.");

export function external({ components: { alertmanager } }: StackConfig): ExternalEndpoints {
  return alertmanager.external ? { alertmanager: externalEndpoint(alertmanager.external) } : {};
}
