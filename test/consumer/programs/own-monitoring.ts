// A consumer's component: monitor, rules and dashboard of a service, as a chart and as a Pulumi component, beside a Mimir.
import * as pulumi from "@pulumi/pulumi";
import type { Construct } from "constructs";
import {
  type Alert,
  ComponentChart,
  type ComponentProps,
  clusterVariable,
  type Dashboard,
  dashboardConfigMap,
  dashboardJson,
  type Inputs,
  Mimir,
  type MimirArgs,
  promql,
  rules,
  SkoposComponent,
  serviceMonitor,
} from "skopos";

const orders = promql('sum by (namespace) (rate(shop_orders_total{cluster=~"$cluster"}[5m]))');
const withoutOrders: Alert = {
  alert: "ShopWithoutOrders",
  expr: promql("sum by (namespace) (rate(shop_orders_total[5m])) == 0"),
  for: "10m",
  severity: "critical",
  summary: "Nobody orders.",
  description: "The shop in {{ $labels.namespace }} has had no order for ten minutes.",
};
const dashboard: Dashboard = {
  uid: "shop-orders",
  title: "Orders",
  description: "Orders of the shop.",
  variables: [clusterVariable],
  rows: [
    {
      title: "Orders",
      panels: [{ type: "timeseries", title: "Orders per second", unit: "ops", queries: [{ promql: orders }] }],
    },
  ],
};

class ShopChart extends ComponentChart {
  readonly endpoints = {};

  constructor(scope: Construct, id: string, props: ComponentProps) {
    super(scope, id, "shop", props);
    serviceMonitor(this, {
      part: "shop",
      name: "shop",
      selector: { app: "shop" },
      port: "metrics",
      targetPort: 9464,
      class: "application",
    });
    rules(this, "shop", [{ name: "shop", rules: [withoutOrders] }]);
    dashboardConfigMap(this, dashboard, { folder: "Shop" });
  }
}

class Shop extends SkoposComponent<ComponentProps, object> {
  constructor(name: string, args: Inputs<ComponentProps>, opts?: pulumi.ComponentResourceOptions) {
    super("Shop", name, ShopChart, args, opts);
  }
}

const registered = new Map<string, Record<string, unknown>>();
await pulumi.runtime.setMocks({
  newResource: ({ name, inputs }) => {
    registered.set(name, inputs);
    return { id: `${name}-id`, state: inputs };
  },
  call: ({ inputs }) => inputs,
});
const args: MimirArgs = {
  namespace: pulumi.output("telemetry"),
  workload: { activeSeries: 1_000_000 },
  objectStore: { kind: "s3", endpoint: pulumi.output("s3.example.com"), region: "eu-central-1", identity: {} },
};
new Mimir("mimir", args);
new Shop("shop", { namespace: pulumi.output("shop"), runbooks: "https://runbooks.example.com" });
await pulumi.runtime.disconnect();
console.log(
  JSON.stringify({
    shop: [...registered.keys()].filter((name) => name.startsWith("shop-")).sort(),
    title: dashboardJson(dashboard, "https://runbooks.example.com").title,
  }),
);
