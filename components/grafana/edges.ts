import { hostsOf, portOf } from "../../lib/formats/index.ts";
import { anywhere, apiServerPorts, type ComponentChart, serverPeer } from "../../lib/kubernetes/index.ts";
import type { Access } from "./access.ts";
import { grafanaPorts, type PostgreSql, type Smtp } from "./config.ts";
import type { Sources } from "./data-sources.ts";

/** What determines Grafana's connections. */
export interface GrafanaConnections {
  readonly sources: Sources;
  readonly access: Access;
  readonly database: PostgreSql | undefined;
  readonly smtp: Smtp | undefined;
  /** Whether plugins are downloaded. */
  readonly downloads: boolean;
  /** Whether sidecars watch ConfigMaps. */
  readonly watches: boolean;
  /** Whether users come through an Ingress controller or a Gateway. */
  readonly routed: boolean;
  /** Whether there are several replicas. */
  readonly several: boolean;
}

/** Declares every connection that Grafana opens, and those of users to it. */
export function grafanaEdges(chart: ComponentChart, connected: GrafanaConnections): void {
  const { sources, access, database, smtp, downloads, watches, routed, several } = connected;
  const pods = chart.pods(chart.component);
  for (const [to, why] of [
    [sources.mimir, "metrics"],
    [sources.aggregates, "aggregated metrics"],
    [sources.ruler, "rules of Mimir's ruler"],
    [sources.prometheus, "recent metrics and rules"],
    [sources.loki, "logs"],
    [sources.traces, "traces"],
    [sources.alertmanager, "alerts and silences"],
  ] as const) {
    if (to) chart.connectsTo(pods, to, why);
  }
  for (const { name, url } of sources.additional ?? []) {
    chart.connectsOutside(pods, hostsOf(url), [portOf(url, 443)], `data source ${name}`);
  }
  const { http, gossip } = grafanaPorts;
  if (routed)
    chart.connects("load balancers", pods, [http], "users, through an Ingress controller, Gateway or load balancer");
  if (several) chart.connects(pods, pods, [gossip], "gossip of alert state", [gossip]);
  if (watches) chart.connects(pods, "api server", apiServerPorts, "dashboards and data sources of every namespace");
  if (database) {
    const [server, ports] = serverPeer(database.host, 5432);
    chart.connects(pods, server, database.port ? [database.port] : ports, "users, sessions and folders");
  }
  if (smtp) chart.connects(pods, anywhere, [portOf(smtp.host, 25)], "mail");
  if (downloads) chart.connectsOutside(pods, ["grafana.com"], [443], "downloads of plugins from grafana.com");
  if (access.oidc) {
    const { authUrl, tokenUrl, apiUrl } = access.oidc;
    const urls = [authUrl, tokenUrl, apiUrl];
    const ports = [...new Set(urls.map((url) => portOf(url, 443)))];
    chart.connectsOutside(pods, hostsOf(...urls), ports, "single sign-on");
  }
  if (access.ldap) chart.connects(pods, anywhere, [access.ldap.port ?? 636], "LDAP");
}
