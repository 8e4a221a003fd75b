// Each text of each component's props as an Output: what arrives is what the text itself would have rendered.
import * as pulumi from "@pulumi/pulumi";
import { App } from "cdk8s";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isFormat, ListOf, MapOf, mistakeIn, type Shape, TextOr, unchecked } from "../lib/formats/index.ts";
import type { KubernetesObject } from "../lib/kubernetes/index.ts";
import { InvalidPropsError, retentionProfiles, workloads } from "../lib/sizing/index.ts";
import { plain, runUnderMocks } from "../test/support/pulumi-mocks.ts";
import { AlloyChart } from "./alloy/index.ts";
import { FlowAgentChart } from "./flow-agent/index.ts";
import { GrafanaChart } from "./grafana/index.ts";
import { KubePrometheusChart } from "./kube-prometheus/index.ts";
import { LokiChart } from "./loki/index.ts";
import { MimirChart } from "./mimir/index.ts";
import { OtelAgentChart } from "./otel-agent/index.ts";
import { OtelGatewayChart } from "./otel-gateway/index.ts";
import {
  Alloy,
  FlowAgent,
  Grafana,
  KubePrometheus,
  Loki,
  Mimir,
  Observability,
  OtelAgent,
  OtelGateway,
  Pushgateway,
  Traces,
} from "./pulumi.ts";
import { PushgatewayChart } from "./pushgateway/index.ts";
import { TracesChart } from "./traces/index.ts";

type Component = new (name: string, args: never) => unknown;
type Chart = { readonly shape: Shape } & (new (scope: App, id: string, props: never) => object);
type Props = Readonly<Record<string, unknown>>;

const secret = (name: string) => ({ secret: name, key: `${name}-key` });
const endpoint = (host: string) => ({
  scheme: "http",
  host: `${host}.other.svc`,
  port: 80,
  path: "/api",
  headers: { "X-Scope-OrgID": "team" },
});
const s3 = {
  kind: "s3",
  endpoint: "minio.storage.svc:9000",
  region: "eu",
  credentials: { accessKeyId: secret("id"), secretAccessKey: secret("access") },
};
const shared = {
  namespace: "observability",
  cluster: {
    name: "prod",
    version: "1.35",
    platform: "kubernetes",
    storageClass: "fast",
    zones: ["a", "b", "c"],
    nodeCidrs: ["10.0.0.0/16"],
    apiServerCidrs: ["10.1.0.0/16"],
    dnsDomain: "cluster.local",
  },
  images: { registries: { "docker.io": "mirror.example.com" }, pullSecrets: ["pull"] },
  priorityClassName: "high",
  runbooks: "https://runbooks.example.com",
};
const receivers = [
  { kind: "webhook", name: "hook", url: secret("hook"), labels: { team: "payments" } },
  { kind: "slack", name: "slack", channel: "#alerts", webhookUrl: secret("slack") },
  { kind: "pagerduty", name: "pager", routingKey: secret("pager") },
  {
    kind: "email",
    name: "mail",
    to: "a@b.example",
    from: "c@d.example",
    server: { host: "smtp.example.com", port: 587 },
    auth: { username: "user", password: secret("mail") },
  },
];
const alerts = { receivers, deadMansSwitch: secret("dead") };
const grafana = {
  adminSecret: { name: "admin", userKey: "user", passwordKey: "password" },
  encryptionKey: secret("encryption"),
  database: { host: "postgres.example.com:5433", name: "grafana", user: "grafana", password: secret("database") },
  access: {
    oidc: {
      name: "Login",
      clientId: "client",
      clientSecret: secret("oidc"),
      authUrl: "https://id.example.com/auth",
      tokenUrl: "https://id.example.com:8443/token",
      apiUrl: "https://id.example.com/api",
      scopes: "openid",
      roleAttributePath: "role",
      allowedDomains: ["example.com"],
    },
    ldap: { config: secret("ldap") },
  },
  host: "grafana.example.com",
  route: { kind: "ingress", className: "nginx", tlsSecret: "tls", annotations: { "example.com/a": "b" } },
  teams: { payments: "Payments" },
};
const gateway = { otlp: endpoint("gateway"), otlpByTraceId: endpoint("headless"), otlpByService: endpoint("headless") };
const sources = {
  mimir: endpoint("mimir"),
  ruler: endpoint("ruler"),
  prometheus: endpoint("prometheus"),
  loki: endpoint("loki"),
  traces: { ...endpoint("traces"), backend: "tempo" },
  alertmanager: endpoint("alertmanager"),
};
const search = { kind: "elasticsearch", urls: ["https://search.example.com:9200/base"], indexPrefix: "prod" };
const streams = [{ selector: '{namespace="dev"}', priority: 1, retention: 86_400 }];

