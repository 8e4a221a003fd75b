import { gunzipSync } from "node:zlib";
import { App } from "cdk8s";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { KubernetesObject } from "../../../lib/kubernetes/object.ts";
import { workloads } from "../../../lib/sizing/index.ts";
import { apply } from "../../../test/cluster/apply.ts";
import { type Cluster, startCluster } from "../../../test/cluster/cluster.ts";
import { quantity } from "../../../test/cluster/quantity.ts";
import { type RunningProgram, start } from "../../../test/data-plane/process.ts";
import { until } from "../../../test/support/wait.ts";
import { otherReceivers } from "../alertmanager/receivers.fixture.ts";
import { KubePrometheusChart, teamRuleConfigMaps } from "../index.ts";

// The real operator, with the flags and the rights that its Deployment has, on a real API server.
const namespace = "observability";
const chart = new KubePrometheusChart(new App(), "metrics", {
  namespace,
  agentsNamespace: "observability-agents",
  workload: workloads.large,
  evaluator: "mimir",
  remoteWrite: { scheme: "http", host: "mimir", port: 8080, path: "/api/v1/push" },
  alerts: {
    receivers: [{ kind: "webhook", name: "hook", url: { secret: "hook", key: "url" } }, ...otherReceivers],
    configNamespaces: ["shop"],
    muteTimes: { nights: [{ times: [{ start_time: "18:00", end_time: "24:00" }] }] },
  },
});
const objects = chart.toJson() as KubernetesObject[];
const nodes = 3;

interface Workload extends KubernetesObject {
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly name: string;
          readonly resources: { readonly requests: Record<string, string> };
        }[];
      };
    };
  };
}

let cluster: Cluster;
let operator: RunningProgram;

beforeAll(async () => {
  cluster = await startCluster({ nodes: { simulated: nodes } });
  const namespaces = [namespace, "observability-agents", "shop", "payments"].map((name) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
  }));
  const hook = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "hook", namespace },
    stringData: { url: "http://a" },
  };
  await apply(cluster.api, [...namespaces, hook as KubernetesObject, ...objects]);
  const deployment = objects.find(({ kind, metadata }) => kind === "Deployment" && metadata.name.endsWith("-operator"));
  const [container] = (deployment as unknown as { spec: { template: { spec: { containers: { args: string[] }[] } } } })
    .spec.template.spec.containers;
  const args = (container?.args ?? []).filter((arg) => !arg.startsWith("--web.listen-address"));
  operator = start(
    "prometheus-operator",
    [...args, "--web.listen-address=127.0.0.1:0", `--as=system:serviceaccount:${namespace}:kube-prometheus-operator`],
    { KUBECONFIG: cluster.kubeconfig, HOME: cluster.directory },
  );
});
afterAll(async () => {
  await operator?.stop();
  await cluster?.dispose();
});

const list = <T extends KubernetesObject>(version: string, kind: string) =>
  cluster.api.list<T>(version, kind, namespace);

