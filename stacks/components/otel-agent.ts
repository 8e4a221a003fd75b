import { z } from "zod";
import type { ObservabilityProps } from "../../components/observability.ts";
import { kubeletMetrics, validateOtelAgent } from "../../components/otel-agent/index.ts";
import { labelKey, labelValue } from "../../lib/formats/index.ts";
import { queueStorages } from "../../lib/otel/index.ts";
import type { CheckedStack } from "../checks.ts";
import { type Facts, withoutUndefined } from "../facts.ts";
import { problemsOfComponent } from "../findings.ts";
import { mapping, unique } from "../formats.ts";
import type { Problem } from "../problem.ts";
import { collectorAdditionsOf } from "../schema/collectors.ts";
import { agentOptions, optionsIn } from "../schema/options.ts";
import { switchable } from "../schema/switch.ts";
import { snippet } from "../snippet.ts";

export const schema = switchable(
  {
    ...agentOptions,
    nodeSelector: mapping(labelKey, labelValue)
      .optional()
      .describe("Labels of the nodes that run an agent. By default every node."),
    service: z
      .enum(["node-local", "cluster"])
      .optional()
      .describe(
        "Which agent applications reach through the Service: the one on their own node, or any. By default node-local, and cluster with a nodeSelector.",
      ),
    routing: z
      .enum(["trace-id", "any"])
      .default("trace-id")
      .describe("How spans are distributed over the gateways; any is only valid with one gateway."),
    resolver: z
      .enum(["kubernetes", "dns"])
      .default("kubernetes")
      .describe("How agents discover the gateway pods: through the Kubernetes API, or DNS."),
    queue: z
      .enum(queueStorages)
      .default("memory")
      .describe(
        "Where telemetry waits that cannot be sent: in memory for a minute, or on disk for a quarter of an hour, also while the agent restarts.",
      ),
    kubeletMetrics: unique(z.enum(kubeletMetrics).describe("A metric."))
      .optional()
      .describe(
        "Metrics that are read from the kubelet. By default CPU, memory and file systems of containers, pods and nodes.",
      ),
    kubeletInsecure: z.boolean().default(false).describe("Skip verification of the kubelet's certificate."),
  },
  true,
).describe("OpenTelemetry Collector on every node.");

export function settings({ config }: Facts): Partial<ObservabilityProps> {
  const { enabled, routing, resolver, queue, kubeletInsecure, service } = config.components.otelAgent;
  if (!enabled) return {};
  const routeByTraceId = routing === "trace-id";
  const { kubeletMetrics: metrics, ...rest } = { ...config.components.otelAgent };
  const options = optionsIn(rest);
  const own = { routeByTraceId, resolver, queue, kubeletInsecure, kubeletMetrics: metrics, service };
  const added = collectorAdditionsOf(config.extra.collectors.otelAgent);
  return { otelAgent: withoutUndefined({ ...own, ...options, ...added }) };
}

export function checks(stack: CheckedStack): readonly Problem[] {
  const { otelAgent, collectors: mode, namespaces, cluster, workload } = stack.props;
  const { routeByTraceId: _, ...settings } = otelAgent ?? {};
  const given = { namespace: namespaces.stack, cluster, workload, mode };
  const findings = otelAgent ? validateOtelAgent({ ...given, ...settings }) : [];
  // Agents on hosts that allow none are reported for all components at once.
  const own = findings.filter(({ code }) => code !== "SKP1209");
  return problemsOfComponent("otelAgent", own).map((problem) =>
    problem.code === "SKP1213" ? { ...problem, fix: snippet(["collectors"], "native") } : problem,
  );
}