const programs: readonly (readonly [string, Component, Chart, Props])[] = [
  [
    "Loki",
    Loki,
    LokiChart,
    {
      ...shared,
      tenant: "team",
      bucket: "logs",
      objectStore: s3,
      streamRetention: streams,
      alertmanager: endpoint("alertmanager"),
    },
  ],
  [
    "Mimir",
    Mimir,
    MimirChart,
    {
      ...shared,
      tenant: "team",
      bucket: "blocks",
      objectStore: { ...s3, credentials: undefined, identity: { "example.com/role": "r" } },
      promotedResourceAttributes: ["service.name"],
      alertmanager: endpoint("alertmanager"),
      gatewayRoute: { gateway: { name: "gw", namespace: "ingress" }, hostnames: ["mimir.example.com"] },
    },
  ],
  [
    "Jaeger",
    Traces,
    TracesChart,
    { ...shared, storage: { ...search, credentials: { username: secret("u"), password: secret("p") } } },
  ],
  [
    "Tempo",
    Traces,
    TracesChart,
    {
      ...shared,
      backend: "tempo",
      bucket: "traces",
      objectStore: { kind: "gcs", credentials: { serviceAccount: secret("gcs") } },
      kafka: { address: "kafka:9093", topic: "spans", credentials: { username: secret("u"), password: secret("p") } },
      metrics: endpoint("mimir"),
    },
  ],
  [
    "Alloy",
    Alloy,
    AlloyChart,
    {
      ...shared,
      logs: endpoint("loki"),
      gateway: { otlp: gateway.otlp, otlpByTraceId: gateway.otlpByTraceId },
      hostMetrics: true,
      logSource: "files",
    },
  ],
  ["OtelAgent", OtelAgent, OtelAgentChart, { ...shared, gateway, nodeSelector: { pool: "apps" } }],
  [
    "FlowAgent",
    FlowAgent,
    FlowAgentChart,
    { ...shared, flows: endpoint("gateway"), config: { flows: { max: 65_536 } } },
  ],
  [
    "OtelGateway",
    OtelGateway,
    OtelGatewayChart,
    {
      ...shared,
      probePaths: ["/healthz", "/live"],
      resourceLabels: ["k8s.pod.name"],
      traces: { ...endpoint("tempo"), backend: "tempo" },
      logs: endpoint("loki"),
      spanMetrics: true,
    },
  ],
  ["Pushgateway", Pushgateway, PushgatewayChart, { ...shared, diskBytes: 1e9 }],
  ["Grafana", Grafana, GrafanaChart, { ...shared, ...grafana, sources }],
  [
    "KubePrometheus",
    KubePrometheus,
    KubePrometheusChart,
    { ...shared, agentsNamespace: "agents", crds: false, remoteWrite: endpoint("mimir"), alerts },
  ],
];

/** The least of a whole stack. */
const base = {
  cluster: {
    name: "c",
    version: "1.35",
    platform: "kubernetes",
    nodeCidrs: ["10.0.0.0/8"],
    apiServerCidrs: ["10.0.0.0/8"],
  },
  namespaces: { stack: "observability", agents: "agents", create: true },
  networkPolicies: true,
  workload: workloads.small,
  retention: retentionProfiles.standard,
  availability: "redundant",
  collectors: "native",
  evaluator: "prometheus",
  external: {},
} as const;

