import {
  type ComponentProps,
  type Endpoint,
  type Route,
  type SecretKey,
  sizeOverride,
} from "../../lib/kubernetes/index.ts";
import { type Availability, completeWorkload, type SizeOverride, type Workload } from "../../lib/sizing/index.ts";
import type { Access } from "./access.ts";
import type { GrafanaPlugin, PostgreSql, Smtp, TeamFolders } from "./config.ts";
import type { QueryPath, Sources } from "./data-sources.ts";
import type { Provisioning } from "./provisioning.ts";
import type { GrafanaLoad } from "./sizing.ts";

export interface GrafanaProps extends ComponentProps {
  /** Endpoints of the data sources. @default none */
  readonly sources?: Sources;
  /** Whether metrics of all ages come from one data source. @default "separate" */
  readonly queryPath?: QueryPath;
  /** Whether the gateway computes metrics from spans, to which spans then link. @default false */
  readonly spanMetrics?: boolean;
  /** Of which `queriesPerSecond` and `scrapeIntervalSeconds` are used. @default those of `workloads.small` */
  readonly workload?: Partial<Workload>;
  /** Whether Grafana survives the loss of a pod or a node, which needs a `database`. @default "redundant" */
  readonly availability?: Availability;
  /** Number of pods. More than one needs a `database`. @default 2 with a database if `redundant`, else 1 */
  readonly replicas?: number;
  /** Values that replace computed resources. @default computed from the workload */
  readonly size?: Omit<SizeOverride, "replicas" | "minReplicas">;
  /** Secret with the administrator's credentials. @default `grafana-admin` with the keys `admin-user` and `admin-password` */
  readonly adminSecret?: { readonly name: string; readonly userKey: string; readonly passwordKey: string };
  /**
   * Secret key with the key that encrypts secrets in Grafana's database. Changing it makes stored secrets unreadable.
   * @default Grafana's public default
   * @see https://grafana.com/docs/grafana/v13.2/setup-grafana/configure-grafana/#secret_key
   */
  readonly encryptionKey?: SecretKey;
  /** PostgreSQL database, required for more than one replica. @default SQLite on a volume */
  readonly database?: PostgreSql;
  /** Login in addition to the administrator's. Anonymous access is always disabled. @default none */
  readonly access?: Access;
  /** Host name under which users reach Grafana by HTTPS. @default none: through a port forward @example "grafana.example.com" */
  readonly host?: string;
  /** Ingress or HTTPRoute for `host`. @default none: routing is managed externally */
  readonly route?: Route;
  /** Mail server for invitations and password resets. @default none: Grafana sends no mail */
  readonly smtp?: Smtp;
  /** Plugins beside those of the image, which Grafana downloads from grafana.com at each start. @default none */
  readonly plugins?: readonly GrafanaPlugin[];
  /** How dashboards and data sources are provisioned. @default "sidecar" */
  readonly provisioning?: Provisioning;
  /** UIDs of the dashboards in the stack, to which the overview links. @default those of every component */
  readonly dashboards?: readonly string[];
  /** Receivers by which spans arrive at the gateways, each span at one of them. @default ["otlp"] */
  readonly spanReceivers?: readonly string[];
  /** Title of each team's dashboard folder. @default the folder annotation of each ConfigMap is the title @example {payments: "Payments"} */
  readonly teams?: TeamFolders;
}

export interface GrafanaEndpoints {
  /** Web interface and HTTP API. */
  readonly http: Endpoint;
}

/** The load that sizes are computed from, with defaults for what the props leave out. */
export function loadOf(props: GrafanaProps): GrafanaLoad {
  const { workload, availability, database, size } = props;
  const override = { ...size, ...sizeOverride(props) };
  return {
    workload: completeWorkload(workload),
    availability: availability ?? "redundant",
    sharedDatabase: database !== undefined,
    ...(Object.keys(override).length > 0 && { size: override }),
  };
}
