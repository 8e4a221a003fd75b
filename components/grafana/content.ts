import type { Construct } from "constructs";
import { ComponentChart, type ComponentProps, dashboardConfigMap } from "../../lib/kubernetes/index.ts";
import { type Workload, workloads } from "../../lib/sizing/index.ts";
import { dataSources, type QueryPath, type Sources } from "./data-sources.ts";
import { overviewDashboard } from "./monitoring/overview.ts";
import { dataSourcesConfigMap } from "./provisioning.ts";

export interface GrafanaContentProps extends ComponentProps {
  /** What it asks. */
  readonly sources: Sources;
  /** How metrics of all ages are reached. @default "separate" */
  readonly queryPath?: QueryPath;
  /** Whether the gateway makes metrics of spans. @default false */
  readonly spanMetrics?: boolean;
  /** UIDs of the dashboards that the stack brings. @default those of every component */
  readonly dashboards?: readonly string[];
  /** @default the `small` workload */
  readonly workload?: Workload;
}

/**
 * What somebody else's Grafana needs to show this stack: data sources with the UIDs that dashboards rest on, and the
 * overview, as labelled ConfigMaps for its sidecar.
 */
export class GrafanaContentChart extends ComponentChart {
  readonly endpoints = {};

  constructor(scope: Construct, id: string, props: GrafanaContentProps) {
    super(scope, id, "grafana", props);
    const { sources, queryPath = "separate", spanMetrics = false, workload = workloads.small } = props;
    const { scrapeIntervalSeconds } = workload;
    dataSourcesConfigMap(this, dataSources(sources, { queryPath, spanMetrics, scrapeIntervalSeconds }), true);
    dashboardConfigMap(this, overviewDashboard(sources, props.dashboards));
  }
}
