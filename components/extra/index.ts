import type { Construct } from "constructs";
import {
  ComponentChart,
  type ComponentProps,
  dashboardLabel,
  folderAnnotation,
  grafanaLabels,
  isNamespaced,
  type KubernetesObject,
  type Manifest,
  monitorLabels,
} from "../../lib/kubernetes/index.ts";
import { assertValid } from "../../lib/sizing/index.ts";
import type { Additions } from "./props.ts";
import { alreadyThere, dashboardConfigMap, identityOf, validateAdditions } from "./validate.ts";

export type { Additions, PlainRule, PlainRuleGroup } from "./props.ts";
export { repeated, validateAdditions } from "./validate.ts";

export interface ExtraProps extends ComponentProps {
  readonly additions: Additions;
  /** The charts of the stack, whose objects and dashboards must not be there twice. @default none */
  readonly charts?: readonly ComponentChart[];
}

/** What a user adds to a stack: objects of Kubernetes, a PrometheusRule, and dashboards for Grafana's sidecar. */
export class ExtraChart extends ComponentChart {
  readonly endpoints = {};

  /** @throws InvalidPropsError with every finding of {@link validateAdditions} and everything that the stack has already */
  constructor(scope: Construct, id: string, { additions, charts = [], ...props }: ExtraProps) {
    super(scope, id, "extra", props);
    const { manifests = [], rules = [], dashboards = [] } = additions;
    const objects = new Set(
      charts.flatMap((chart) =>
        (chart.toJson() as KubernetesObject[]).map((each) => identityOf(each as Manifest, this.home)),
      ),
    );
    const uids = new Set(charts.flatMap((chart) => chart.dashboards.map(({ uid }) => `dashboard ${uid}`)));
    assertValid("Extra", this.name, [
      ...validateAdditions(additions, this.home),
      ...alreadyThere(additions, this.home, { objects, uids }),
    ]);
    for (const manifest of manifests) this.addAsIs(this.#placed(manifest));
    if (rules.length > 0) {
      const metadata = this.metadata(this.name, this.component, monitorLabels(this));
      this.addAsIs({
        apiVersion: "monitoring.coreos.com/v1",
        kind: "PrometheusRule",
        metadata,
        spec: { groups: rules },
      });
    }
    for (const { json, folder = "Observability" } of dashboards) {
      const metadata = this.metadata(dashboardConfigMap(json.uid), this.component, grafanaLabels(this, dashboardLabel));
      this.addAsIs({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { ...metadata, annotations: { [folderAnnotation]: folder } },
        data: { [`${json.uid}.json`]: JSON.stringify(json) },
      });
    }
  }

  #placed(manifest: Manifest): Manifest {
    if (manifest.metadata.namespace !== undefined || !isNamespaced(manifest.kind)) return manifest;
    return { ...manifest, metadata: { ...manifest.metadata, namespace: this.home } };
  }
}
