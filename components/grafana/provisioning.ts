import { yamlText } from "../../lib/formats/yaml.ts";
import {
  type ComponentChart,
  type ConfigMapRef,
  type ContainerProps,
  configMap,
  configVolume,
  dashboardLabel,
  dataSourceLabel,
  type EnvValue,
  folderAnnotation,
  grafanaLabels,
  type Mount,
  scratchVolume,
  sidecarSelection,
  type Volume,
} from "../../lib/kubernetes/index.ts";
import { MiB } from "../../lib/sizing/index.ts";
import { dashboardProviders, grafanaPorts, paths, type TeamFolders } from "./config.ts";
import { type DataSource, dataSourceFile } from "./data-sources.ts";
import { sidecar } from "./sidecar.ts";

/** A ConfigMap with dashboards in Grafana's namespace, which is mounted. */
export interface MountedDashboards {
  /** Name of the ConfigMap. */
  readonly configMap: string;
  /** Title of the folder. @default "Observability" */
  readonly folder?: string;
}

/**
 * How dashboards and data sources are provisioned. `sidecar`: from labelled ConfigMaps of every namespace, so that teams
 * can add their own. A list: these ConfigMaps of Grafana's namespace are mounted, which needs no access to the Kubernetes
 * API.
 */
export type Provisioning = "sidecar" | { readonly dashboards: readonly MountedDashboards[] };

export interface ProvisioningProps {
  readonly how: Provisioning;
  readonly teams: TeamFolders | undefined;
  readonly dataSources: readonly DataSource[];
  readonly admin: { readonly user: EnvValue; readonly password: EnvValue };
}

/** Mounts and sidecars of Grafana's pod. */
export interface Provisioned {
  readonly mounts: readonly Mount[];
  readonly sidecars: readonly ContainerProps[];
}

const dataSourcesPath = `${paths.provisioning}/datasources`;

/** Adds the ConfigMap of data sources. @param reloads whether a sidecar watches it, so that changes need no rollout */
export function dataSourcesConfigMap(
  chart: ComponentChart,
  sources: readonly DataSource[],
  reloads: boolean,
): ConfigMapRef {
  const data = { "skopos.yaml": yamlText(dataSourceFile(sources)) };
  const labels = grafanaLabels(chart, dataSourceLabel);
  return configMap(chart, chart.component, `${chart.name}-data-sources`, data, { labels, reloads });
}

/** Adds the ConfigMaps of data sources and dashboard providers, and returns the mounts and sidecars that read them. */
export function provision(chart: ComponentChart, props: ProvisioningProps): Provisioned {
  const { how, teams, admin } = props;
  const part = chart.component;
  const providers = configMap(chart, part, `${chart.name}-providers`, {
    "providers.yaml": yamlText(dashboardProviders(teams)),
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
        selection: sidecarSelection(chart, dashboardLabel),
        folderAnnotation,
        ...dashboards,
        port: 8081,
      }),
      sidecar({
        what: "data-sources",
        selection: sidecarSelection(chart, dataSourceLabel),
        ...dataSources,
        port: 8082,
        reload: { url: `http://localhost:${grafanaPorts.http}/api/admin/provisioning/datasources/reload`, ...admin },
      }),
    ],
  };
}

/** One projected volume per folder: Grafana names folders after the directories of dashboard files. */
function mountedDashboards(dashboards: readonly MountedDashboards[]): Mount[] {
  const folders = Map.groupBy(dashboards, ({ folder }) => folder ?? "Observability");
  return [...folders].map(([folder, members], index) => {
    const sources = members.map(({ configMap: name }) => ({ configMap: { name } }));
    const volume: Volume = { name: `dashboards-${index}`, source: { projected: { sources } } };
    return { volume, path: `${paths.dashboards}/${folder}`, readOnly: true };
  });
}
