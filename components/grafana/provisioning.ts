import { stringify } from "yaml";
import {
  type ComponentChart,
  type ConfigMapRef,
  type ContainerProps,
  configMap,
  configVolume,
  dashboardLabels,
  type EnvValue,
  folderAnnotation,
  type Mount,
  scratchVolume,
  type Volume,
} from "../../lib/kubernetes/index.ts";
import { MiB } from "../../lib/sizing/index.ts";
import { dashboardProviders, grafanaPorts, paths, type TeamFolders } from "./config.ts";
import { type DataSource, dataSourceFile } from "./data-sources.ts";
import { sidecar } from "./sidecar.ts";

/** A ConfigMap of dashboards in Grafana's own namespace, for mounting without a sidecar. */
export interface MountedDashboards {
  readonly configMap: string;
  /** @default "Observability" */
  readonly folder?: string;
}

/**
 * How dashboards and data sources get into the pod. `sidecar`: from labelled ConfigMaps of every namespace, so that a
 * team's own stack can add its own. A list: these ConfigMaps of Grafana's namespace are mounted, nothing watches the
 * API, and no rights are needed.
 */
export type Provisioning = "sidecar" | { readonly dashboards: readonly MountedDashboards[] };

export interface ProvisioningProps {
  readonly how: Provisioning;
  readonly teams: TeamFolders | undefined;
  readonly dataSources: readonly DataSource[];
  readonly admin: { readonly user: EnvValue; readonly password: EnvValue };
}

/** What provisioning adds to Grafana's pod. */
export interface Provisioned {
  readonly mounts: readonly Mount[];
  readonly sidecars: readonly ContainerProps[];
}

/** Labels by which the sidecar finds data sources. */
const dataSourceLabels = { grafana_datasource: "1" } as const;

const dataSourcesPath = `${paths.provisioning}/datasources`;

/** Adds the ConfigMap of data sources. @param reloads whether a sidecar watches it, so that a change rolls no pod */
export function dataSourcesConfigMap(
  chart: ComponentChart,
  sources: readonly DataSource[],
  reloads: boolean,
): ConfigMapRef {
  const data = { "skopos.yaml": stringify(dataSourceFile(sources), { lineWidth: 0 }) };
  return configMap(chart, chart.component, `${chart.name}-data-sources`, data, { labels: dataSourceLabels, reloads });
}

/** Adds the ConfigMaps of data sources and dashboard providers, and says what the pod needs to see them. */
export function provision(chart: ComponentChart, props: ProvisioningProps): Provisioned {
  const { how, teams, admin } = props;
  const part = chart.component;
  const providers = configMap(chart, part, `${chart.name}-providers`, {
    "providers.yaml": stringify(dashboardProviders(teams), { lineWidth: 0 }),
  });
  const sources = dataSourcesConfigMap(chart, props.dataSources, how === "sidecar");
  const providersMount = { volume: configVolume(providers, "providers"), path: `${paths.provisioning}/dashboards` };
  if (how !== "sidecar") {
    const mounted = { volume: configVolume(sources, "data-sources"), path: dataSourcesPath };
    return { mounts: [providersMount, mounted, ...mountedDashboards(how.dashboards)], sidecars: [] };
  }
  const dashboards = { volume: scratchVolume("dashboards", 64 * MiB), path: paths.dashboards };
  const dataSources = { volume: scratchVolume("data-sources", 16 * MiB), path: dataSourcesPath };
  const readOnly = (mount: Mount): Mount => ({ ...mount, readOnly: true });
  return {
    mounts: [providersMount, readOnly(dashboards), readOnly(dataSources)],
    sidecars: [
      sidecar({
        what: "dashboards",
        label: ["grafana_dashboard", dashboardLabels.grafana_dashboard],
        folderAnnotation,
        ...dashboards,
        port: 8081,
      }),
      sidecar({
        what: "data-sources",
        label: ["grafana_datasource", dataSourceLabels.grafana_datasource],
        ...dataSources,
        port: 8082,
        reload: { url: `http://localhost:${grafanaPorts.http}/api/admin/provisioning/datasources/reload`, ...admin },
      }),
    ],
  };
}

/** One projected volume a folder: Grafana names a folder after the directory that a dashboard's file lies in. */
function mountedDashboards(dashboards: readonly MountedDashboards[]): Mount[] {
  const folders = Map.groupBy(dashboards, ({ folder }) => folder ?? "Observability");
  return [...folders].map(([folder, members], index) => {
    const sources = members.map(({ configMap: name }) => ({ configMap: { name } }));
    const volume: Volume = { name: `dashboards-${index}`, source: { projected: { sources } } };
    return { volume, path: `${paths.dashboards}/${folder}`, readOnly: true };
  });
}