/** Texts that some printer or reader takes for something else, and some of each format. */
const pool = [
  ..."no on y ~ null true 1_000 0b1 017 1e3 = << a#b a;b a:b a=b a,b a'b a\"b a`b a$b $$ ${a} {{a}} %(a)s $__env{A} \\ \\n ä 日本 - ? * & ! | > @ ` [a] {a} /a/b .a a. A".split(
    " ",
  ),
  ...[" a", "a ", "a b", "a: b", "a #b", '"', "'", '`"""`', "a\\b", "a\"b'c`d"],
  ..."prod-eu arn:aws:eks:eu:1:cluster/p Team_A t!(x)' a.b.c minio:9000 s3.example.com 10.0.0.7 [fd00::7]:9000 fd00::7 https://h https://h:8443/x http://h/a$b 10.0.0.0/8 fd00::/64 /a /a.b(c)+ /a$b a@b.example eu-1 key.pem k8s.pod.name".split(
    " ",
  ),
  '{a="b"}',
  '{a=~"b\\\\.c|d"}',
  "{a=~`b\\.c`}",
];

/** Puts a value of the pool in place of each text that may be an Output. */
function randomized(value: unknown, shape: Shape, pick: (format: string, valid: readonly string[]) => string): unknown {
  if (typeof value === "string") {
    const format = shape instanceof TextOr ? shape.text : isFormat(shape) ? shape : undefined;
    if (!format || format.structural) return value;
    return pick(format.name, [value, ...pool.filter((text) => mistakeIn(format, text) === undefined)]);
  }
  const outer = shape instanceof TextOr ? shape.other : shape;
  if (Array.isArray(value)) {
    const items = value.map((item) => randomized(item, outer instanceof ListOf ? outer.items : unchecked, pick));
    // Some lists may not repeat an item.
    return new Set(items).size === items.length ? items : value;
  }
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      if (fixed.has(key)) return [key, item];
      const inner =
        outer instanceof MapOf ? outer.values : ((outer as Readonly<Record<string, Shape>>)[key] ?? unchecked);
      return [key, randomized(item, inner, pick)];
    }),
  );
}

/** Names of objects and versions must be known when the program starts. */
const fixed = new Set(["version", "name", "namespaces"]);

/** The same props with an Output of each text that {@link randomized} would replace. */
function later(value: unknown, shape: Shape): unknown {
  const outputs = new Map<string, pulumi.Output<string>>();
  const walk = (part: unknown, of: Shape): unknown => {
    if (typeof part === "string") {
      const format = of instanceof TextOr ? of.text : isFormat(of) ? of : undefined;
      if (!format || format.structural) return part;
      // Equal texts are one Output, as in a program that uses a variable twice.
      const known = outputs.get(part) ?? pulumi.output(Promise.resolve(part));
      outputs.set(part, known);
      return known;
    }
    const outer = of instanceof TextOr ? of.other : of;
    if (Array.isArray(part)) return part.map((item) => walk(item, outer instanceof ListOf ? outer.items : unchecked));
    if (part === null || typeof part !== "object") return part;
    return Object.fromEntries(
      Object.entries(part).map(([key, item]) => {
        if (fixed.has(key)) return [key, item];
        return [
          key,
          walk(
            item,
            outer instanceof MapOf ? outer.values : ((outer as Readonly<Record<string, Shape>>)[key] ?? unchecked),
          ),
        ];
      }),
    );
  };
  return walk(value, shape);
}

async function registered(component: Component, props: unknown): Promise<Record<string, unknown>> {
  const { resources } = await runUnderMocks(() => new component("c", props as never));
  const objects = resources
    .filter(({ component }) => !component)
    .map(({ inputs }) => plain(inputs) as KubernetesObject);
  return Object.fromEntries(objects.map((object) => [`${object.kind} ${object.metadata.name}`, comparable(object)]));
}

/** Names of Secrets are a set, which is sorted as far as its names are known. */
function comparable({ spec, ...object }: KubernetesObject): unknown {
  const { secrets } = (spec ?? {}) as { readonly secrets?: readonly string[] };
  return { ...object, spec: secrets ? { ...(spec as object), secrets: secrets.toSorted() } : spec };
}

/** Whether a chart accepts the props: some values contradict each other. */
function isValid(chart: Chart, props: unknown): boolean {
  try {
    new chart(new App(), "c", props as never);
    return true;
  } catch (error) {
    if (error instanceof InvalidPropsError) return false;
    throw error;
  }
}

