// biome-ignore-all lint/suspicious/noExplicitAny: scenarios change any field of any object
import type { Manifest } from "../model/object.ts";
import { dashboard, edit, find, prod, remove, rule } from "./prod.ts";

/** A change that people make, and what a reviewer has to be told about it. */
export interface Scenario {
  readonly change: (objects: Manifest[]) => void;
  /** `severity area text`, in any order; nothing else of severity `danger` may be said. */
  readonly says: readonly RegExp[];
  /** Risk of objects by name. */
  readonly risk?: Readonly<Record<string, string>>;
}

const immutable = "REJECTED by kubectl and Argo CD, REPLACE by Pulumi";

const alerts: Readonly<Record<string, Scenario>> = {
  "an alert is removed": {
    change: (objects) => {
      for (const { kind, spec } of objects as any[]) {
        if (kind !== "PrometheusRule") continue;
        for (const group of spec.groups) {
          group.rules = group.rules.filter((each: any) => each.alert !== "MimirIngesterUnhealthy");
        }
      }
    },
    says: [/^danger alerts alert MimirIngesterUnhealthy \(critical\) is removed/],
    risk: { "PrometheusRule observability/mimir": "in place" },
  },
  "an alert is added": {
    change: (objects) =>
      find(objects, "PrometheusRule", "mimir").spec.groups[0].rules.push({
        alert: "New",
        expr: "up == 0",
        labels: { severity: "info" },
      }),
    says: [/^info alerts alert New \(info\) is added/],
  },
  "an alert waits longer": {
    change: (objects) => Object.assign(rule(objects, "MimirIngesterUnhealthy"), { for: "2h" }),
    says: [/^warning alerts alert MimirIngesterUnhealthy .*loosened: it has to hold for 2h instead of/],
  },
  "an alert waits for a time in several parts": {
    change: (objects) => Object.assign(rule(objects, "MimirIngesterUnhealthy"), { for: "1h30m" }),
    says: [/^warning alerts alert MimirIngesterUnhealthy .*loosened: it has to hold for 1h30m instead of/],
  },
  "an alert's severity is lowered": {
    change: (objects) => Object.assign(rule(objects, "MimirIngesterUnhealthy").labels, { severity: "warning" }),
    says: [/^warning alerts .*loosened: severity warning instead of critical/],
  },
  "an alert's threshold is raised": {
    change: (objects) => threshold(rule(objects, "MimirSeriesLimitNear"), "99000000"),
    says: [/^warning alerts alert MimirSeriesLimitNear .*loosened: fires at > 99000000 instead of/],
  },
  "an alert's threshold is lowered": {
    change: (objects) => threshold(rule(objects, "MimirSeriesLimitNear"), "0.001"),
    says: [/^info alerts alert MimirSeriesLimitNear .*tightened: fires at > 0.001 instead of/],
  },
  "an alert asks another question": {
    change: (objects) => Object.assign(rule(objects, "MimirIngesterUnhealthy"), { expr: "absent(up)" }),
    says: [/^warning alerts .*has another expression: .* -> absent\(up\)/],
  },
  "an alert moves to another object": {
    change: (objects) => {
      const { rules } = find(objects, "PrometheusRule", "mimir").spec.groups[0];
      const index = rules.findIndex((each: any) => each.alert);
      find(objects, "PrometheusRule", "loki").spec.groups[0].rules.push(...rules.splice(index, 1));
    },
    says: [],
  },
  "a query is only formatted otherwise": {
    change: (objects) => {
      const each = rule(objects, "MimirIngesterUnhealthy");
      each.expr = `  ${each.expr.replaceAll("(", "( ")}  # checked`;
    },
    says: [],
  },
};

function threshold(each: any, value: string): void {
  const expr = each.expr.replace(/> [\d.]+(?![\s\S]*> )/, `> ${value}`);
  if (expr === each.expr) throw new Error(`no threshold in ${each.expr}`);
  each.expr = expr;
}

