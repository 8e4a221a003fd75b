import { App } from "cdk8s";
import type { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { expect, test } from "vitest";
import { parse } from "yaml";
import type { Endpoint } from "../../lib/kubernetes/index.ts";
import { networkPolicies } from "../../lib/kubernetes/index.ts";
import { dashboardErrors, panelsOf } from "../../lib/monitoring/dashboard.ts";
import { modelOf } from "../../test/support/models.ts";
import { GrafanaChart, GrafanaContentChart, type GrafanaProps, type Sources } from "./index.ts";

const at = (host: string, port: number): Endpoint => ({ scheme: "http", host, port });
const sources: Sources = {
  mimir: at("mimir", 8080),
  prometheus: at("prometheus", 9090),
  loki: at("loki", 3100),
  traces: { ...at("tempo", 3200), backend: "tempo" },
  alertmanager: at("alertmanager", 9093),
};
const database = {
  host: "postgres.example.com:5432",
  name: "grafana",
  user: "grafana",
  password: { secret: "grafana-database", key: "password" },
};
const oidc = {
  clientId: "grafana",
  clientSecret: { secret: "oidc", key: "client-secret" },
  authUrl: "https://id.example.com/auth",
  tokenUrl: "https://id.example.com/token",
  apiUrl: "https://id.example.com/userinfo",
  roleAttributePath: "contains(groups[*], 'sre') && 'Admin' || 'Viewer'",
};
const ldap = { config: { secret: "ldap", key: "ldap.toml" } };

const chartOf = (props: Partial<GrafanaProps> = {}) =>
  new GrafanaChart(new App(), "grafana", { namespace: "observability", sources, ...props });

// biome-ignore lint/suspicious/noExplicitAny: objects of any kind
const objectsOf = (props: Partial<GrafanaProps> = {}): any[] => chartOf(props).toJson();
const find = (props: Partial<GrafanaProps>, kind: string, name = "grafana") =>
  objectsOf(props).find((object) => object.kind === kind && object.metadata.name === name);
const iniOf = (props: Partial<GrafanaProps>) => find(props, "ConfigMap").data["grafana.ini"] as string;
const podOf = (props: Partial<GrafanaProps> = {}) => find(props, "Deployment").spec.template.spec;

const shapes: Partial<GrafanaProps>[] = [
  {},
  { database, host: "grafana.example.com", route: { kind: "ingress", className: "nginx", tlsSecret: "grafana-tls" } },
  { host: "grafana.example.com", route: { kind: "gateway", gateway: { name: "public", namespace: "gateways" } } },
  { access: { oidc, ldap }, teams: { payments: "Payments" } },
  { sources: {}, provisioning: { dashboards: [{ configMap: "dashboard-mimir" }] } },
];

test.each(shapes)("renders valid Kubernetes objects: %#", (props) => {
  for (const object of objectsOf(props)) {
    const Model = modelOf(object.apiVersion, object.kind);
    expect(Model, object.kind).toBeDefined();
    expect(() => Model && new Model(object).validate()).not.toThrow();
  }
});

test("makes no outgoing calls, and allows no anonymous access", () => {
  const text = iniOf({});
  for (const off of [
    "reporting_enabled = false",
    "check_for_updates = false",
    "check_for_plugin_updates = false",
    "news_feed_enabled = false",
    "preinstall_disabled = true",
    "[auth.anonymous]\nenabled = false",
  ]) {
    expect(text).toContain(off);
  }
});

test("references secrets and never contains their values", () => {
  const encryptionKey = { secret: "grafana-encryption", key: "key" };
  const [grafana] = podOf({ database, access: { oidc, ldap }, encryptionKey }).containers;
  const references = Object.fromEntries(
    grafana.env.flatMap(({ name, valueFrom }: { name: string; valueFrom?: { secretKeyRef?: object } }) =>
      valueFrom?.secretKeyRef ? [[name, valueFrom.secretKeyRef]] : [],
    ),
  );
  expect(references).toEqual({
    GF_SECURITY_ADMIN_USER: { name: "grafana-admin", key: "admin-user" },
    GF_SECURITY_ADMIN_PASSWORD: { name: "grafana-admin", key: "admin-password" },
    GF_SECURITY_SECRET_KEY: { name: "grafana-encryption", key: "key" },
    GF_DATABASE_PASSWORD: { name: "grafana-database", key: "password" },
    GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET: { name: "oidc", key: "client-secret" },
  });
  expect(iniOf({ access: { ldap } })).toContain("config_file = /etc/grafana-ldap/ldap.toml");
});

test("preserves the JMESPath of roles in grafana.ini, and rejects users without a role", () => {
  const text = iniOf({ access: { oidc } });
  expect(text).toContain(`role_attribute_path = \`${oidc.roleAttributePath}\``);
  expect(text).toContain("role_attribute_strict = true");
});

test("runs two gossiping replicas with PostgreSQL, and one with a volume and SQLite", () => {
  const shared = find({ database }, "Deployment").spec;
  expect(shared).toMatchObject({ replicas: 2, strategy: { type: "RollingUpdate" } });
  expect(iniOf({ database })).toContain("ha_peers = grafana-gossip.observability.svc.cluster.local:9094");
  expect(find({ database }, "Service", "grafana-gossip").spec).toMatchObject({
    clusterIP: "None",
    publishNotReadyAddresses: true,
  });
  expect(find({ database }, "PersistentVolumeClaim")).toBeUndefined();

  expect(find({}, "Deployment").spec).toMatchObject({ replicas: 1, strategy: { type: "Recreate" } });
  expect(find({}, "PersistentVolumeClaim").spec.resources.requests.storage).toBe("1Gi");
  expect(iniOf({})).not.toContain("ha_peers");
  expect(chartOf().footprints[0]?.perPod.diskBytes).toBe(1024 ** 3);
});

test("meets Pod Security level restricted, and starts Grafana after the sidecars' first sync", () => {
  const { containers, initContainers, securityContext } = podOf();
  expect(securityContext).toMatchObject({ runAsUser: 472, runAsNonRoot: true });
  for (const each of [...containers, ...initContainers]) {
    expect(each.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
  }
  for (const each of initContainers) {
    expect(each).toMatchObject({ restartPolicy: "Always", startupProbe: { httpGet: { path: "/healthz" } } });
  }
});

test("sidecars can read ConfigMaps of all namespaces and nothing else", () => {
  expect(find({}, "ClusterRole", "observability-grafana").rules).toEqual([
    { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch"] },
  ]);
  const labels = podOf().initContainers.map(
    ({ env }: { env: { name: string; value: string }[] }) => env.find(({ name }) => name === "LABEL")?.value,
  );
  expect(labels).toEqual(["grafana_dashboard", "grafana_datasource"]);
  const marked = objectsOf().filter(({ metadata }) => metadata.labels.grafana_dashboard === "1");
  expect(marked.map(({ metadata }) => metadata.name)).toEqual(["dashboard-grafana", "dashboard-grafana-overview"]);
  expect(find({}, "ConfigMap", "grafana-data-sources").metadata.labels.grafana_datasource).toBe("1");
});

test("in a stack, its sidecars select its own dashboards and data sources and those for all", () => {
  const props = { grafanaStack: "obs" };
  const selectors = podOf(props).initContainers.map(({ env }: { env: { name: string; value: string }[] }) =>
    env.filter(({ name }) => name.startsWith("LABEL")).map(({ name, value }) => `${name}: ${value}`),
  );
  expect(selectors).toEqual([
    ["LABEL: grafana_dashboard in (1, skopos-obs)"],
    ["LABEL: grafana_datasource in (1, skopos-obs)"],
  ]);
  expect(find(props, "ConfigMap", "dashboard-grafana").metadata.labels.grafana_dashboard).toBe("skopos-obs");
  expect(find(props, "ConfigMap", "grafana-data-sources").metadata.labels.grafana_datasource).toBe("skopos-obs");
});

test("only the sidecars have a token", () => {
  const pod = podOf();
  expect(pod).toMatchObject({ automountServiceAccountToken: false, serviceAccountName: "grafana" });
  const folder = "/var/run/secrets/kubernetes.io/serviceaccount";
  const mounted = (each: { volumeMounts: { mountPath: string }[] }) =>
    each.volumeMounts.some(({ mountPath }) => mountPath === folder);
  expect(pod.containers.map(mounted)).toEqual([false]);
  expect(pod.initContainers.map(mounted)).toEqual([true, true]);
});

test("without sidecars, mounts the same files and needs no token and no permissions", () => {
  const mounted = {
    provisioning: { dashboards: [{ configMap: "dashboard-mimir" }, { configMap: "shop", folder: "Shop" }] },
  };
  const pod = podOf(mounted);
  expect(pod).toMatchObject({ automountServiceAccountToken: false });
  expect(pod.initContainers).toBeUndefined();
  expect(find(mounted, "ClusterRole")).toBeUndefined();
  const paths = pod.containers[0].volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath);
  expect(paths).toEqual(
    expect.arrayContaining([
      "/etc/grafana/provisioning/datasources",
      "/var/lib/grafana-dashboards/Observability",
      "/var/lib/grafana-dashboards/Shop",
    ]),
  );
});

test("each team has a folder with a stable UID", () => {
  const providers = (props: Partial<GrafanaProps>) =>
    parse(find(props, "ConfigMap", "grafana-providers").data["providers.yaml"]).providers;
  expect(providers({ teams: { payments: "Payments" } })).toMatchObject([
    { folder: "Observability", folderUid: "skopos", options: { path: "/var/lib/grafana-dashboards/Observability" } },
    {
      folder: "Kubernetes",
      folderUid: "skopos-kubernetes",
      options: { path: "/var/lib/grafana-dashboards/Kubernetes" },
    },
    { folder: "Payments", folderUid: "team-payments", options: { path: "/var/lib/grafana-dashboards/payments" } },
  ]);
  expect(providers({})).toMatchObject([{ options: { foldersFromFilesStructure: true } }]);
});

test("the Service selects the pods, and the monitor one Service with the port", () => {
  for (const props of shapes) {
    const labels = find(props, "Deployment").spec.template.metadata.labels;
    const services = objectsOf(props).filter(({ kind }) => kind === "Service");
    for (const { spec } of services) expect(labels).toMatchObject(spec.selector);
    const monitor = find(props, "ServiceMonitor").spec;
    const matched = services.filter(({ metadata }) =>
      Object.entries(monitor.selector.matchLabels).every(([key, value]) => metadata.labels[key] === value),
    );
    expect(matched.map(({ metadata }) => metadata.name)).toEqual(["grafana"]);
    expect(matched[0].spec.ports).toMatchObject([{ name: monitor.endpoints[0].port, port: 3000 }]);
  }
});

test("routes users through an Ingress or an existing Gateway", () => {
  const host = "grafana.example.com";
  const ingress = find({ host, route: { kind: "ingress", tlsSecret: "tls" } }, "Ingress").spec;
  expect(ingress).toMatchObject({ tls: [{ hosts: [host], secretName: "tls" }], rules: [{ host }] });
  const route = find({ host, route: { kind: "gateway", gateway: { name: "public" } } }, "HTTPRoute").spec;
  expect(route).toMatchObject({ parentRefs: [{ name: "public" }], hostnames: [host] });
  expect(iniOf({ host })).toContain("root_url = https://grafana.example.com/");
});

test("declares every connection", () => {
  const ports = (props: Partial<GrafanaProps>) => {
    const { edges, cluster } = chartOf(props);
    const policy = networkPolicies(edges, cluster).find(({ metadata }) => metadata?.name === "grafana");
    return (policy as INetworkPolicy).spec?.egress?.flatMap(({ ports }) => ports?.map(({ port }) => port) ?? []);
  };
  expect(ports({})).toEqual(expect.arrayContaining([8080, 9090, 3100, 3200, 9093]));
  expect(ports({ database, access: { oidc, ldap } })).toEqual(expect.arrayContaining([5432, 443, 636, 9094]));
});

test("the overview has rows for existing data sources only", () => {
  const rows = (some: Sources) =>
    chartOf({ sources: some })
      .dashboards.find(({ uid }) => uid === "skopos-overview")
      ?.rows.map(({ title }) => title);
  expect(rows(sources)).toHaveLength(4);
  expect(rows({ prometheus: at("p", 9090) })).toEqual(["Alerts", "Metrics: targets, Prometheus, Mimir"]);
});

test("the overview links to existing dashboards only", () => {
  const linked = (dashboards?: readonly string[]) =>
    chartOf({ ...(dashboards && { dashboards }) })
      .dashboards.filter(({ uid }) => uid === "skopos-overview")
      .flatMap(panelsOf)
      .flatMap(({ links = [] }) => links.flatMap((link) => ("dashboard" in link ? [link.dashboard] : [])));
  expect(new Set(linked(["skopos-mimir"]))).toEqual(new Set(["skopos-mimir"]));
  expect(new Set(linked()).size).toBeGreaterThan(5);
});

test("queries of its dashboards conform to the real grammars", () => {
  for (const dashboard of chartOf().dashboards) {
    expect(dashboardErrors(dashboard)).toEqual([]);
    expect(panelsOf(dashboard).length).toBeGreaterThan(5);
  }
});

test("an externally managed Grafana gets the same data sources and the overview", () => {
  const chart = new GrafanaContentChart(new App(), "grafana", { namespace: "observability", sources });
  // biome-ignore lint/suspicious/noExplicitAny: objects of any kind
  const objects: any[] = chart.toJson();
  expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    "ConfigMap grafana-data-sources",
    "ConfigMap dashboard-grafana-overview",
  ]);
  expect(objects[0].data).toEqual(find({}, "ConfigMap", "grafana-data-sources").data);
});
