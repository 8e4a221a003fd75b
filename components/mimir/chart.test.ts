import { describe, expect, test } from "vitest";
import { retentionProfiles, retentions, scales } from "../../lib/sizing/index.ts";
import { chartProblems, objectOf } from "../../test/support/charts.ts";
import { cluster, render } from "../../test/support/mimir.ts";

describe.each(scales)("%s", (scale) => {
  test.each(retentions)("%s: objects are valid, and each monitor finds its pods", (retention) => {
    const chart = render(scale, { retention: retentionProfiles[retention], evaluator: "mimir" });
    expect(chartProblems(chart)).toEqual([]);
  });
});

describe("object store credentials", () => {
  test("come from Secrets and are quoted in the file", () => {
    const chart = render("medium");
    const { data } = objectOf(chart, "ConfigMap", "mimir") as unknown as { data: Record<string, string> };
    expect(data["mimir.yaml"]).toContain("access_key_id: '${OBJECT_STORE_ACCESS_KEY}'");
    const { args, env } = objectOf(chart, "Deployment", "mimir-distributor").spec.template.spec.containers[0];
    expect(args).toContain("-config.expand-env=true");
    expect(env).toContainEqual({
      name: "OBJECT_STORE_SECRET_KEY",
      valueFrom: { secretKeyRef: { name: "s3", key: "key" } },
    });
  });

  test("are not needed with workload identity", () => {
    const identity = { "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/mimir" };
    const chart = render("medium", { objectStore: { kind: "s3", endpoint: "s3.example", region: "eu", identity } });
    expect(objectOf(chart, "ServiceAccount", "mimir").metadata).toMatchObject({ annotations: identity });
    const { spec } = objectOf(chart, "Deployment", "mimir-querier").spec.template;
    expect(spec.serviceAccountName).toBe("mimir");
    expect(spec.containers[0].args).not.toContain("-config.expand-env=true");
  });
});

describe("zones", () => {
  const parts = ["ingester", "store-gateway"];
  const zones = ["zone-a", "zone-b", "zone-c"];
  const flags = {
    ingester: "-ingester.ring.instance-availability-zone",
    "store-gateway": "-store-gateway.sharding-ring.instance-availability-zone",
  } as const;

  test.each(Object.entries(flags))(
    "of the %s: three pinned StatefulSets that know their zone and roll out sequentially",
    (part, flag) => {
      const chart = render("large", { cluster });
      zones.forEach((zone, index) => {
        const { metadata, spec } = objectOf(chart, "StatefulSet", `mimir-${part}-${zone}`);
        expect(metadata).toMatchObject({ annotations: { "argocd.argoproj.io/sync-wave": String(index) } });
        const pod = spec.template.spec;
        expect(pod.containers[0].args).toContain(`${flag}=${zone}`);
        const [term] = pod.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
        expect(term.matchExpressions).toContainEqual({
          key: "topology.kubernetes.io/zone",
          operator: "In",
          values: [cluster.zones[index]],
        });
        const before = zones[index - 1];
        const dependencies = chart.node.findChild(`StatefulSet-mimir-${part}-${zone}`).node.dependencies;
        expect(dependencies.map(({ node }) => node.id)).toEqual(before ? [`StatefulSet-mimir-${part}-${before}`] : []);
      });
    },
  );

  test("share one Service and one disruption budget", () => {
    const chart = render("large", { cluster });
    for (const part of parts) {
      const budgets = chart
        .toJson()
        .filter(({ kind, metadata }) => kind === "PodDisruptionBudget" && metadata.name.startsWith(`mimir-${part}`));
      expect(budgets).toMatchObject([{ metadata: { name: `mimir-${part}` }, spec: { maxUnavailable: 1 } }]);
      const { spec } = objectOf(chart, "Service", `mimir-${part}`);
      for (const zone of zones) {
        const { labels } = objectOf(chart, "StatefulSet", `mimir-${part}-${zone}`).spec.template.metadata;
        expect(labels).toMatchObject(spec.selector);
        expect(labels).toMatchObject(budgets[0].spec.selector.matchLabels);
      }
    }
  });

  test("are kept on different nodes if the cluster's zones are unknown", () => {
    const { spec } = objectOf(render("medium"), "StatefulSet", "mimir-ingester-zone-b").spec.template;
    const [term] = spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    expect(term.labelSelector.matchExpressions).toEqual([
      { key: "skopos.dev/zone", operator: "NotIn", values: ["zone-b"] },
    ]);
  });
});

describe("clients", () => {
  test("write to distributors and read from query-frontends, with the tenant header", () => {
    const { endpoints } = render("large", { tenant: "prod", evaluator: "mimir" });
    const headers = { "X-Scope-OrgID": "prod" };
    expect(endpoints.push).toMatchObject({
      host: "mimir-distributor.obs.svc.cluster.local",
      path: "/api/v1/push",
      headers,
    });
    expect(endpoints.otlp).toMatchObject({ host: "mimir-distributor.obs.svc.cluster.local", path: "/otlp" });
    expect(endpoints.query).toMatchObject({ host: "mimir-query-frontend.obs.svc.cluster.local", path: "/prometheus" });
    expect(endpoints.remoteRead.path).toBe("/prometheus/api/v1/read");
    expect(endpoints.ruler).toMatchObject({ host: "mimir-ruler.obs.svc.cluster.local", path: "/prometheus", headers });
  });

  test("outside the cluster are routed through an existing Gateway", () => {
    const chart = render("large", {
      evaluator: "mimir",
      gatewayRoute: { gateway: { name: "public", namespace: "gateways" }, hostnames: ["mimir.example"] },
    });
    expect(chartProblems(chart)).toEqual([]);
    const { rules } = objectOf(chart, "HTTPRoute", "mimir").spec as unknown as {
      rules: { matches: { path: { value: string } }[]; backendRefs: { name: string }[] }[];
    };
    const backends = Object.fromEntries(
      rules.map(({ matches, backendRefs }) => [matches[0]?.path.value, backendRefs[0]?.name]),
    );
    expect(backends).toMatchObject({
      "/api/v1/push": "mimir-distributor",
      "/prometheus": "mimir-query-frontend",
      "/prometheus/api/v1/rules": "mimir-ruler",
    });
  });
});

test("invalid props are reported all at once, with code and fix", () => {
  const broken = () =>
    render("medium", { objectStore: { kind: "filesystem" }, availability: "redundant", tenant: "a/b" });
  expect(broken).toThrow(/SKP1012 tenant: .*\n.*\nSKP1211 objectStore: /);
});
