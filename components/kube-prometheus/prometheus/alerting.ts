import type { IPrometheus } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/Prometheus";
import { stringify } from "yaml";
import type { ComponentChart, Endpoint } from "../../../lib/kubernetes/index.ts";
import { alertmanagerServiceName } from "../alertmanager/alertmanager.ts";

type Alerting = Pick<IPrometheus["spec"], "alerting" | "additionalAlertManagerConfigs">;

/** Alerts go to every pod behind the stack's Alertmanager Service: each must hear of each. */
export function alerting(chart: ComponentChart): Alerting {
  return {
    alerting: {
      alertmanagers: [{ apiVersion: "v2", namespace: chart.home, name: alertmanagerServiceName(chart), port: "web" }],
    },
  };
}

/** Alerts go to an address outside: the operator takes it from a Secret, which holds nothing secret. */
export function externalAlertmanager(chart: ComponentChart, to: Endpoint): Alerting {
  const name = `${chart.name}-external-alertmanager`;
  const key = "alertmanagers.yaml";
  const config = [
    {
      scheme: to.scheme,
      ...(to.path && { path_prefix: to.path }),
      static_configs: [{ targets: [`${to.host}:${to.port}`] }],
    },
  ];
  chart.add({
    apiVersion: "v1",
    kind: "Secret",
    metadata: chart.metadata(name, "prometheus"),
    type: "Opaque",
    stringData: { [key]: stringify(config, { lineWidth: 0 }) },
  });
  return { additionalAlertManagerConfigs: { name, key } };
}
