import { z } from "zod";
import type { ObservabilityProps } from "../../components/observability.ts";
import { gatewayReplicas, validateOtelGateway } from "../../components/otel-gateway/index.ts";
import { attributeName, urlPath } from "../../lib/formats/index.ts";
import { flowSpansPerNode } from "../../lib/sizing/index.ts";
import type { CheckedStack } from "../checks.ts";
import { type Facts, withoutUndefined } from "../facts.ts";
import { problemsOfComponent, sharedProps } from "../findings.ts";
import { text, unique } from "../formats.ts";
import type { Problem } from "../problem.ts";
import { duration } from "../quantities.ts";
import type { ResolvedStack } from "../resolve.ts";
import { collectorAdditionsOf } from "../schema/collectors.ts";
import { optionsIn, statelessOptions } from "../schema/options.ts";
import { outsideRouteSchema } from "../schema/route.ts";
import { switchable } from "../schema/switch.ts";
import { snippet } from "../snippet.ts";
import { type Prerequisite, routePrerequisites } from "./needs.ts";

export const schema = switchable(
  {
    ...statelessOptions,
    tailSampling: z
      .strictObject({
        decisionWait: duration("1s", "10m").default(30).describe("How long a trace waits for its spans; 1s to 10m."),
        latencyThreshold: duration("1ms", "1h").default(1).describe("Traces that take longer are kept."),
        keepPercent: z.number().min(0).max(100).default(50).describe("Percentage of the other traces that is kept."),
      })
      .prefault({})
      .describe("Which traces are kept; traces with errors always are."),
    probePaths: unique(text(urlPath).describe("Path of a URL: /healthz."))
      .optional()
      .describe(
        "Paths of health probes, whose traces are dropped unless they contain an error. By default /healthz, /livez, /readyz and /startupz.",
      ),
    resourceLabels: z
      .union([z.literal("all"), unique(text(attributeName).describe("Name of a resource attribute."))])
      .default("all")
      .describe("Resource attributes that become labels of the metrics on :8889."),
    spanMetrics: z
      .boolean()
      .default(false)
      .describe(
        "Whether to compute request rate, errors and duration of each service from spans, before sampling. Agents then send every span twice, and there are about 20 series per operation, kind and status.",
      ),
    route: outsideRouteSchema
      .optional()
      .describe("How telemetry reaches the gateways from outside the cluster. By default it does not."),
  },
  true,
).describe("OpenTelemetry Collectors that sample traces and expose metrics.");

export function settings({ config }: Facts): Partial<ObservabilityProps> {
  const { enabled, tailSampling, probePaths, resourceLabels, spanMetrics, route } = config.components.otelGateway;
  if (!enabled) return {};
  const { decisionWait, latencyThreshold, keepPercent } = tailSampling;
  return {
    otelGateway: {
      ...optionsIn(config.components.otelGateway),
      ...(probePaths && { probePaths }),
      tailSampling: { decisionWaitSeconds: decisionWait, latencyThresholdMs: latencyThreshold * 1000, keepPercent },
      resourceLabels,
      spanMetrics,
      ...collectorAdditionsOf(config.extra.collectors.otelGateway),
      ...(route && { route: withoutUndefined(route) }),
    },
  };
}

export function checks(stack: CheckedStack): readonly Problem[] {
  const { otelGateway } = stack.props;
  const findings = otelGateway ? validateOtelGateway({ ...sharedProps(stack), ...otelGateway }) : [];
  return [...problemsOfComponent("otelGateway", findings), ...routesByTraceId(stack)];
}

export function prerequisites({ config }: ResolvedStack): readonly Prerequisite[] {
  const { enabled, route } = config.components.otelGateway;
  return enabled && route ? routePrerequisites(route, config.namespaces.stack, "the gateways' OTLP") : [];
}

function routesByTraceId({ config, workload }: CheckedStack): readonly Problem[] {
  const { otelAgent, otelGateway } = config.components;
  const { enabled, routing } = otelAgent;
  const flows = config.components.flowAgent.enabled ? flowSpansPerNode(workload) * workload.nodes : 0;
  const replicas = otelGateway.replicas ?? gatewayReplicas(workload, config.availability, flows);
  if (!enabled || !otelGateway.enabled || replicas < 2 || routing === "trace-id") return [];
  return [
    {
      code: "SKP1203",
      path: "skopos:components.otelAgent.routing",
      message: `"any" with ${replicas} gateways that sample`,
      fix: snippet(["components", "otelAgent", "routing"], "trace-id"),
    },
  ];
}
