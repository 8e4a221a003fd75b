import type { Construct } from "constructs";
import {
  ComponentChart,
  type ComponentProps,
  configMap,
  configVolume,
  dashboardConfigMap,
  deployment,
  type Endpoint,
  type EnvValue,
  reads,
  rules,
  type SecretKey,
  scratchVolume,
  service,
  serviceAccount,
  serviceHost,
  serviceMonitor,
  type Volume,
} from "../../lib/kubernetes/index.ts";
import { type Availability, bytesQuantity, MiB, type Workload, workloads } from "../../lib/sizing/index.ts";
import { type Access, accessEnv, accessMounts } from "./access.ts";
import { grafanaIni, grafanaPorts, type PostgreSql, paths, type TeamFolders } from "./config.ts";
import { dataSources, type QueryPath, type Sources } from "./data-sources.ts";
import { grafanaEdges } from "./edges.ts";
import { ini } from "./ini.ts";
import { grafanaAlerts } from "./monitoring/alerts.ts";
import { grafanaDashboard } from "./monitoring/dashboards.ts";
import { overviewDashboard } from "./monitoring/overview.ts";
import { type Provisioning, provision } from "./provisioning.ts";
import { type GrafanaRoute, routeObject } from "./route.ts";
import { type GrafanaSizing, sizeGrafana } from "./sizing.ts";
import { checkGrafana } from "./validate.ts";

export interface GrafanaProps extends ComponentProps {
  /** What it asks. @default nothing: a Grafana without data sources */
  readonly sources?: Sources;
  /** How metrics of all ages are reached. @default "separate" */
  readonly queryPath?: QueryPath;
  /** Whether the gateway makes metrics of spans. @default false */
  readonly spanMetrics?: boolean;
  /** What people ask of it. @default the `small` workload */
  readonly workload?: Workload;
  /** @default "redundant", which means two replicas where there is a database */
  readonly availability?: Availability;
  /** @default computed from the workload */
  readonly sizing?: GrafanaSizing;
  /** Secret with the administrator's name and password. @default `grafana-admin`, keys `admin-user` and `admin-password` */
  readonly adminSecret?: { readonly name: string; readonly userKey: string; readonly passwordKey: string };
  /** Key that Grafana encrypts secrets in its database with. Set it before anybody stores one. @default Grafana's public default */
  readonly encryptionKey?: SecretKey;
  /** PostgreSQL, for more than one replica. @default SQLite on a volume of its own */
  readonly database?: PostgreSql;
  /** Login beside the administrator's. Anonymous access is always off. @default none */
  readonly access?: Access;
  /** Host name under which people reach it, by HTTPS. @default none: by a port forward */
  readonly host?: string;
  /** Needs `host`. @default none: somebody else routes to the Service */
  readonly route?: GrafanaRoute;
  /** @default "sidecar" */
  readonly provisioning?: Provisioning;
  /** UIDs of the dashboards that the stack brings: the overview links to no other. @default those of every component */
  readonly dashboards?: readonly string[];
  /** Teams' folders. @default each ConfigMap's annotation is its folder's title */
  readonly teams?: TeamFolders;
}

export interface GrafanaEndpoints {
  /** For people, and for whoever calls its API. */
  readonly http: Endpoint;
}

/** Uid of Grafana's image. */
const grafanaUser = 472;

/** Grafana: where people look at metrics, logs, traces and alerts. It evaluates none of the stack's rules itself. */
export class GrafanaChart extends ComponentChart<GrafanaEndpoints> {
  readonly endpoints: GrafanaEndpoints;

  /** @throws RangeError with every {@link checkGrafana} finding */
  constructor(scope: Construct, id: string, props: GrafanaProps) {
    super(scope, id, "grafana", props);
    const { sources = {}, database, host, route, access = {}, provisioning = "sidecar" } = props;
    const workload = props.workload ?? workloads.small;
    const availability = props.availability ?? "redundant";
    const sizing = props.sizing ?? sizeGrafana({ workload, availability, sharedDatabase: database !== undefined });
    const findings = checkGrafana({ replicas: sizing.grafana.replicas, sharedDatabase: database !== undefined });
    if (findings.length > 0) throw new RangeError(findings.map(({ at, message }) => `${at}: ${message}`).join("\n"));
    const part = this.component;
    const pods = this.pods(part);
    const several = sizing.grafana.replicas > 1;
    const gossip = `${this.name}-gossip`;

    const config = configMap(this, part, this.name, {
      "grafana.ini": ini(
        grafanaIni({
          access,
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
      // Only the sidecars get a token: whoever breaks into Grafana shall not read the cluster's ConfigMaps.
      ...(account && { identityAccount: account }),
      // One SQLite file has one writer: the old pod must be gone before the new one starts.
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
            ...accessEnv(access),
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
    service(this, { part, ports: { http }, labels: { "skopos.dev/service": "http" } });
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
    if (host && route) this.add(routeObject(this, host, route, { name: this.name, port: http }));
    const routed = host !== undefined && route !== undefined;
    grafanaEdges(this, { sources, access, database, watches, routed, several });
    rules(this, part, grafanaAlerts(this));
    dashboardConfigMap(this, grafanaDashboard());
    dashboardConfigMap(this, overviewDashboard(sources, props.dashboards));
    this.endpoints = { http: { scheme: "http", host: serviceHost(this, this.name), port: http, pods } };
  }

  /** The administrator's name and password, by reference. */
  private administrator({ adminSecret }: GrafanaProps): { readonly user: EnvValue; readonly password: EnvValue } {
    const {
      name: secret,
      userKey,
      passwordKey,
    } = adminSecret ?? { name: "grafana-admin", userKey: "admin-user", passwordKey: "admin-password" };
    return { user: { secret, key: userKey }, password: { secret, key: passwordKey } };
  }

  /** SQLite's volume, or scratch space where the data is in PostgreSQL. */
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
