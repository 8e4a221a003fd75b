// What a stack file adds: it is rendered, registered by Pulumi, and read by the real programs.
import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { manifestsOf } from "../../cli/manifests.ts";
import { Observability } from "../../components/pulumi.ts";
import type { KubernetesObject } from "../../lib/kubernetes/index.ts";
import { readStackFile } from "../../stacks/load.ts";
import { ConfigurationError } from "../../stacks/problem.ts";
import { resolve } from "../../stacks/resolve.ts";
import { objectsOf, renderStack } from "../../stacks/stack.ts";
import { requireProgram } from "../data-plane/process.ts";
import { plain, runUnderMocks } from "../support/pulumi-mocks.ts";

const render = (extra: object, stack = "dev") =>
  renderStack(resolve({ ...readStackFile("stacks", stack).raw, extra }, { stack }));

const objects = (stack: ReturnType<typeof render>) => objectsOf(stack).map(({ object }) => object);

function problems(extra: object): readonly string[] {
  try {
    render(extra);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ code, path, message }) => `${code} ${path}: ${message}`);
  }
  return [];
}

const rules = [
  {
    name: "shop",
    interval: "30s",
    rules: [
      { record: "shop:orders:rate5m", expr: "sum by (namespace) (rate(shop_orders_total[5m]))", labels: { tier: "1" } },
      {
        alert: "ShopWithoutOrders",
        expr: "shop:orders:rate5m == 0",
        for: "10m",
        keep_firing_for: "5m",
        labels: { severity: "critical", team: "shop" },
        annotations: { summary: "Nobody orders.", description: "{{ $labels.namespace }}: undefined behaviour" },
      },
    ],
  },
];

const target = (expr: string, type?: string) => ({ expr, ...(type && { datasource: { type, uid: "x" } }) });
const dashboard = (uid: string, ...targets: object[]) => ({
  folder: "Shop",
  json: { uid, title: "Orders", panels: [{ type: "row", panels: [{ type: "timeseries", title: "NaN", targets }] }] },
});
const orders = dashboard(
  "shop_Orders",
  target('sum by ($by) (rate(shop_orders_total{shop=~"$shop"}[$__rate_interval])) > ${limit}'),
  target("topk($n, rate(a[${window:raw}] offset $shift)) / on () group_left () vector(1)", "prometheus"),
  target('{app="$app"} |= "[[text]]" | json', "loki"),
  target("SELECT 1 FROM", "mysql"),
);

const manifests = [
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "shop" }, data: { mode: "no" } },
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } },
  {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "ServiceMonitor",
    metadata: { name: "shop", namespace: "shop", labels: { release: "kube-prometheus-stack" } },
    spec: { selector: {}, endpoints: [{ port: "http" }] },
  },
  { apiVersion: "cert-manager.io/v1", kind: "ClusterIssuer", metadata: { name: "ca" }, spec: { selfSigned: {} } },
];

describe("additions", () => {
  const stack = render({ manifests, rules, dashboards: [orders] });
  const added = objects(stack).slice(0);
  const find = (kind: string, name: string) =>
    added.find((object) => object.kind === kind && object.metadata.name === name) as KubernetesObject;

  test("are rendered: manifests as they are, in the stack's namespace unless they name another or have none", () => {
    expect(find("ConfigMap", "shop")).toEqual({
      ...manifests[0],
      metadata: { name: "shop", namespace: "observability" },
    });
    for (const index of [1, 2, 3]) {
      const manifest = manifests[index] as (typeof manifests)[number];
      expect(find(manifest.kind, manifest.metadata.name)).toEqual(manifest);
    }
  });

  test("are dashboards in their folder, for Grafana's sidecar", () => {
    const { metadata, data } = find("ConfigMap", "dashboard-shop-orders") as KubernetesObject & {
      data: Record<string, string>;
    };
    expect(metadata).toMatchObject({
      labels: { grafana_dashboard: "skopos-observability" },
      annotations: { grafana_folder: "Shop" },
    });
    expect(JSON.parse(data["shop_Orders.json"] as string)).toEqual(orders.json);
  });

  test("are rules that the evaluator of the stack selects, and the real promtool reads", () => {
    const { metadata, spec } = find("PrometheusRule", "extra");
    expect(metadata.labels).toMatchObject({ release: "skopos-observability" });
    expect(spec.groups).toEqual(rules);
    const output = execFileSync(requireProgram("promtool"), ["check", "rules", "--lint=all", "--lint-fatal"], {
      input: JSON.stringify(spec),
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"],
    });
    expect(output).toContain("2 rules found");
  });

  test("are registered by Pulumi as they are rendered", async () => {
    const run = await runUnderMocks(() => new Observability("observability", stack.props));
    const registered = run.resources.filter(({ component }) => !component).map(({ inputs }) => plain(inputs));
    for (const [kind, name] of [
      ["ConfigMap", "shop"],
      ["ServiceMonitor", "shop"],
      ["ClusterIssuer", "ca"],
      ["PrometheusRule", "extra"],
      ["ConfigMap", "dashboard-shop-orders"],
    ] as const) {
      expect(registered).toContainEqual(find(kind, name));
    }
  });

  test("leave the rest of the stack as it is", () => {
    const without = objects(render({}));
    expect(added).toEqual(expect.arrayContaining(without as KubernetesObject[]));
    expect(added.length).toBe(without.length + manifests.length + 2);
  });
});

