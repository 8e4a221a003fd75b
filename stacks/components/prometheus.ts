import { z } from "zod";
import { prometheusShards } from "../../components/kube-prometheus/index.ts";
import type { ExternalEndpoints, ObservabilityProps } from "../../components/observability.ts";
import type { CheckedStack } from "../checks.ts";
import { externalEndpoint } from "../external.ts";
import { type Facts, withoutUndefined } from "../facts.ts";
import type { Problem } from "../problem.ts";
import { externalSchema, switchable } from "../schema/switch.ts";
import type { StackConfig } from "../schema.ts";
import { snippet } from "../snippet.ts";

export const schema = switchable(
  {
    external: externalSchema.optional().describe("An externally managed Prometheus: none is deployed."),
    watchAllMonitors: z
      .boolean()
      .default(false)
      .describe("Whether to use every ServiceMonitor, PodMonitor and rule, whatever its labels."),
    remoteRead: z
      .boolean()
      .default(false)
      .describe("Whether Prometheus queries Mimir for samples older than its own retention."),
    crds: z.boolean().default(true).describe("Whether to install the operator's CRDs."),
    operator: z
      .boolean()
      .default(true)
      .describe("Whether to install the operator; turn it off if the cluster already runs one."),
    kubeletInsecure: z.boolean().default(false).describe("Skip verification of the kubelet's certificate."),
  },
  true,
).describe("Prometheus, its operator, kube-state-metrics and the rules.");

export function settings({ config }: Facts): Partial<ObservabilityProps> {
  const { prometheus, mimir, nodeExporter } = config.components;
  if (!prometheus.enabled) return {};
  const { remoteRead, watchAllMonitors, crds, operator, kubeletInsecure } = prometheus;
  return {
    kubePrometheus: {
      readsMimir: remoteRead && mimir.enabled,
      watchAllMonitors,
      crds,
      operator,
      kubeletInsecure,
      nodeExporter: nodeExporter.enabled,
      alerts: {
        receivers: config.alerts.receivers.map(withoutUndefined),
        ...(config.alerts.deadMansSwitch && { deadMansSwitch: config.alerts.deadMansSwitch }),
      },
    },
  };
}

export function external({ components: { prometheus } }: StackConfig): ExternalEndpoints {
  return prometheus.external ? { prometheus: externalEndpoint(prometheus.external) } : {};
}

/** With several shards, everything that comes back from Mimir would be returned once per shard. */
export function checks({ config, workload }: CheckedStack): readonly Problem[] {
  const { prometheus, mimir } = config.components;
  const shards = prometheusShards(workload, mimir.enabled);
  if (!prometheus.enabled || !prometheus.remoteRead || shards === 1) return [];
  return [
    {
      code: "SKP1216",
      path: "skopos:components.prometheus.remoteRead",
      message: `on, with ${shards} shards`,
      fix: snippet(["components", "prometheus", "remoteRead"], "false"),
    },
  ];
}
