import type { Construct } from "constructs";
import {
  ComponentChart,
  configMap,
  configVolume,
  dashboardConfigMap,
  deployment,
  type EnvValue,
  reads,
  routeObject,
  rules,
  scratchVolume,
  service,
  serviceAccount,
  serviceAnnotations,
  serviceHost,
  serviceMonitor,
  type Volume,
} from "../../lib/kubernetes/index.ts";
import { assertValid, bytesQuantity, MiB } from "../../lib/sizing/index.ts";
import { accessEnv, accessMounts } from "./access.ts";
import { secretsEnv } from "./additional-sources.ts";
import { grafanaIni, grafanaPorts, paths } from "./config.ts";
import { dataSources } from "./data-sources.ts";
import { grafanaEdges } from "./edges.ts";
import { ini } from "./ini.ts";
import { grafanaAlerts } from "./monitoring/alerts.ts";
import { grafanaDashboard } from "./monitoring/dashboards.ts";
import { overviewDashboard } from "./monitoring/overview.ts";
import { type GrafanaEndpoints, type GrafanaProps, loadOf } from "./props.ts";
import { provision } from "./provisioning.ts";
import { grafanaShape } from "./shape.ts";
import { type GrafanaSizing, sizeGrafana } from "./sizing.ts";
import { validateGrafana } from "./validate.ts";

/** User ID of Grafana's image. */
const grafanaUser = 472;

/** Grafana, with data sources and dashboards for metrics, logs, traces and alerts. It evaluates no rules itself. */
export class GrafanaChart extends ComponentChart<GrafanaEndpoints> {
  /** What each of its props may be. */
  static readonly shape = grafanaShape;

  readonly endpoints: GrafanaEndpoints;
  /** Computed sizes, with the overrides applied. */
  readonly sizing: GrafanaSizing;

  /** @throws InvalidPropsError with every finding of {@link validateGrafana} */
  constructor(scope: Construct, id: string, props: GrafanaProps) {
    super(scope, id, "grafana", props);
    const { sources = {}, database, host, route, access = {}, provisioning = "sidecar" } = props;
    assertValid("GrafanaChart", this.name, validateGrafana(props));
    const load = loadOf(props);
    const { workload } = load;
    const sizing = sizeGrafana(load);
    this.sizing = sizing;
    const part = this.component;
    const pods = this.pods(part);
    const several = sizing.grafana.replicas > 1;
    const gossip = `${this.name}-gossip`;

    const config = configMap(this, part, this.name, {
      "grafana.ini": ini(
        grafanaIni({
          access,
          plugins: props.plugins ?? [],
          ...(props.smtp && { smtp: props.smtp }),
          ...(host && { rootUrl: `https://${host}/` }),
          ...(database && { database }),
          ...(several && { gossipHost: serviceHost(this, gossip) }),
        }),
      ),
    });
    const admin = this.administrator(props);
    const provisioned = provision(this, {
      how: provisioning,
      teams: props.teams,
      admin,
      dataSources: dataSources(sources, {
        queryPath: props.queryPath ?? "separate",
        scrapeIntervalSeconds: workload.scrapeIntervalSeconds,
        spanMetrics: props.spanMetrics ?? false,
      }),
    });
    const watches = provisioned.sidecars.length > 0;
    const account = watches && serviceAccount(this, { part, clusterRules: [reads("", "configmaps")] });
    const data = this.dataVolume(sizing);
    deployment(this, {
      part,
      sized: sizing.grafana,
      user: grafanaUser,
      // Only the sidecars have a token, so that a compromised Grafana cannot read the cluster's ConfigMaps.
      ...(account && { identityAccount: account }),
      // SQLite allows one writer: the old pod has to stop before the new one starts.
      recreate: !database,
      containers: [
        {
          name: "grafana",
          image: "grafana",
          env: {
            GF_PATHS_CONFIG: `${paths.config}/grafana.ini`,
            GF_SECURITY_ADMIN_USER: admin.user,
            GF_SECURITY_ADMIN_PASSWORD: admin.password,
            ...(props.encryptionKey && { GF_SECURITY_SECRET_KEY: props.encryptionKey }),
            ...(database && { GF_DATABASE_PASSWORD: database.password }),
            ...(props.smtp?.auth && { GF_SMTP_PASSWORD: props.smtp.auth.password }),
            ...accessEnv(access),
            ...secretsEnv(sources.additional ?? []),
            POD_IP: { field: "status.podIP" },
          },
          ports: { http: grafanaPorts.http, ...(several && { gossip: grafanaPorts.gossip }) },
          probes: { port: "http", readiness: "/api/health", liveness: "/api/health" },
          mounts: [
            { volume: configVolume(config, "config"), path: paths.config },
            { volume: data, path: paths.data },
            { volume: scratchVolume("tmp", 128 * MiB), path: "/tmp" },
            ...provisioned.mounts,
            ...accessMounts(access),
          ],
        },
        ...provisioned.sidecars,
      ],
    });

    const { http } = grafanaPorts;
    service(this, {
      part,
      ports: { http },
      labels: { "skopos.dev/service": "http" },
      annotations: serviceAnnotations(route),
    });
    if (several) {
      const ports = { gossip: grafanaPorts.gossip };
      service(this, { part, name: gossip, ports, headless: true, publishNotReady: true });
    }
    serviceMonitor(this, {
      part,
      name: this.name,
      selector: { "app.kubernetes.io/instance": this.name, "skopos.dev/service": "http" },
      port: "http",
      targetPort: http,
      class: "infrastructure",
    });
    if (host && route) this.add(routeObject(this, host, route, { name: this.name, port: http, health: "/api/health" }));
    const routed = host !== undefined && route !== undefined;
    const { smtp, plugins = [] } = props;
    grafanaEdges(this, { sources, access, database, smtp, downloads: plugins.length > 0, watches, routed, several });
    rules(this, part, grafanaAlerts(this));
    dashboardConfigMap(this, grafanaDashboard());
    dashboardConfigMap(this, overviewDashboard(sources, props));
    this.endpoints = { http: { scheme: "http", host: serviceHost(this, this.name), port: http, pods } };
  }

  /** References to the administrator's name and password. */
  private administrator({ adminSecret }: GrafanaProps): { readonly user: EnvValue; readonly password: EnvValue } {
    const {
      name: secret,
      userKey,
      passwordKey,
    } = adminSecret ?? { name: "grafana-admin", userKey: "admin-user", passwordKey: "admin-password" };
    return { user: { secret, key: userKey }, password: { secret, key: passwordKey } };
  }

  /** The volume of SQLite, or scratch space if the data is in PostgreSQL. */
  private dataVolume({ grafana: { diskBytes } }: GrafanaSizing): Volume {
    if (!diskBytes) return scratchVolume("data", 512 * MiB);
    const claimName = this.name;
    this.add({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: this.metadata(claimName, this.component),
      spec: {
        accessModes: ["ReadWriteOnce"],
        ...(this.cluster.storageClass && { storageClassName: this.cluster.storageClass }),
        resources: { requests: { storage: bytesQuantity(diskBytes) } },
      },
    });
    return { name: "data", source: { persistentVolumeClaim: { claimName } }, claimBytes: diskBytes };
  }
}
