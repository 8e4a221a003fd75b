import { yamlText } from "../formats/yaml.ts";
import {
  type ComponentChart,
  configMap,
  configVolume,
  daemonSet,
  goMemoryLimit,
  selectorLabels,
  service,
  serviceMonitor,
  statefulSet,
} from "../kubernetes/index.ts";
import { assertValid } from "../sizing/index.ts";
import {
  type CollectorAdditions,
  collectorParts,
  connectAdditions,
  extendedConfig,
  validateCollectorAdditions,
} from "./additions/index.ts";
import { collectorPorts } from "./config.ts";
import { collectorResource } from "./operator.ts";
import { type CollectorProps, collectorName, collectorPods, collectorServiceLabels, collectorUser } from "./props.ts";

/** Adds a collector with its Services and the monitor of its own metrics. */
export function collector(chart: ComponentChart, given: CollectorProps): void {
  const props = given.additions ? extended(chart, given, given.additions) : given;
  if (props.mode === "operator") chart.add(collectorResource(chart, props));
  else nativeCollector(chart, props);
  serviceMonitor(chart, {
    part: chart.component,
    name: `${collectorName(chart)}-self`,
    selector: collectorServiceLabels(chart, props.mode, "monitoring"),
    pods: collectorPods(chart, props.mode),
    port: props.mode === "operator" ? "monitoring" : "metrics",
    targetPort: collectorPorts.metrics,
    class: "infrastructure",
  });
}

/** A collector with additions, and their connections. @throws InvalidPropsError with every finding about them */
function extended(chart: ComponentChart, props: CollectorProps, additions: CollectorAdditions): CollectorProps {
  const { config, routed = false } = props;
  const { extraEnv } = chart.options(chart.component, "otel-collector", props.kind === "DaemonSet");
  const env = { ...props.env, ...extraEnv, GOMEMLIMIT: "" };
  const findings = validateCollectorAdditions(additions, { config, ports: { ...props.ports }, env, routed });
  assertValid(chart.constructor.name, chart.name, findings);
  connectAdditions(chart, collectorPods(chart, props.mode), additions);
  const { ports, udp, env: secrets } = collectorParts(additions);
  return {
    ...props,
    config: extendedConfig(config, additions),
    ports: { ...props.ports, ...ports },
    ...(udp && udp.length > 0 && { udp }),
    env: { ...props.env, ...secrets },
  };
}

function nativeCollector(chart: ComponentChart, props: CollectorProps): void {
  const part = chart.component;
  const name = collectorName(chart);
  const config = configMap(chart, part, name, { "collector.yaml": yamlText(props.config) });
  const pod = {
    part,
    name,
    sized: props.sized,
    user: collectorUser,
    ...(props.serviceAccount && { serviceAccount: props.serviceAccount }),
    terminationGraceSeconds: props.terminationGraceSeconds,
    ...(props.nodeSelector && { nodeSelector: props.nodeSelector }),
    ...(props.everyNode && { tolerations: [{ operator: "Exists" as const }] }),
    containers: [
      {
        name: "collector",
        image: "otel-collector",
        args: [
          "--config=/etc/otelcol/collector.yaml",
          ...(props.featureGates ? [`--feature-gates=${props.featureGates.join(",")}`] : []),
        ],
        env: { ...props.env, GOMEMLIMIT: goMemoryLimit(props.sized) },
        ports: { ...collectorPorts, ...props.ports },
        ...(props.udp && { udp: props.udp }),
        probes: { port: "health", readiness: "/", liveness: "/", startupSeconds: 60 },
        mounts: [{ volume: configVolume(config, "config"), path: "/etc/otelcol" }, ...(props.mounts ?? [])],
      },
    ],
  } as const;
  const { metrics, health: _, ...otlp } = collectorPorts;
  const selector = selectorLabels(chart.identity(part));
  const data = { ...otlp, ...props.ports };
  service(chart, {
    part,
    name,
    selector,
    ports: data,
    ...(props.udp && { udp: props.udp }),
    labels: collectorServiceLabels(chart, props.mode, "base"),
    ...(props.nodeLocal && { internalTrafficPolicy: "Local" }),
  });
  service(chart, {
    part,
    name: `${name}-headless`,
    selector,
    ports: data,
    ...(props.udp && { udp: props.udp }),
    headless: true,
    labels: collectorServiceLabels(chart, props.mode, "headless"),
  });
  service(chart, {
    part,
    name: `${name}-monitoring`,
    selector,
    ports: { metrics },
    labels: collectorServiceLabels(chart, props.mode, "monitoring"),
  });
  if (props.kind === "DaemonSet") daemonSet(chart, pod);
  else statefulSet(chart, { ...pod, serviceName: `${name}-headless`, apart: true });
}
