import { change } from "../../../policies/fixtures/fixture.ts";
import {
  alloy,
  alloyText,
  container,
  distributor,
  gateway,
  loki,
  type Mutation,
  mimir,
  monitor,
  mutation,
  pod,
  prometheus,
  rulesOf,
  sources,
} from "./mutation.ts";

export const wiring: readonly Mutation[] = [
  mutation(
    "wiring/monitor-found",
    "a monitor loses the label that Prometheus selects by",
    change(monitor("grafana"), ["metadata", "labels", "release"]),
  ),
  mutation(
    "wiring/monitor-found",
    "Prometheus selects by another label",
    change(prometheus, "spec/serviceMonitorSelector/matchLabels/release", "monitoring"),
  ),
  mutation(
    "wiring/rules-found",
    "alerts lose the label that Prometheus selects by",
    change(rulesOf("loki"), ["metadata", "labels", "release"]),
  ),
  mutation(
    "wiring/monitor-service",
    "a Service's labels are renamed",
    change("Service/observability/grafana", ["metadata", "labels"], { app: "grafana" }),
  ),
  mutation(
    "wiring/monitor-port",
    "a monitor names the port by number",
    change(monitor("grafana"), "spec/endpoints/0/port", "3000"),
  ),
  mutation(
    "wiring/target-port",
    "a container's port is renamed",
    change(distributor, `${container}/ports/0/name`, "web"),
  ),
  mutation(
    "wiring/service-pods",
    "a Service's selector has a typing mistake",
    change(
      "Service/observability/mimir-distributor",
      ["spec", "selector", "app.kubernetes.io/component"],
      "distribtor",
    ),
  ),
  mutation(
    "wiring/scrape-admitted",
    "the gateway's policy admits another port to Prometheus",
    change("NetworkPolicy/observability/otel-gateway", "spec/ingress/3/ports/0/port", 9464),
    change("NetworkPolicy/observability/otel-gateway", "spec/ingress/2/ports/0/port", 9465),
  ),
  mutation("wiring/scrape-admitted", "the policy of Grafana is deleted", {
    without: "NetworkPolicy/observability/grafana",
  }),
  mutation(
    "wiring/scraped-once",
    "the monitor of the gateways selects both of their Services",
    change(monitor("otel-gateway"), ["spec", "selector", "matchLabels"], {
      "app.kubernetes.io/name": "otel-gateway-collector",
    }),
  ),
  mutation(
    "wiring/address-service",
    "remote write names a Service that was renamed",
    change(
      prometheus,
      "spec/remoteWrite/0/url",
      "http://mimir-gateway.observability.svc.cluster.local:8080/api/v1/push",
    ),
  ),
  mutation(
    "wiring/address-service",
    "a data source names a Service of another release",
    change(
      sources,
      "data/skopos.yaml/datasources/0/url",
      "http://mimir-nginx.observability.svc.cluster.local:8080/prometheus",
    ),
  ),
  mutation(
    "wiring/address-port",
    "remote write uses the gRPC port's default",
    change(
      prometheus,
      "spec/remoteWrite/0/url",
      "http://mimir-distributor.observability.svc.cluster.local:9009/api/v1/push",
    ),
  ),
  mutation("wiring/address-port", "Loki's address has the port of Mimir", {
    object: alloy,
    path: alloyText,
    from: "loki-distributor.observability.svc.cluster.local:3100",
    to: "loki-distributor.observability.svc.cluster.local:8080",
  }),
  mutation("wiring/address-admitted", "the policy of Tempo is deleted", {
    without: "NetworkPolicy/observability/tempo-traces",
  }),
  mutation("wiring/address-admitted", "Prometheus may not send to Mimir any more", {
    without: "NetworkPolicy/observability/kube-prometheus-prometheus",
  }),
  mutation(
    "wiring/dns",
    "the rule for DNS is removed",
    change("NetworkPolicy/observability/otel-gateway", "spec/egress/0/ports", [{ port: 853, protocol: "TCP" }]),
  ),
  mutation(
    "wiring/references",
    "a ConfigMap is renamed",
    change(gateway, `${pod}/volumes/0/configMap/name`, "otel-gateway"),
  ),
  mutation("wiring/references", "a ConfigMap is deleted", { without: loki }),
  mutation("wiring/service-account", "a service account is deleted", { without: "ServiceAccount/observability/loki" }),
  mutation(
    "wiring/alertmanager",
    "the Alertmanager's Service is renamed",
    change(prometheus, "spec/alerting/alertmanagers/0/name", "alertmanager"),
  ),
  mutation(
    "wiring/receivers",
    "a receiver is renamed and its route is not",
    change(
      "Secret/observability/alertmanager-kube-prometheus",
      "stringData/alertmanager.yaml/receivers/1/name",
      "pager",
    ),
  ),
  mutation(
    "wiring/data-source",
    "a data source's uid is changed",
    change(sources, "data/skopos.yaml/datasources/0/uid", "mimir"),
  ),
  mutation(
    "wiring/readable",
    "a configuration has a tabulator",
    change(mimir, ["data", "mimir.yaml"], "server:\n\thttp_listen_port: 8080\n"),
  ),
];