const data: Readonly<Record<string, Scenario>> = {
  "Mimir keeps less": {
    change: (objects) => edit(objects, "mimir", "mimir.yaml", /(blocks_retention_period:) \w+/, "$1 30d"),
    says: [
      /^danger retention ConfigMap observability\/mimir keeps data for 30d instead of 365d \(335d less\): Mimir's/,
    ],
  },
  "Mimir keeps more": {
    change: (objects) => edit(objects, "mimir", "mimir.yaml", /(blocks_retention_period:) \w+/, "$1 2y"),
    says: [/^info retention .*keeps data for 2y instead of 365d/],
  },
  "Loki keeps less": {
    change: (objects) => edit(objects, "loki", "loki.yaml", /(retention_period:) \w+/, "$1 24h"),
    says: [/^danger retention ConfigMap observability\/loki keeps data for 24h/],
  },
  "Prometheus keeps less": {
    change: (objects) => Object.assign(find(objects, "Prometheus", "kube-prometheus").spec, { retention: "6h" }),
    says: [/^danger retention Prometheus observability\/kube-prometheus keeps data for 6h instead of 15d/],
    risk: { "Prometheus observability/kube-prometheus": "RESTART 2 pods" },
  },
  "fewer traces are kept": {
    change: (objects) => editCollector(objects, /sampling_percentage: \d+/, "sampling_percentage: 5"),
    says: [/^warning sampling .*keeps 5 % of the traces that no other policy keeps, instead of 50 %/],
  },
  "errors are no longer kept": {
    change: (objects) => editCollector(objects, / *- name: keep-errors[\s\S]*?(?= *- name: keep-slow)/, ""),
    says: [/^warning sampling .*loses a sampling policy \(\[keep-errors\]\)/],
  },
  "slow traces have to be slower": {
    change: (objects) => editCollector(objects, /threshold_ms: \d+/, "threshold_ms: 9000"),
    says: [/^warning sampling .*slower than 9000 ms instead of 1000 ms/],
  },
  "the collector's processors run in another order": {
    change: (objects) =>
      editCollector(objects, /(processors:\n\s+- )memory_limiter(\n\s+- )(\S+)/, "$1$3$2memory_limiter"),
    says: [],
  },
  "a monitor is removed": {
    change: (objects) => remove(objects, "ServiceMonitor", "loki-distributor"),
    says: [/^danger scraping ServiceMonitor observability\/loki-distributor is removed/],
    risk: { "ServiceMonitor observability/loki-distributor": "DELETE" },
  },
  "a monitor loses an endpoint": {
    change: (objects) => find(objects, "ServiceMonitor", "kube-prometheus-kubelet").spec.endpoints.pop(),
    says: [/^danger scraping ServiceMonitor observability\/kube-prometheus-kubelet loses the endpoint/],
  },
  "a monitor selects other pods": {
    change: (objects) => Object.assign(monitor(objects).selector.matchLabels, { "app.kubernetes.io/name": "mimr" }),
    says: [/^warning scraping .*selects other targets/],
  },
  "scrapes are rarer": {
    change: (objects) => Object.assign(monitor(objects).endpoints[0], { interval: "5m" }),
    says: [/^warning scraping .*every 5m instead of/],
  },
  "a label is dropped": {
    change: (objects) =>
      Object.assign(monitor(objects).endpoints[0], { metricRelabelings: [{ action: "labeldrop", regex: "pod" }] }),
    says: [/^warning labels .*metricRelabelings: labeldrop matching pod/],
  },
  "the cluster label changes": {
    change: (objects) =>
      Object.assign(find(objects, "Prometheus", "kube-prometheus").spec.externalLabels, { cluster: "prod2" }),
    says: [/^warning labels .*other external labels/],
    risk: { "Prometheus observability/kube-prometheus": "in place" },
  },
};

const editCollector = (objects: Manifest[], from: RegExp, to: string) =>
  edit(objects, "otel-gateway-collector", "collector.yaml", from, to);

const monitor = (objects: Manifest[]) => find(objects, "ServiceMonitor", "mimir-ingester").spec;

