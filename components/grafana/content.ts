import type { Construct } from "constructs";
import { ComponentChart, type ComponentProps, dashboardConfigMap } from "../../lib/kubernetes/index.ts";
import { completeWorkload, type Workload } from "../../lib/sizing/index.ts";
import { dataSources, type QueryPath, type Sources } from "./data-sources.ts";
import { overviewDashboard } from "./monitoring/overview.ts";
import { dataSourcesConfigMap } from "./provisioning.ts";

export interface GrafanaContentProps extends ComponentProps {
  /** Endpoints of the data sources. */
  readonly sources: Sources;
  /** Whether metrics of all ages come from one data source. @default "separate" */
  readonly queryPath?: QueryPath;
  /** Whether the gateway computes metrics from spans. @default false */
  readonly spanMetrics?: boolean;
  /** UIDs of the dashboards in the stack, to which the overview links. @default those of every component */
  readonly dashboards?: readonly string[];
  /** Receivers by which spans arrive at the gateways, each span at one of them. @default ["otlp"] */
  readonly spanReceivers?: readonly string[];
  /** Of which `scrapeIntervalSeconds` is used. @default those of `workloads.small` */
  readonly workload?: Partial<Workload>;
}

/**
 * What an externally managed Grafana needs to show the stack: data sources with the UIDs that dashboards use, and the
 * overview, as labelled ConfigMaps for its sidecar.
 */
export class GrafanaContentChart extends ComponentChart {
  readonly endpoints = {};

  constructor(scope: Construct, id: string, props: GrafanaContentProps) {
    super(scope, id, "grafana", props);
    const { sources, queryPath = "separate", spanMetrics = false, workload } = props;
    const { scrapeIntervalSeconds } = completeWorkload(workload);
    dataSourcesConfigMap(this, dataSources(sources, { queryPath, spanMetrics, scrapeIntervalSeconds }), true);
    dashboardConfigMap(this, overviewDashboard(sources, props));
  }
}
