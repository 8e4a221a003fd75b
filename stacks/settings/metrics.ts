import { sizeGrafana } from "../../components/grafana/index.ts";
import { sizeKubePrometheus } from "../../components/kube-prometheus/index.ts";
import type { ObservabilityProps } from "../../components/observability.ts";
import { sizePushgateway } from "../../components/pushgateway/index.ts";
import { type Facts, withoutUndefined } from "./facts.ts";

/** The Prometheus stack's settings, or undefined where it is off. */
export function kubePrometheusSettings({ config, workload, retention }: Facts): ObservabilityProps["kubePrometheus"] {
  const { prometheus, mimir, nodeExporter } = config.components;
  if (!prometheus.enabled) return undefined;
  const { remoteRead, watchAllMonitors, crds, operator, kubeletInsecure } = prometheus;
  const longTerm = mimir.enabled;
  return {
    sizing: sizeKubePrometheus({ workload, availability: config.availability, retention, longTerm }),
    readsMimir: remoteRead && longTerm,
    watchAllMonitors,
    crds,
    operator,
    kubeletInsecure,
    nodeExporter: nodeExporter.enabled,
    alerts: {
      receivers: config.alerts.receivers.map(withoutUndefined),
      ...(config.alerts.deadMansSwitch && { deadMansSwitch: config.alerts.deadMansSwitch }),
    },
  };
}

/** Series of all jobs that push: a dozen each for about a hundred jobs. */
const pushedSeries = 1_000;

/** The Pushgateway's settings, or undefined where it is off. */
export function pushgatewaySettings({ config }: Facts): ObservabilityProps["pushgateway"] {
  const { enabled, disk, stale } = config.components.pushgateway;
  if (!enabled) return undefined;
  return { sizing: sizePushgateway(pushedSeries), staleSeconds: stale, ...(disk && { diskBytes: disk }) };
}

/** Grafana's settings, or undefined where it is off. */
export function grafanaSettings({ config, workload }: Facts): ObservabilityProps["grafana"] {
  const { enabled, external, replicas, ...stated } = config.components.grafana;
  if (!enabled) return undefined;
  if (external) return "external";
  const { adminSecret, encryptionKey, database, host, route, teams, access } = stated;
  const sizing = sizeGrafana({
    workload,
    availability: config.availability,
    sharedDatabase: database !== undefined,
  });
  return withoutUndefined({
    sizing: replicas ? { ...sizing, grafana: { ...sizing.grafana, replicas } } : sizing,
    adminSecret,
    database,
    host,
    route: route && withoutUndefined(route),
    teams,
    encryptionKey,
    access: access && withoutUndefined({ oidc: access.oidc && withoutUndefined(access.oidc), ldap: access.ldap }),
  });
}