describe("the operator, with the permissions of its ServiceAccount", () => {
  const expected = [
    "alertmanager-kube-prometheus",
    ...["", "-shard-1", "-shard-2", "-shard-3"].map((shard) => `prometheus-kube-prometheus${shard}`),
  ];

  it("creates a StatefulSet for each shard and for Alertmanager", async () => {
    await until("StatefulSets", async () => (await list("apps/v1", "StatefulSet")).length >= expected.length + 1);
    const made = (await list<Workload>("apps/v1", "StatefulSet")).filter(({ metadata }) =>
      expected.includes(metadata.name),
    );
    expect(made.map(({ metadata }) => metadata.name).sort()).toEqual(expected);
    expect(made.map(({ spec }) => spec.replicas)).toEqual([2, 2, 2, 2, 2]);
    const forMimir = async () =>
      (await list<Workload>("apps/v1", "StatefulSet")).find(({ metadata }) => metadata.name.endsWith("-rules"));
    await until("the resource of rules", async () => (await forMimir()) !== undefined);
    expect((await forMimir())?.spec.replicas).toBe(0);
  });

  it("requests as much as the plan states", async () => {
    const made = await list<Workload>("apps/v1", "StatefulSet");
    for (const footprint of chart.footprints.filter(({ name }) => expected.includes(name))) {
      const requests = made
        .find(({ metadata }) => metadata.name === footprint.name)
        ?.spec.template.spec.containers.map(({ resources }) => resources.requests);
      const total = (resource: string) =>
        (requests ?? []).reduce((sum, each) => sum + quantity(each[resource] ?? "0"), 0);
      expect(total("cpu"), footprint.name).toBeCloseTo(footprint.perPod.cpuCores);
      expect(total("memory"), footprint.name).toBe(footprint.perPod.memoryBytes);
    }
  });

  it("generates a configuration with every monitor of the stack, and rejects none", async () => {
    const secret = async () =>
      (await list<KubernetesObject & { data: Record<string, string> }>("v1", "Secret")).find(
        ({ metadata }) => metadata.name === "prometheus-kube-prometheus",
      );
    await until("configuration", async () => (await secret())?.data["prometheus.yaml.gz"] !== undefined);
    const text = gunzipSync(Buffer.from((await secret())?.data["prometheus.yaml.gz"] ?? "", "base64")).toString();
    const jobs = (parse(text).scrape_configs as { job_name: string }[]).map(({ job_name }) => job_name);
    const monitors = objects.filter(({ kind }) => /^(Service|Pod)Monitor$/.test(kind));
    expect(new Set(jobs).size).toBe(jobs.length);
    expect(new Set(jobs.map((job) => job.split("/")[2]))).toEqual(
      new Set(monitors.map(({ metadata }) => metadata.name)),
    );
  });

  it("adds AlertmanagerConfigs of teams to the configuration of Alertmanager, for alerts of their own namespace", async () => {
    const secret = (key: string) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "team", namespace: "shop" },
      stringData: { url: `http://shop.example.com/${key}` },
    });
    // Only the namespaces of the configuration are read: not payments.
    const team = (of: string) => ({
      apiVersion: "monitoring.coreos.com/v1alpha1",
      kind: "AlertmanagerConfig",
      metadata: { name: "team", namespace: of },
      spec: {
        route: { receiver: "hook" },
        receivers: [{ name: "hook", webhookConfigs: [{ urlSecret: { name: "team", key: "url" } }] }],
      },
    });
    await apply(cluster.api, [secret("first"), team("payments"), team("shop")] as unknown as KubernetesObject[]);
    const config = async () => {
      const secrets = await list<KubernetesObject & { data: Record<string, string> }>("v1", "Secret");
      const generated = secrets.find(({ metadata }) => metadata.name === "alertmanager-kube-prometheus-generated");
      return gunzipSync(Buffer.from(generated?.data["alertmanager.yaml.gz"] ?? "", "base64")).toString();
    };
    const name = "shop/team/hook";
    await until("the team's receiver", async () => (await config()).includes(name), { explain: operator.output });
    const { receivers, route } = parse(await config());
    const names = receivers.map((receiver: { name: string }) => receiver.name);
    expect(names).toEqual(expect.arrayContaining([name, "hook", ...otherReceivers.map((receiver) => receiver.name)]));
    expect(route.routes.find((each: { receiver: string }) => each.receiver === name)).toMatchObject({
      matchers: ['namespace="shop"'],
      continue: true,
    });
    expect(names).not.toContain("payments/team/hook");
    expect(await config()).toContain("shop.example.com/first");
    // A rotated Secret needs no change of the AlertmanagerConfig.
    await apply(cluster.api, [secret("second") as unknown as KubernetesObject]);
    await until("the new URL", async () => (await config()).includes("shop.example.com/second"));
  });

  it("writes rules of teams to what Mimir's ruler mounts, without broken ones, and the shards evaluate only their own", async () => {
    const release = { release: "kube-prometheus-stack" };
    const rule = (name: string, of: string, expr: string, labels: Record<string, string> = release) => ({
      apiVersion: "monitoring.coreos.com/v1",
      kind: "PrometheusRule",
      metadata: { name, namespace: of, labels },
      // A field of Thanos, which Mimir's parser rejects.
      spec: { groups: [{ name, partial_response_strategy: "warn", rules: [{ record: `team:${name}`, expr }] }] },
    });
    await apply(cluster.api, [
      rule("orders", "shop", "sum(orders_total)"),
      rule("invoices", "payments", "sum(invoices_total)"),
      rule("broken", "shop", "sum(orders_total"),
      rule("unlabelled", "shop", "sum(carts)", {}),
      rule("own", "shop", "sum(up)", { ...release, "skopos.dev/evaluator": "prometheus" }),
    ] as unknown as KubernetesObject[]);
    const files = async (of: string) => {
      const maps = await list<KubernetesObject & { data?: Record<string, string> }>("v1", "ConfigMap");
      return maps
        .filter(({ metadata }) => metadata.name.startsWith(`prometheus-kube-prometheus${of}-rulefiles-`))
        .flatMap(({ metadata, data = {} }) =>
          Object.entries(data).map(([file, text]) => ({ ...metadata, file, text })),
        );
    };
    const recorded = async (of: string) =>
      [
        ...(await files(of))
          .map(({ text }) => text)
          .join("")
          .matchAll(/record: team:(\S+)/g),
      ]
        .map(([, name]) => name)
        .sort();
    await until("rules of teams", async () => (await recorded("-rules")).length === 2, { explain: operator.output });
    await until("the shards' rules", async () => (await recorded("")).length === 1, { explain: operator.output });
    expect(await recorded("-rules")).toEqual(["invoices", "orders"]);
    expect(await recorded("")).toEqual(["own"]);
    const forMimir = await files("-rules");
    expect(forMimir.map(({ text }) => text).join("")).not.toContain("partial_response_strategy");
    expect(teamRuleConfigMaps({ namespace })).toEqual(expect.arrayContaining(forMimir.map(({ name }) => name)));
    // The stack's own rules reach Mimir by another ConfigMap: none is evaluated twice.
    const own = objects.filter(({ kind }) => kind === "PrometheusRule").map(({ metadata }) => metadata.name);
    expect(forMimir.filter(({ file }) => own.some((name) => file.startsWith(`${namespace}-${name}-`)))).toEqual([]);
    expect((await files("")).some(({ file }) => file.startsWith(`${namespace}-kube-prometheus-`))).toBe(true);
  });

  it("keeps the list of kubelets in the stack's namespace", async () => {
    interface Slice extends KubernetesObject {
      readonly endpoints: readonly { readonly addresses: readonly string[] }[];
    }
    interface Node extends KubernetesObject {
      readonly status: { readonly addresses: readonly { readonly type: string; readonly address: string }[] };
    }
    const listed = async () =>
      (await list<Slice>("discovery.k8s.io/v1", "EndpointSlice"))
        .filter(({ metadata }) => metadata.name.startsWith("kubelet-"))
        .flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses));
    await until("kubelets", async () => (await listed()).length > 0);
    const addresses = (await cluster.api.list<Node>("v1", "Node")).flatMap(({ status }) =>
      status.addresses.filter(({ type }) => type === "InternalIP").map(({ address }) => address),
    );
    // Simulated nodes may share an address, which the operator lists once.
    expect((await listed()).sort()).toEqual([...new Set(addresses)].sort());
    expect((await list("v1", "Service")).map(({ metadata }) => metadata.name)).toContain("kubelet");
  });

  it("reports both resources as reconciled, and is denied no request", async () => {
    interface Operated extends KubernetesObject {
      readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
    }
    for (const kind of ["Prometheus", "Alertmanager"]) {
      await until(`${kind} reconciled`, async () =>
        (await list<Operated>("monitoring.coreos.com/v1", kind)).every(({ status }) =>
          status?.conditions?.some(({ type, status: is }) => type === "Reconciled" && is === "True"),
        ),
      );
    }
    expect(operator.output()).not.toMatch(/forbidden|cannot (get|list|watch|create|update|patch|delete)/i);
    expect(operator.output()).not.toMatch(/level=ERROR/);
  });
});

