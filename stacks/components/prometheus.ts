import { z } from "zod";
import { controlPlaneParts, stateResources, validateKubePrometheus } from "../../components/kube-prometheus/index.ts";
import type { ExternalEndpoints, ObservabilityProps } from "../../components/observability.ts";
import { dnsLabel, dnsSubdomain, httpUrl, labelKeyOrAll, line } from "../../lib/formats/index.ts";
import type { Endpoint } from "../../lib/kubernetes/index.ts";
import type { CheckedStack } from "../checks.ts";
import { externalEndpoint } from "../external.ts";
import { type Facts, withoutUndefined } from "../facts.ts";
import { problemsOfComponent, sharedProps } from "../findings.ts";
import { text, unique } from "../formats.ts";
import type { Problem } from "../problem.ts";
import type { ResolvedStack } from "../resolve.ts";
import { optionsIn, workloadOptions, workloadsSchema } from "../schema/options.ts";
import { authenticatedRouteSchema } from "../schema/route.ts";
import { externalSchema, switchable } from "../schema/switch.ts";
import type { StackConfig } from "../schema.ts";
import { snippet } from "../snippet.ts";
import { type Prerequisite, routePrerequisites } from "./needs.ts";

const keysByResource = z.partialRecord(
  z.enum(stateResources as [string, ...string[]]),
  unique(text(labelKeyOrAll).describe("A key.")).min(1).describe("Keys, or * for all of them."),
);

const stateMetrics = z.strictObject({
  labels: keysByResource
    .optional()
    .describe("Keys of labels that kube_<object>_labels has, by resource: {pods: [team]}. By default none."),
  annotations: keysByResource
    .optional()
    .describe("Keys of annotations that kube_<object>_annotations has, by resource. By default none."),
  customResources: z
    .array(
      z
        .strictObject({
          group: text(dnsSubdomain).describe("API group."),
          version: text(dnsLabel).describe("API version."),
          kind: text(line).describe("Kind."),
          plural: text(dnsLabel).describe("Name in the API's paths: certificates."),
          metrics: z
            .array(z.looseObject({ name: text(line).describe("Name of the metric.") }).describe("A metric."))
            .min(1)
            .describe("Its metrics, in the language of kube-state-metrics' custom resource state."),
        })
        .describe("A custom resource."),
    )
    .optional()
    .describe("Custom resources whose state becomes metrics. By default none."),
});

export const schema = switchable(
  {
    ...workloadOptions,
    workloads: workloadsSchema(["operator", "kube-state-metrics"]),
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
    externalUrl: text(httpUrl)
      .optional()
      .describe("URL at which people reach Prometheus, for links in alerts. By default its Service's."),
    route: authenticatedRouteSchema
      .optional()
      .describe("How users reach Prometheus; it must authenticate them. By default they do not."),
    controlPlane: unique(z.enum(controlPlaneParts).describe("A component of the control plane."))
      .optional()
      .describe(
        "Parts of the control plane that are monitored. By default those that the platform exposes as it is set up.",
      ),
    stateMetrics: stateMetrics.optional().describe("What kube-state-metrics exposes beyond its default."),
    kubeletInsecure: z.boolean().default(false).describe("Skip verification of the kubelet's certificate."),
  },
  true,
).describe("Prometheus, its operator, kube-state-metrics and the rules.");

export function settings({ config }: Facts): Partial<ObservabilityProps> {
  const { prometheus, mimir, nodeExporter } = config.components;
  if (!prometheus.enabled) return {};
  const { rules: _, ...routing } = config.alerts;
  const { remoteRead, watchAllMonitors, crds, operator, kubeletInsecure, externalUrl, controlPlane } = prometheus;
  const { route, stateMetrics } = prometheus;
  return {
    kubePrometheus: {
      ...optionsIn(prometheus),
      workloads: withoutUndefined({
        ...optionsIn(prometheus).workloads,
        alertmanager: optionsIn(config.components.alertmanager),
        "node-exporter": optionsIn(nodeExporter),
      }),
      readsMimir: remoteRead && mimir.enabled,
      watchAllMonitors,
      crds,
      operator,
      kubeletInsecure,
      ...withoutUndefined({ externalUrl, controlPlane, stateMetrics: stateMetrics && withoutUndefined(stateMetrics) }),
      ...(route && { route: withoutUndefined(route) }),
      nodeExporter: nodeExporter.enabled,
      ...(config.extra.scrapes.length > 0 && { additionalScrapes: config.extra.scrapes.map(withoutUndefined) }),
      ...(config.extra.remoteWrites.length > 0 && {
        additionalWrites: config.extra.remoteWrites.map(({ sigv4, ...each }) =>
          withoutUndefined({ ...each, sigv4: sigv4 && withoutUndefined(sigv4) }),
        ),
      }),
      alerts: {
        ...withoutUndefined(routing),
        receivers: routing.receivers.map(withoutUndefined),
      },
    },
  };
}

export function external({ components: { prometheus } }: StackConfig): ExternalEndpoints {
  return prometheus.external ? { prometheus: externalEndpoint(prometheus.external) } : {};
}

export function prerequisites({ config }: ResolvedStack): readonly Prerequisite[] {
  const { enabled, external, route } = config.components.prometheus;
  const { alertmanager } = config.components;
  if (!enabled) return [];
  const namespace = config.namespaces.stack;
  return [
    ...(route && !external ? routePrerequisites(route, namespace, "Prometheus") : []),
    ...(config.alerts.route && !alertmanager.external
      ? routePrerequisites(config.alerts.route, namespace, "Alertmanager")
      : []),
  ];
}

/** Whether there is a long-term store decides, not where it is. */
const longTermStore: Endpoint = { scheme: "http", host: "mimir", port: 80 };

export function checks(stack: CheckedStack): readonly Problem[] {
  const { kubePrometheus, mimir, external, namespaces } = stack.props;
  if (!kubePrometheus) return [];
  const { readsMimir, ...settings } = kubePrometheus;
  const findings = validateKubePrometheus({
    ...sharedProps(stack),
    ...settings,
    external,
    agentsNamespace: namespaces.agents,
    ...((mimir || external.mimir) && {
      remoteWrite: longTermStore,
      ...(readsMimir && { remoteRead: longTermStore }),
    }),
  });
  // Agents on hosts that allow none are reported for all components at once.
  const own = findings.filter(({ code }) => code !== "SKP1209");
  return problemsOfComponent("prometheus", own).map((problem) =>
    problem.code === "SKP1216"
      ? { ...problem, fix: snippet(["components", "prometheus", "remoteRead"], "false") }
      : problem,
  );
}
