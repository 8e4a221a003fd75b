import { addressOf, type SecretKey, type Server } from "../../lib/kubernetes/index.ts";
import { type Access, accessIni } from "./access.ts";
import type { Ini } from "./ini.ts";

/** Ports of Grafana, by name. */
export const grafanaPorts = { http: 3000, gossip: 9094 } as const;

/** Paths in Grafana's container. */
export const paths = {
  config: "/etc/grafana-config",
  data: "/var/lib/grafana",
  provisioning: "/etc/grafana/provisioning",
  dashboards: "/var/lib/grafana-dashboards",
} as const;

/** An existing PostgreSQL database that all replicas share. @see https://grafana.com/docs/grafana/v13.2/setup-grafana/configure-grafana/#database */
export interface PostgreSql {
  /** Host and port, or the database's Service. @example "postgres.example.com:5432" */
  readonly host: Server;
  /** Name of the database. */
  readonly name: string;
  /** Name of the user. */
  readonly user: string;
  /** Secret key with the password. */
  readonly password: SecretKey;
  /** TLS mode. @default "require" */
  readonly sslMode?: "disable" | "require" | "verify-full";
  /** Port of the database, for the network policy. @default 5432 */
  readonly port?: number;
}

/** A mail server for invitations and password resets. @see https://grafana.com/docs/grafana/v13.2/setup-grafana/configure-grafana/#smtp */
export interface Smtp {
  /** Host and port. @example "smtp.example.com:587" */
  readonly host: string;
  /** Address of the sender. */
  readonly from: string;
  /** Name of the sender. @default "Grafana" */
  readonly fromName?: string;
  /** @default none: the server asks for none */
  readonly auth?: { readonly username: string; readonly password: SecretKey };
}

/** A plugin that Grafana downloads from grafana.com when it starts. */
export interface GrafanaPlugin {
  /** ID in the catalog: `grafana-clock-panel`. */
  readonly id: string;
  readonly version: string;
}

/** Apps that Grafana installs itself as soon as it installs any plugin. @see https://github.com/grafana/grafana/blob/v13.2.0/pkg/setting/setting_plugins.go */
const defaultApps = ["lokiexplore", "pyroscope", "exploretraces", "metricsdrilldown"].map(
  (app) => `grafana-${app}-app`,
);

export interface GrafanaConfigProps {
  readonly smtp?: Smtp;
  readonly plugins: readonly GrafanaPlugin[];
  readonly access: Access;
  /** Public URL. @default none: through a port forward @example "https://grafana.example.com/" */
  readonly rootUrl?: string;
  readonly database?: PostgreSql;
  /** Host name of the headless Service of several replicas. */
  readonly gossipHost?: string;
}

/** Settings of grafana.ini. Grafana makes no outgoing calls: no usage reports, update checks, plugin downloads, news or avatars. */
export function grafanaIni({ access, rootUrl, database, gossipHost, smtp, plugins }: GrafanaConfigProps): Ini {
  const wanted = plugins.map(({ id, version }) => `${id}@${version}`);
  const ids = plugins.map(({ id }) => id);
  return {
    paths: {
      data: paths.data,
      provisioning: paths.provisioning,
      logs: `${paths.data}/log`,
      plugins: `${paths.data}/plugins`,
    },
    server: { http_port: grafanaPorts.http, root_url: rootUrl },
    database: database
      ? {
          type: "postgres",
          host: addressOf(database.host),
          name: database.name,
          user: database.user,
          ssl_mode: database.sslMode ?? "require",
        }
      : // With write-ahead logging, readers do not block the writer.
        { type: "sqlite3", wal: true },
    analytics: {
      reporting_enabled: false,
      check_for_updates: false,
      check_for_plugin_updates: false,
      feedback_links_enabled: false,
    },
    plugins: {
      preinstall_disabled: wanted.length === 0,
      plugin_admin_enabled: false,
      public_key_retrieval_disabled: true,
      ...(wanted.length > 0 && {
        preinstall_sync: wanted.join(","),
        preinstall_auto_update: false,
        disable_plugins: defaultApps.filter((app) => !ids.includes(app)).join(","),
      }),
    },
    ...(smtp && {
      smtp: {
        enabled: true,
        host: smtp.host,
        user: smtp.auth?.username,
        from_address: smtp.from,
        from_name: smtp.fromName,
      },
    }),
    news: { news_feed_enabled: false },
    snapshots: { external_enabled: false },
    security: { disable_gravatar: true, cookie_secure: rootUrl?.startsWith("https://") ?? false },
    users: { allow_sign_up: false, auto_assign_org_role: "Viewer", home_page: "/d/skopos-overview" },
    ...accessIni(access),
    metrics: { enabled: true, total_stats_interval_seconds: 300 },
    log: { mode: "console" },
    "log.console": { format: "json" },
    unified_alerting: {
      enabled: true,
      ...(gossipHost && {
        ha_listen_address: `\${POD_IP}:${grafanaPorts.gossip}`,
        ha_advertise_address: `\${POD_IP}:${grafanaPorts.gossip}`,
        ha_peers: `${gossipHost}:${grafanaPorts.gossip}`,
      }),
    },
  };
}

/** Titles of dashboard folders by value of a ConfigMap's `grafana_folder` annotation: `{payments: "Payments"}`. */
export type TeamFolders = Readonly<Record<string, string>>;

/**
 * Dashboard providers. Without teams, one provider uses the annotation as folder title. With teams, each team has a
 * provider and a folder with a stable UID, `team-<name>`, to which permissions can be granted. Dashboards whose
 * annotation does not name a team are then not shown.
 */
export function dashboardProviders(teams: TeamFolders | undefined): object {
  const provider = { type: "file", disableDeletion: false, allowUiUpdates: false, updateIntervalSeconds: 30 };
  const all = { ...provider, name: "skopos", options: { path: paths.dashboards, foldersFromFilesStructure: true } };
  if (!teams) return { apiVersion: 1, providers: [all] };
  const own = { Observability: "skopos", Kubernetes: "skopos-kubernetes" };
  const folders = { Observability: "Observability", Kubernetes: "Kubernetes", ...teams };
  return {
    apiVersion: 1,
    providers: Object.entries(folders).map(([team, folder]) => ({
      ...provider,
      name: team,
      folder,
      folderUid: Object.hasOwn(own, team) ? own[team as keyof typeof own] : `team-${team}`,
      options: { path: `${paths.dashboards}/${team}` },
    })),
  };
}
