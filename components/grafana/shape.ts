import {
  byPattern,
  dnsLabel,
  dnsSubdomain,
  flag,
  host,
  hostPort,
  httpUrl,
  iniLine,
  line,
  listOf,
  mailAddresses,
  mapOf,
  numeric,
  oneOf,
  portNumber,
  type ShapeOf,
  secretKeyName,
  TextOr,
  team,
  tenantName,
  unchecked,
  uniqueListOf,
} from "../../lib/formats/index.ts";
import {
  annotationsShape,
  componentShape,
  endpointShape,
  secretKeyShape,
  serverShape,
} from "../../lib/kubernetes/index.ts";
import { dashboardUid } from "../../lib/monitoring/formats.ts";
import { availabilityShape, podSizeShape } from "../../lib/sizing/index.ts";
import type { GrafanaProps } from "./props.ts";

export const pluginId = byPattern(
  "the ID of a plugin",
  /^[a-z0-9]+(-[a-z0-9]+)*$/,
  "lower-case letters, digits and hyphens",
  ["grafana-clock-panel"],
);

export const pluginVersion = byPattern("a version", /^\d+\.\d+\.\d+([-+][\w.-]+)?$/, "three numbers with dots", [
  "2.1.8",
]);

/** What each part of {@link GrafanaProps} may be. */
export const grafanaShape: ShapeOf<GrafanaProps> = {
  ...componentShape,
  sources: {
    mimir: endpointShape,
    ruler: endpointShape,
    aggregates: endpointShape,
    prometheus: endpointShape,
    loki: endpointShape,
    traces: { ...endpointShape, backend: oneOf("jaeger", "tempo") },
    alertmanager: endpointShape,
    additional: listOf({
      name: line,
      uid: dashboardUid,
      type: line,
      url: httpUrl,
      jsonData: unchecked,
      basicAuthUser: line,
      secrets: mapOf(secretKeyName, secretKeyShape),
    }),
    tenants: mapOf(tenantName, { mimir: endpointShape, loki: endpointShape }),
  },
  queryPath: oneOf("separate", "prometheus"),
  spanMetrics: flag,
  workload: unchecked,
  availability: availabilityShape,
  replicas: numeric,
  size: podSizeShape,
  adminSecret: { name: dnsSubdomain, userKey: secretKeyName, passwordKey: secretKeyName },
  encryptionKey: secretKeyShape,
  database: {
    host: serverShape,
    name: iniLine,
    user: iniLine,
    password: secretKeyShape,
    sslMode: oneOf("disable", "require", "verify-full"),
    port: portNumber,
  },
  access: {
    oidc: {
      name: iniLine,
      clientId: iniLine,
      clientSecret: secretKeyShape,
      authUrl: httpUrl,
      tokenUrl: httpUrl,
      apiUrl: httpUrl,
      scopes: iniLine,
      roleAttributePath: iniLine,
      allowedDomains: uniqueListOf(host),
      autoLogin: flag,
    },
    ldap: { config: secretKeyShape, port: portNumber },
  },
  host,
  route: {
    kind: oneOf("ingress", "gateway"),
    className: dnsSubdomain,
    tlsSecret: dnsSubdomain,
    annotations: annotationsShape,
    gateway: { name: dnsSubdomain, namespace: dnsLabel, listener: dnsSubdomain },
  },
  smtp: {
    host: hostPort,
    from: mailAddresses,
    fromName: iniLine,
    auth: { username: iniLine, password: secretKeyShape },
  },
  plugins: listOf({ id: pluginId, version: pluginVersion }),
  provisioning: new TextOr(oneOf("sidecar"), { dashboards: listOf({ configMap: dnsSubdomain, folder: line }) }),
  dashboards: uniqueListOf(line),
  spanReceivers: uniqueListOf(line),
  teams: mapOf(team, line),
};
