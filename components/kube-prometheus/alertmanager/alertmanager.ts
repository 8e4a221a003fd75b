import type { IAlertmanager } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/Alertmanager";
import { yamlText } from "../../../lib/formats/yaml.ts";
import {
  anywhere,
  type ComponentChart,
  type ComponentProps,
  defaultCluster,
  dnsDomain,
  type Endpoint,
  endpointUrl,
  type Pods,
  proxySettings,
  serviceAccount,
  serviceHost,
} from "../../../lib/kubernetes/index.ts";
import type { WorkloadSize } from "../../../lib/sizing/index.ts";
import {
  addReloader,
  operatedLabels,
  operatedPods,
  operatedService,
  operatedSpec,
  shardBudget,
} from "../operator/operated.ts";
import { addRoute, routedUrl } from "../route.ts";
import { type AlertRouting, alertmanagerConfig } from "./config.ts";
import { receiverPorts, receiverSecrets } from "./receivers.ts";

/** Alertmanager's HTTP port, which the operator names `web`. */
const alertmanagerPort = 9093;
/** Port of the gossip protocol, TCP and UDP. */
const meshPort = 9094;
/** Ports of mail servers that AlertmanagerConfigs of teams use: SMTP with TLS. */
const mailPorts = [465, 587] as const;

const part = "alertmanager";

/** Name of Alertmanager's Service, in addition to the operator's headless `alertmanager-operated`. */
export const alertmanagerServiceName = (chart: ComponentChart): string => `${chart.name}-${part}`;

/**
 * The operator's headless Service of the stack's Alertmanager. It is known before the chart exists, so that rulers of
 * charts that are created earlier can send alerts to each pod.
 */
export function operatedAlertmanager(props: ComponentProps): Endpoint & { readonly pods: Pods } {
  const { namespace, name = "kube-prometheus", cluster = defaultCluster } = props;
  const identity = { name: "kube-prometheus", instance: name, part };
  return {
    scheme: "http",
    host: `alertmanager-operated.${namespace}.svc.${dnsDomain(cluster)}`,
    port: alertmanagerPort,
    portName: "web",
    pods: { namespace, identity, labels: operatedLabels({ name }, part) },
  };
}

/** Adds Alertmanager with its configuration, Service and monitor, and returns its endpoint. */
export function alertmanager(
  chart: ComponentChart,
  sized: WorkloadSize,
  routing: AlertRouting,
): Endpoint & { readonly pods: Pods } {
  const name = alertmanagerServiceName(chart);
  const pods = operatedPods(chart, part);
  const endpoint = { scheme: "http", host: serviceHost(chart, name), port: alertmanagerPort, pods } as const;
  const configSecret = `alertmanager-${chart.name}`;
  chart.add({
    apiVersion: "v1",
    kind: "Secret",
    metadata: chart.metadata(configSecret, part),
    type: "Opaque",
    stringData: {
      "alertmanager.yaml": yamlText(alertmanagerConfig(routing, proxySettings(chart))),
      // The operator hands other keys of the Secret on, beside the configuration that it completes.
      ...Object.fromEntries(Object.entries(routing.templates ?? {}).map(([name, text]) => [`${name}.tmpl`, text])),
    },
  });
  chart.add(
    alertmanagerResource(
      chart,
      sized,
      configSecret,
      routing.externalUrl ?? routedUrl(routing.route) ?? endpointUrl(endpoint),
      routing,
    ),
  );
  addReloader(chart, { part, name: `alertmanager-${chart.name}`, sized });
  if (sized.replicas > 1) shardBudget(chart, part, 0, 1);
  operatedService(chart, { part, name, port: alertmanagerPort });
  if (routing.route) addRoute(chart, routing.route, { service: name, port: alertmanagerPort, pods });
  if (sized.replicas > 1) chart.connects(pods, pods, [meshPort], "gossip of silences and notifications", [meshPort]);
  const { receivers = [], configNamespaces: namespaces = [] } = routing;
  const ofMail = receivers.filter(({ kind }) => kind === "email");
  const mail = [...(namespaces.length > 0 ? mailPorts : []), ...receiverPorts(ofMail)];
  const web = [
    ...(routing.deadMansSwitch || namespaces.length > 0 ? [443] : []),
    ...receiverPorts(receivers.filter(({ kind }) => kind !== "email")),
  ];
  const why = "notifications to receivers";
  if (web.length > 0) chart.connectsOutside(pods, undefined, [...new Set(web)], why);
  // Mail has no HTTP proxy.
  if (mail.length > 0) chart.connects(pods, anywhere, [...new Set(mail)], why);
  for (const namespace of namespaces)
    chart.connects(pods, { namespace, selector: {} }, [], "notifications to receivers of its AlertmanagerConfigs");
  return endpoint;
}

function alertmanagerResource(
  chart: ComponentChart,
  sized: WorkloadSize,
  configSecret: string,
  externalUrl: string,
  routing: AlertRouting,
): IAlertmanager {
  const account = chart.options(part).serviceAccount && serviceAccount(chart, { part });
  const secrets = receiverSecrets(routing.receivers ?? []);
  if (routing.deadMansSwitch && !secrets.includes(routing.deadMansSwitch.secret)) {
    secrets.push(routing.deadMansSwitch.secret);
  }
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "Alertmanager",
    metadata: chart.metadata(chart.name, part),
    spec: {
      replicas: sized.replicas,
      configSecret,
      // AlertmanagerConfigs of every namespace that the operator watches; each applies to the alerts of its own.
      alertmanagerConfigSelector: {},
      alertmanagerConfigNamespaceSelector: {},
      ...(secrets.length > 0 && { secrets }),
      externalUrl,
      // Longer than the longest repeat interval, or notifications are repeated after a restart.
      retention: "120h",
      automountServiceAccountToken: false,
      ...(account && { serviceAccountName: account }),
      ...operatedSpec(chart, part, sized),
    },
  };
}