const capacity: Readonly<Record<string, Scenario>> = {
  "a monitor takes fewer samples": {
    change: (objects) => Object.assign(monitor(objects), { sampleLimit: 10 }),
    says: [/^warning limits .*lowers sampleLimit from 50000 to 10/],
  },
  "Mimir takes more series": {
    change: (objects) => edit(objects, "mimir", "mimir.yaml", /(max_global_series_per_user:) \d+/, "$1 9000000"),
    says: [/^info limits .*raises max_global_series_per_user from 3000000 to 9000000/],
  },
  "one tenant takes less": {
    change: (objects) => edit(objects, "mimir-runtime", "runtime.yaml", /(ingestion_rate:) \d+/, "$1 1"),
    says: [/^warning limits .*lowers tenant long-term's ingestion_rate from \d+ to 1/],
    risk: { "ConfigMap observability/mimir-runtime": "in place" },
  },
  "ingesters are removed": {
    change: (objects) => {
      find(objects, "StatefulSet", "mimir-ingester-zone-a").spec.replicas -= 1;
    },
    says: [
      /^danger scale StatefulSet observability\/mimir-ingester-zone-a shrinks from \d+ to \d+ pods: first call POST/,
    ],
    risk: { "StatefulSet observability/mimir-ingester-zone-a": "in place" },
  },
  "Prometheus is sharded": {
    change: (objects) => Object.assign(find(objects, "Prometheus", "kube-prometheus").spec, { shards: 3 }),
    says: [/^warning scale .*has 3 shards instead of 1/],
  },
  "queriers grow": {
    change: (objects) => {
      find(objects, "Deployment", "mimir-querier").spec.replicas += 4;
    },
    says: [/^info scale Deployment observability\/mimir-querier grows from/],
    risk: { "Deployment observability/mimir-querier": "in place" },
  },
  "a disk grows": {
    change: (objects) => {
      const [claim] = find(objects, "StatefulSet", "loki-ingester").spec.volumeClaimTemplates;
      claim.spec.resources.requests.storage = "999Gi";
    },
    says: [],
    risk: { "StatefulSet observability/loki-ingester": immutable },
  },
  "a selector changes": {
    change: (objects) => {
      const { selector, template } = find(objects, "Deployment", "mimir-querier").spec;
      for (const labels of [selector.matchLabels, template.metadata.labels]) labels.tier = "read";
    },
    says: [],
    risk: { "Deployment observability/mimir-querier": immutable },
  },
  "memory changes": {
    change: (objects) => {
      container(objects, "Deployment", "mimir-querier").resources.requests.memory = "64Gi";
    },
    says: [],
    risk: {
      "Deployment observability/mimir-querier": `RESTART ${find(prod(), "Deployment", "mimir-querier").spec.replicas} pods`,
    },
  },
  "only a checksum changes, since a file did": {
    change: (objects) => {
      edit(objects, "loki", "loki.yaml", /(max_global_streams_per_user:) \d+/, "$1 99000");
      for (const { kind, spec } of objects as any[]) {
        if (!/StatefulSet|Deployment/.test(kind)) continue;
        const annotations = spec.template.metadata.annotations ?? {};
        if ("checksum/loki" in annotations) annotations["checksum/loki"] = "0000";
      }
    },
    says: [/^info limits .*raises max_global_streams_per_user/],
  },
};

const container = (objects: Manifest[], kind: string, name: string) =>
  find(objects, kind, name).spec.template.spec.containers[0];

const security: Readonly<Record<string, Scenario>> = {
  "a connection is opened": {
    change: (objects) =>
      find(objects, "NetworkPolicy", "mimir-chunks-cache").spec.ingress.push({
        from: [{ namespaceSelector: {} }],
        ports: [{ port: 11211, protocol: "TCP" }],
      }),
    says: [/^warning network .*opens to pods .*component=chunks-cache.* from namespaces \(all\) on TCP 11211/],
  },
  "a connection is closed": {
    change: (objects) => find(objects, "NetworkPolicy", "mimir-chunks-cache").spec.ingress.pop(),
    says: [/^warning network .*closes to pods .*on TCP 9150/],
  },
  "default deny is removed": {
    change: (objects) => remove(objects, "NetworkPolicy", "default-deny"),
    says: [/^danger network NetworkPolicy observability[\w-]*\/default-deny is removed/],
  },
  "a service is exposed": {
    change: (objects) => Object.assign(find(objects, "Service", "mimir-distributor").spec, { type: "LoadBalancer" }),
    says: [/^danger network Service observability\/mimir-distributor is reachable from outside the cluster/],
  },
  "a container becomes privileged": {
    change: (objects) => {
      container(objects, "DaemonSet", "alloy").securityContext.privileged = true;
    },
    says: [/^danger privileges DaemonSet .*alloy gains privileged mode in container alloy/],
  },
  "a pod sees the host": {
    change: (objects) =>
      find(objects, "Deployment", "mimir-querier").spec.template.spec.volumes.push({
        name: "root",
        hostPath: { path: "/" },
      }),
    says: [/^danger privileges .*gains the host path \//],
  },
  "a role may read all secrets": {
    change: (objects) =>
      find(objects, "ClusterRole", "observability-agents-alloy").rules.push({
        apiGroups: [""],
        resources: ["secrets"],
        verbs: ["list"],
      }),
    says: [/^danger privileges ClusterRole observability-agents-alloy gains the right to list secrets/],
  },
};

const versions: Readonly<Record<string, Scenario>> = {
  "an image goes up a major version": {
    change: (objects) => {
      const each = container(objects, "StatefulSet", "loki-ingester");
      each.image = each.image.replace(/:[\d.]+/, ":99.0.0");
    },
    says: [/^info images StatefulSet observability\/loki-ingester: loki .* -> 99\.0\.0/],
  },
  "an image goes back over a breaking version": {
    change: (objects) => {
      const each = container(objects, "StatefulSet", "loki-ingester");
      each.image = each.image.replace(/:[\d.]+/, ":2.9.0");
    },
    says: [/^danger images .*goes back from loki .* to 2\.9\.0/],
  },
  "an API version is gone in the target": {
    change: (objects) =>
      Object.assign(find(objects, "PodDisruptionBudget", "loki-ingester"), { apiVersion: "policy/v1beta1" }),
    says: [
      /^danger api .*uses policy\/v1beta1, which Kubernetes 1\.25 no longer serves: use policy\/v1/,
      /^info api .*uses policy\/v1beta1 instead of policy\/v1/,
    ],
  },
};

const dashboards: Readonly<Record<string, Scenario>> = {
  "a panel's query changes": {
    change: (objects) => {
      const { value, write } = dashboard(objects);
      value.panels.find((panel: any) => panel.targets).targets[0].expr = "up";
      write();
    },
    says: [/^warning dashboards dashboard ".*", panel ".*" changes its query/],
  },
  "a panel is removed": {
    change: (objects) => {
      const { value, write } = dashboard(objects);
      value.panels = value.panels.filter((panel: any) => panel.type !== "timeseries");
      write();
    },
    says: [/^warning dashboards dashboard ".*", panel ".*" is removed/],
  },
  "a dashboard is only formatted otherwise": {
    change: (objects) => dashboard(objects).write(7),
    says: [],
  },
};

const identity: Readonly<Record<string, Scenario>> = {
  "a StatefulSet gets another name": {
    change: (objects) => Object.assign(find(objects, "StatefulSet", "loki-ingester").metadata, { name: "loki-write" }),
    says: [
      /^danger scale .*no longer runs the \d+ ring members of StatefulSet observability\/loki-ingester: first call/,
    ],
    risk: { "StatefulSet observability/loki-write": "DATA-LOSS, REPLACE" },
  },
  "a namespace is removed": {
    change: (objects) => remove(objects, "Namespace", "observability-agents"),
    says: [],
    risk: { "Namespace observability-agents": "DATA-LOSS, DELETE" },
  },
  "a definition is removed": {
    change: (objects) => remove(objects, "CustomResourceDefinition", "probes.monitoring.coreos.com"),
    says: [],
    risk: { "CustomResourceDefinition probes.monitoring.coreos.com": "DATA-LOSS, DELETE" },
  },
};

/** Every scenario by what happens in it. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  ...alerts,
  ...data,
  ...capacity,
  ...security,
  ...versions,
  ...dashboards,
  ...identity,
};
