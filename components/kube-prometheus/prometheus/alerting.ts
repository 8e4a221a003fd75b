import type { IPrometheus } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/Prometheus";
import { yamlText } from "../../../lib/formats/yaml.ts";
import { type ComponentChart, type Endpoint, proxySettings } from "../../../lib/kubernetes/index.ts";
import { alertmanagerServiceName } from "../alertmanager/alertmanager.ts";

type Alerting = Pick<IPrometheus["spec"], "alerting" | "additionalAlertManagerConfigs">;

/** Sends alerts to every pod of the stack's Alertmanager, which deduplicate notifications among themselves. */
export function alerting(chart: ComponentChart): Alerting {
  return {
    alerting: {
      alertmanagers: [{ apiVersion: "v2", namespace: chart.home, name: alertmanagerServiceName(chart), port: "web" }],
    },
  };
}

/** Sends alerts to an externally managed Alertmanager. The operator only reads its address from a Secret. */
export function externalAlertmanager(chart: ComponentChart, to: Endpoint): Alerting {
  const name = `${chart.name}-external-alertmanager`;
  const key = "alertmanagers.yaml";
  const proxy = to.pods ? undefined : proxySettings(chart);
  const config = [
    {
      scheme: to.scheme,
      ...(to.path && { path_prefix: to.path }),
      ...(proxy && { proxy_url: proxy.url, no_proxy: proxy.noProxy }),
      static_configs: [{ targets: [`${to.host}:${to.port}`] }],
    },
  ];
  chart.add({
    apiVersion: "v1",
    kind: "Secret",
    metadata: chart.metadata(name, "prometheus"),
    type: "Opaque",
    stringData: { [key]: yamlText(config) },
  });
  return { additionalAlertManagerConfigs: { name, key } };
}
