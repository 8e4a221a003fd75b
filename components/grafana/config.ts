import type { SecretKey } from "../../lib/kubernetes/index.ts";
import { type Access, accessIni } from "./access.ts";
import type { Ini } from "./ini.ts";

export const grafanaPorts = { http: 3000, gossip: 9094 } as const;

/** Where Grafana finds its files. */
export const paths = {
  config: "/etc/grafana-config",
  data: "/var/lib/grafana",
  provisioning: "/etc/grafana/provisioning",
  dashboards: "/var/lib/grafana-dashboards",
} as const;

/** A PostgreSQL database that all replicas share. It exists already. */
export interface PostgreSql {
  /** Host, with `:port` where it is not 5432. */
  readonly host: string;
  readonly name: string;
  readonly user: string;
  readonly password: SecretKey;
  /** @default "require" */
  readonly sslMode?: "disable" | "require" | "verify-full";
  /** For the network policy. @default 5432 */
  readonly port?: number;
}

export interface GrafanaConfigProps {
  readonly access: Access;
  /** How people reach it: `https://grafana.example.com`. Absent: by a port forward. */
  readonly rootUrl?: string;
  readonly database?: PostgreSql;
  /** The headless Service of its replicas, where there are several. */
  readonly gossipHost?: string;
}

/** The settings of grafana.ini. Nothing calls out: no usage reports, update checks, plugin downloads, news, avatars. */
export function grafanaIni({ access, rootUrl, database, gossipHost }: GrafanaConfigProps): Ini {
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
          host: database.host,
          name: database.name,
          user: database.user,
          ssl_mode: database.sslMode ?? "require",
        }
      : // Write-ahead logging lets readers and the writer go on beside each other.
        { type: "sqlite3", wal: true },
    analytics: {
      reporting_enabled: false,
      check_for_updates: false,
      check_for_plugin_updates: false,
      feedback_links_enabled: false,
    },
    plugins: { preinstall_disabled: true, plugin_admin_enabled: false, public_key_retrieval_disabled: true },
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

/** Folders of dashboards by what a ConfigMap's `grafana_folder` annotation says: `{payments: "Payments"}`. */
export type TeamFolders = Readonly<Record<string, string>>;

/**
 * The providers of dashboards. Without teams one provider takes the annotation as the folder's title. With teams each
 * has a provider and a folder with a stable UID, `team-<name>`, which permissions can be given on once and for all;
 * an annotation that names no team is then shown nowhere.
 */
export function dashboardProviders(teams: TeamFolders | undefined): object {
  const provider = { type: "file", disableDeletion: false, allowUiUpdates: false, updateIntervalSeconds: 30 };
  const all = { ...provider, name: "skopos", options: { path: paths.dashboards, foldersFromFilesStructure: true } };
  if (!teams) return { apiVersion: 1, providers: [all] };
  const folders = { Observability: "Observability", ...teams };
  return {
    apiVersion: 1,
    providers: Object.entries(folders).map(([team, folder]) => ({
      ...provider,
      name: team,
      folder,
      folderUid: team === "Observability" ? "skopos" : `team-${team}`,
      options: { path: `${paths.dashboards}/${team}` },
    })),
  };
}