describe("random values as Outputs render what they render as text:", () => {
  test.each(programs)("%s", async (_, component, chart, props) => {
    const { shape } = chart;
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat()), async (numbers) => {
        const pick = (_: string, valid: readonly string[]) => valid[numbers.next().value % valid.length] as string;
        const values = randomized(props, shape, pick);
        fc.pre(isValid(chart, values));
        expect(await registered(component, later(values, shape))).toEqual(await registered(component, values));
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });
});

describe("an Output", () => {
  const soon = (value: unknown) => pulumi.output(Promise.resolve(value)) as pulumi.Output<string>;
  const loki = (more: object) =>
    runUnderMocks(() => new Loki("l", { namespace: "n", objectStore: s3, ...more } as never));

  test("with a port opens that port", async () => {
    const charts = await runUnderMocks(
      () =>
        new Observability("o", {
          ...base,
          loki: { objectStore: { ...s3, endpoint: soon("minio:9000") } } as never,
        }),
    );
    const policies = charts.resources.filter(({ type }) => type.endsWith(":NetworkPolicy"));
    const egress = JSON.stringify(policies.map(({ inputs }) => plain(inputs)));
    expect(egress).toContain('"port":9000');
    expect(egress).not.toContain("skoposoutput");
  });

  test("with a port opens that port on Cilium, where ports are text", async () => {
    const cluster = { name: "c", version: "1.35", platform: "aks" } as const;
    const charts = await runUnderMocks(
      () =>
        new Observability("o", {
          ...base,
          cluster,
          loki: { objectStore: { ...s3, endpoint: soon("minio:9000") } } as never,
        }),
    );
    const policies = charts.resources.filter(({ type }) => type.endsWith(":CiliumNetworkPolicy"));
    const egress = JSON.stringify(policies.map(({ inputs }) => plain(inputs)));
    expect(egress).toContain('"port":"9000"');
    expect(egress).not.toContain("skoposoutput");
  });

  test("that names a Secret three times mounts it once", async () => {
    const name = soon("hooks");
    const three = ["a", "b", "c"].map((receiver) => ({
      kind: "webhook" as const,
      name: receiver,
      url: { secret: name, key: receiver },
    }));
    const run = await runUnderMocks(
      () =>
        new KubePrometheus("k", { namespace: "n", agentsNamespace: "a", crds: false, alerts: { receivers: three } }),
    );
    const alertmanager = run.one("Alertmanager").inputs as { spec: { secrets: unknown } };
    expect(plain(alertmanager.spec.secrets)).toEqual(["hooks"]);
  });

  test("may be the tenant, whatever its letters", async () => {
    const run = await runUnderMocks(
      () => new Mimir("m", { namespace: "n", objectStore: s3 as never, tenant: soon("Team_A") }),
    );
    expect(JSON.stringify(plain(run.one("StatefulSet").inputs))).toContain("/rules/Team_A");
  });

  test.each([
    [undefined, "tenant: the Output is undefined, instead of a tenant ID"],
    [null, "tenant: the Output is null, instead of a tenant ID"],
    [{ a: 1 }, "tenant: the Output is a value of type object, instead of a tenant ID"],
    [5, "tenant: the Output is a value of type number, instead of a tenant ID"],
    ["a/b", "tenant: the value of the Output is not a tenant ID"],
    ["undefined", "a template writes this for a missing value"],
  ])("of %o is rejected where it is used", async (value, message) => {
    await expect(loki({ tenant: soon(value) })).rejects.toThrow(message);
  });

  test("of an invalid secret is rejected without its value", async () => {
    const failed = loki({ tenant: pulumi.secret("hush/hush") });
    await expect(failed).rejects.toThrow("tenant: the value of the Output is not a tenant ID");
    await expect(failed).rejects.not.toThrow("hush");
  });

  test("cannot decide whether Mimir drops a label", async () => {
    const mimir = () => new Mimir("m", { namespace: "n", objectStore: s3 as never, haClusterLabel: soon("cluster") });
    await expect(runUnderMocks(mimir)).rejects.toThrow("haClusterLabel cannot be an Output");
  });

  test("cannot decide which objects there are", async () => {
    await expect(loki({ mode: soon("monolithic") })).rejects.toThrow("mode cannot be an Output");
  });
});