describe("the operator's CRDs", () => {
  const definition = objects.find(({ metadata }) => metadata.name === "servicemonitors.monitoring.coreos.com");
  const at = (version: string) => {
    const { metadata } = definition as KubernetesObject & { metadata: { annotations: Record<string, string> } };
    const annotations = { ...metadata.annotations, "operator.prometheus.io/version": version };
    return { ...definition, metadata: { ...metadata, annotations } } as KubernetesObject;
  };
  const tryVersion = (version: string) =>
    apply(cluster.api, [at(version)], { dryRun: true }).then(
      () => "taken",
      (error: Error) => error.message,
    );

  it("cannot be downgraded", async () => {
    // The API server learns of a new policy within seconds.
    await until("the policy", async () => (await tryVersion("0.92.9")) !== "taken");
    expect(await tryVersion("0.92.9")).toMatch(/definitions are newer/);
    expect(await tryVersion("0.9.100")).toMatch(/definitions are newer/);
    expect(await tryVersion("0.93.1")).toBe("taken");
    expect(await tryVersion("0.94.0")).toBe("taken");
    expect(await tryVersion("1.0.0")).toBe("taken");
  });

  it("of other API groups are not restricted", async () => {
    const other = JSON.parse(JSON.stringify(definition).replaceAll("monitoring.coreos.com", "monitors.example.org"));
    await apply(cluster.api, [other]);
    other.metadata.annotations["operator.prometheus.io/version"] = "0.1.0";
    await expect(apply(cluster.api, [other])).resolves.toHaveLength(1);
  });
});
