// The comparison with kube-prometheus says of each of its alerts whether it is here.
import { App } from "cdk8s";
import { expect, test } from "vitest";
import { GrafanaChart } from "../../components/grafana/index.ts";
import { KubePrometheusChart } from "../../components/kube-prometheus/index.ts";
import { defaultCluster } from "../../lib/kubernetes/index.ts";
import { readPage } from "./markdown.ts";

const app = new App();
const namespace = "observability";
const charts = [
  new KubePrometheusChart(app, "metrics", {
    namespace,
    agentsNamespace: "observability-agents",
    crds: false,
    cluster: defaultCluster,
    remoteWrite: { scheme: "http", host: "mimir", port: 8080 },
    controlPlane: ["kube-apiserver", "coredns", "kube-controller-manager", "kube-scheduler", "etcd"],
  }),
  new GrafanaChart(app, "grafana", { namespace, sources: {}, dashboards: [] }),
];
const alerts = new Set(
  charts.flatMap(({ ruleGroups }) =>
    ruleGroups.flatMap(({ rules }) => rules.flatMap((rule) => ("alert" in rule ? [rule.alert] : []))),
  ),
);
const rows = [...readPage("docs/alerts.md").matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, name = "", here = ""]) => ({
  name,
  here: here.startsWith("same"),
}));

test("says of each alert of kube-prometheus whether it is deployed under the same name", () => {
  expect(rows.length).toBeGreaterThan(120);
  expect(rows.filter(({ name, here }) => alerts.has(name) !== here)).toEqual([]);
});