test("what cannot be read is reported at once", () => {
  const found = problems({
    rules: [
      { name: "a", rules: [{ alert: "A", expr: "sum(up" }, { expr: "1" }] },
      { name: "b", rules: [{ record: "a-b", expr: "1", labels: { "c d": "e" } }] },
      { name: "c", rules: [{ record: "c", expr: "1", for: "5m" }] },
      { name: "d", rules: [{ alert: "D", record: "d", expr: "1" }] },
    ],
    dashboards: [dashboard("b b")],
    manifests: [{ apiVersion: "v1", kind: "Config/Map", metadata: { name: "a", labels: { a: 1 } } }],
  });
  expect(found.map((each) => each.split(": ")[0]).toSorted()).toEqual(
    [
      "SKP1012 skopos:extra.rules[0].rules[0].expr",
      "SKP1003 skopos:extra.rules[0].rules[1].alert",
      "SKP1012 skopos:extra.rules[1].rules[0].record",
      'SKP1012 skopos:extra.rules[1].rules[0].labels["c d"]',
      "SKP1013 skopos:extra.rules[2].rules[0].for",
      "SKP1013 skopos:extra.rules[3].rules[0].record",
      "SKP1012 skopos:extra.dashboards[0].json.uid",
      "SKP1012 skopos:extra.manifests[0].kind",
      "SKP1014 skopos:extra.manifests[0].metadata.labels.a",
    ].toSorted(),
  );
});

test("what can be read and cannot be deployed is reported at once", () => {
  const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" }, spec: { replicas: "two" } };
  const found = problems({
    manifests: [
      deployment,
      { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, stringData: { password: "hunter2" } },
      manifests[0],
      manifests[0],
    ],
    rules: [rules[0], rules[0]],
    dashboards: [dashboard("a", target("rate(x[5m]")), dashboard("b", target("{a=", "loki")), orders, orders],
  });
  expect(found).toEqual([
    "SKP1010 skopos:extra.manifests[1].stringData: is a secret in plain text",
    expect.stringMatching(/^SKP1320 skopos:extra.manifests\[0\]: Deployment a: .*spec\/replicas must be integer/),
    expect.stringMatching(/^SKP1012 skopos:extra.dashboards\[0\].json: .*panels.0.panels.0.targets.0.expr: not PromQL/),
    expect.stringMatching(/^SKP1012 skopos:extra.dashboards\[1\].json: .*not LogQL/),
    "SKP1321 skopos:extra.manifests[3]: ConfigMap observability/shop exists already",
    "SKP1321 skopos:extra.rules[1]: group shop exists already",
    "SKP1321 skopos:extra.dashboards[3]: dashboard shop_Orders exists already",
  ]);
  expect(found.join("\n")).not.toContain("hunter2");
});

test("a store has a name of its own and one kind of authentication", () => {
  const secret = { secret: "s", key: "k" };
  const store = (name: string, more: object = {}) => ({ name, url: "https://a.example.com/write", ...more });
  expect(problems({ remoteWrites: [store("a"), store("a"), store("long-term")] })).toEqual([
    "SKP1321 skopos:extra.remoteWrites[1]: remote write a exists already",
    "SKP1321 skopos:extra.remoteWrites[2]: remote write long-term exists already",
  ]);
  const basicAuth = { username: secret, password: "hunter2" };
  const found = problems({
    remoteWrites: [
      store("a", { url: "https://u:hunter2@a.example.com" }),
      store("b", { basicAuth }),
      store("c", { bearerToken: secret, sigv4: { region: "eu-west-1" } }),
      store("d", { metrics: "(?=a)" }),
    ],
  });
  expect(found.map((each) => each.split(": ")[0])).toEqual([
    "SKP1012 skopos:extra.remoteWrites[0].url",
    "SKP1010 skopos:extra.remoteWrites[1].basicAuth.password",
    "SKP1013 skopos:extra.remoteWrites[2].sigv4",
    "SKP1012 skopos:extra.remoteWrites[3].metrics",
  ]);
  expect(found.join("\n")).not.toContain("hunter2");
});

test("what the stack has already cannot be added", () => {
  const existing = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "loki" }, data: {} };
  expect(problems({ manifests: [manifests[0], existing], dashboards: [dashboard("skopos-loki")] })).toEqual([
    "SKP1321 skopos:extra.manifests[1]: ConfigMap observability/loki exists already",
    "SKP1321 skopos:extra.dashboards[0]: dashboard skopos-loki exists already",
  ]);
});

test("objects that Kubernetes cannot have are reported, whatever their kind: a name becomes the path of a file", () => {
  const widget = (name: string) => ({ apiVersion: "example.com/v1", kind: "Widget", metadata: { name } });
  const of = (apiVersion: string, kind: string) => ({ apiVersion, kind, metadata: { name: "a" } });
  const found = problems({
    manifests: [
      widget("../../../../tmp/a"),
      widget("Größe"),
      { ...of("v1", "ConfigMap"), metadata: { name: "a/b" } },
      of("apps/v9", "Deployment"),
      of("nope/v1", "Deployment"),
      of("apps/v1", "Deploymnt"),
      of("v1", "Container"),
      of("v1", "secret"),
      { ...of("v1", "List"), items: [] },
      { ...of("rbac.authorization.k8s.io/v1", "ClusterRole"), metadata: { name: "shop:Reader" }, rules: [] },
      widget("a.b-c"),
    ],
  });
  expect(found.map((each) => each.replace(/ is not a DNS subdomain.*/, ""))).toEqual([
    'SKP1012 skopos:extra.manifests[0].metadata.name: "../../../../tmp/a"',
    'SKP1012 skopos:extra.manifests[1].metadata.name: "Größe"',
    'SKP1012 skopos:extra.manifests[2].metadata.name: "a/b"',
    "SKP1320 skopos:extra.manifests[3]: Deployment a: the API group apps has no version v9",
    "SKP1320 skopos:extra.manifests[4]: Deployment a: there is no API group nope",
    "SKP1320 skopos:extra.manifests[5]: Deploymnt a: there is no kind Deploymnt in apps/v1: did you mean Deployment?",
    "SKP1320 skopos:extra.manifests[6]: Container a: there is no kind Container in v1",
    "SKP1320 skopos:extra.manifests[7]: secret a: there is no kind secret in v1: did you mean Secret?",
    "SKP1320 skopos:extra.manifests[8]: List a: is a list: write its items one by one",
  ]);
});

test("additions do not overwrite each other's objects, and kinds of two API groups have files of their own", () => {
  const service = (group: string) => ({ apiVersion: `${group}/v1`, kind: "Service", metadata: { name: "mimir" } });
  const rule = { apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule", metadata: { name: "extra" } };
  const additions = { rules, dashboards: [dashboard("a_b"), dashboard("A-b"), dashboard("mimir")] };
  expect(problems({ ...additions, manifests: [{ ...rule, spec: {} }] })).toEqual([
    "SKP1321 skopos:extra.manifests[0]: PrometheusRule.monitoring.coreos.com observability/extra exists already",
    "SKP1321 skopos:extra.dashboards[1]: ConfigMap observability/dashboard-a-b exists already",
  ]);
  expect(problems(additions).slice(1)).toEqual([]);
  expect(problems({ dashboards: [dashboard("mimir")] })).toEqual([
    "SKP1321 skopos:extra.dashboards[0]: ConfigMap observability/dashboard-mimir exists already",
  ]);
  const manifests = [service("serving.knative.dev"), service("a.example.com"), service("b.example.com")];
  const files = manifestsOf(render({ manifests, dashboards: [dashboard("_x_")] })).map(({ path }) => path);
  expect(files.filter((path) => path.includes("/extra/"))).toEqual([
    "20-stack/extra/configmap-dashboard--x.yaml",
    "20-stack/extra/service-mimir-observability-a.example.com.yaml",
    "20-stack/extra/service-mimir-observability-b.example.com.yaml",
    "20-stack/extra/service-mimir-observability-serving.knative.dev.yaml",
  ]);
});
