import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { retentionProfiles, seconds } from "../lib/sizing/index.ts";
import { least, mistakes, tempo } from "../test/support/rejected-stacks.ts";
import { planStack } from "./plan.ts";
import { prerequisites } from "./prerequisites.ts";
import { ConfigurationError, type Problem, problemCatalogue } from "./problem.ts";
import { resolve } from "./resolve.ts";
import { objectsOf, renderStack } from "./stack.ts";

function problemsOf(config: object): readonly Problem[] {
  try {
    resolve(config, { stack: "staging" });
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

const codes = (config: object) => problemsOf(config).map(({ code }) => code);

test("the least configuration is enough", () => {
  expect(problemsOf(least)).toEqual([]);
});

test("mistakes of patches are reported together with all others, unless those may be their cause", () => {
  const patches = [{ target: { kind: "StatefulSet", name: "nothing" }, merge: {} }];
  const system = { ...least, namespaces: { stack: "kube-system" }, patches };
  expect(codes(system)).toEqual(["SKP1220", "SKP1310"]);
  expect(codes({ ...system, components: { lokki: "off" } })).not.toContain("SKP1310");
  expect(codes({ ...least, scalee: "small", patches })).toEqual(["SKP1001", "SKP1310"]);
});

describe("each mistake", () => {
  test.each(mistakes)("%s is found, alone", (code, config) => {
    expect(codes(config)).toEqual([code]);
  });

  test.each(mistakes)("%s is reported with place, reason and fix", (code, config) => {
    const [problem] = problemsOf(config);
    expect(problem?.path).toMatch(/^skopos:/);
    expect(new ConfigurationError([problem as Problem]).message).toMatchSnapshot(code);
  });

  test("is resolved by its own fix, if that is a value", () => {
    const [problem] = problemsOf({
      ...least,
      scale: "large",
      retention: "ephemeral",
      components: { traces: "off" },
    });
    expect(problem?.fix).toBe("skopos:retention: standard");
  });
});

test("reports all mistakes of a file at once, including those that depend on others", () => {
  const found = codes({
    ...least,
    cluster: { ...least.cluster, version: "1.20", platfrom: "eks" },
    retention: "15 dayz",
    workload: { activeSeries: "10M", scrapeInterval: "often" },
    components: { traces: "off" },
    objectStorage: { kind: "s4" },
  });
  expect(found.toSorted()).toEqual(["SKP1001", "SKP1002", "SKP1004", "SKP1004", "SKP1201", "SKP1205"]);
});

describe("retention", () => {
  test("is a profile, or a profile with overrides", () => {
    const kept = (retention: unknown) => resolve({ ...least, retention }, { stack: "s" }).retention;
    expect(kept("extended")).toEqual(retentionProfiles.extended);
    expect(kept({ profile: "extended", loki: "30d", mimir: "90d" })).toEqual({
      ...retentionProfiles.extended,
      loki: seconds("30d"),
      mimir: seconds("90d"),
    });
  });

  test.each([
    ["for long", "skopos:retention", "SKP1004"],
    [{ profile: "for long" }, "skopos:retention.profile", "SKP1004"],
    [{ profile: "standard", loki: "30 dayz" }, "skopos:retention.loki", "SKP1002"],
    [{ profile: "standard", lokki: "30d" }, "skopos:retention.lokki", "SKP1001"],
    [{ loki: "30d" }, "skopos:retention.profile", "SKP1003"],
    [{ profile: "standard", loki: "1h" }, "skopos:retention.loki", "SKP1011"],
  ])("%o is rejected where it is wrong", (retention, path, code) => {
    expect(problemsOf({ ...least, retention })).toEqual([expect.objectContaining({ path, code })]);
  });

  test("of the former skopos:keep moves to skopos:retention by its fix", () => {
    const [problem, ...others] = problemsOf({ ...least, retention: "extended", keep: { loki: "30d", mimir: "90d" } });
    expect(others).toEqual([]);
    expect(parse(problem?.fix ?? "")).toEqual({
      "skopos:retention": { profile: "extended", loki: "30d", mimir: "90d" },
    });
  });
});

test("receivers have names of their own", () => {
  const receiver = (name: string) => ({ kind: "webhook", name, url: { secret: "s", key: "k" } });
  const receivers = ["team", "team", "nobody"].map(receiver);
  expect(problemsOf({ ...least, alerts: { receivers } }).map(({ path }) => path)).toEqual([
    "skopos:alerts.receivers[1].name",
    "skopos:alerts.receivers[2].name",
  ]);
});

test("secure values are unknown, never wrong", () => {
  const cluster = { ...least.cluster, context: undefined, kubeconfig: { secure: "AAAB" } };
  expect(problemsOf({ ...least, cluster, grafanaAdminPassword: { secure: "AAAB" } })).toEqual([]);
});

test("a component's words: on, off, and what YAML 1.1 makes of them", () => {
  for (const [word, on] of [
    ["on", true],
    [true, true],
    ["off", false],
    [false, false],
  ] as const) {
    const { props } = resolve({ ...least, components: { otelAgent: word } }, { stack: "s" });
    expect(props.otelAgent !== undefined).toBe(on);
  }
});

test("otelAgent.service decides which agents the Service reaches", () => {
  const policy = (otelAgent: object) => {
    const stack = renderStack(resolve({ ...least, components: { otelAgent } }, { stack: "s" }));
    const service = objectsOf(stack).find(
      ({ object }) => object.kind === "Service" && object.metadata?.name === "otel-agent-collector",
    )?.object as unknown as { spec: { internalTrafficPolicy?: string } };
    return service.spec.internalTrafficPolicy;
  };
  expect(policy({})).toBe("Local");
  expect(policy({ service: "node-local" })).toBe("Local");
  expect(policy({ service: "cluster" })).toBeUndefined();
  expect(policy({ nodeSelector: { a: "b" } })).toBeUndefined();
});

test.each(["kube-system", "openshift-monitoring", "gke-managed-system", "calico-system", "default"])(
  "the stack is not deployed to %s",
  (name) => expect(codes({ ...least, namespaces: { agents: name } })).toEqual(["SKP1220"]),
);

test("one namespace for everything is privileged, and created once", () => {
  const namespaces = { stack: "telemetry", agents: "telemetry" };
  const objects = objectsOf(renderStack(resolve({ ...least, namespaces }, { stack: "s" })));
  const created = objects.filter(({ object }) => object.kind === "Namespace").map(({ object }) => object.metadata);
  expect(created).toEqual([
    expect.objectContaining({
      name: "telemetry",
      labels: expect.objectContaining({ "pod-security.kubernetes.io/enforce": "privileged" }),
    }),
  ]);
});

test("prerequisites are the buckets that the stores write to, and no others", () => {
  const components = { traces: { backend: "tempo" } };
  const needed = prerequisites(resolve({ ...least, components }, { stack: "s" })).map(({ what }) => what);
  expect(needed.filter((what) => what.startsWith("bucket"))).toEqual([
    "bucket mimir-blocks",
    "bucket loki",
    "bucket tempo",
  ]);
});

test("prerequisites are complete, name their namespace, and come in the order in which they can be created", () => {
  const config = {
    ...least,
    cluster: { ...least.cluster, storageClass: "fast" },
    defaults: { priorityClassName: "observability" },
    images: { pullSecrets: ["registry"] },
    components: {
      grafana: {
        host: "grafana.example.com",
        route: { kind: "ingress", tlsSecret: "grafana-tls" },
        adminSecret: { name: "admin" },
        encryptionKey: { secret: "grafana-key", key: "key" },
      },
    },
    objectStorage: {
      kind: "s3",
      endpoint: "minio.example.com:9000",
      region: "eu",
      insecure: true,
      prefix: "a-",
      identity: { role: "r" },
    },
  };
  const needed = prerequisites(resolve(config, { stack: "s" }));
  expect(needed.map(({ what }) => what)).toEqual([
    "StorageClass fast",
    "PriorityClass observability",
    "Namespace observability",
    "Namespace observability-agents",
    "Secret registry in observability",
    "Secret registry in observability-agents",
    "Secret grafana-key in observability",
    "Secret admin in observability",
    "TLS Secret grafana-tls in observability",
    "bucket a-mimir-blocks",
    "bucket a-loki",
  ]);
  expect(needed.find(({ what }) => what === "bucket a-loki")?.command).toBe(
    "aws s3 mb s3://a-loki --region eu --endpoint-url http://minio.example.com:9000",
  );
  const first = needed.findIndex(({ command }) => / -n observability /.test(command));
  expect(needed.findIndex(({ what }) => what === "Namespace observability")).toBeLessThan(first);
});

test("prerequisites of routes are their certificates, Gateways and what authenticates their users", () => {
  const authentication = { group: "traefik.io", kind: "Middleware", name: "oidc" };
  const gateway = { name: "public", namespace: "gateways", listener: "https" };
  const ingress = { kind: "ingress", annotations: { "nginx.ingress.kubernetes.io/auth-url": "https://a.example.com" } };
  const config = {
    ...least,
    components: {
      prometheus: { route: { kind: "gateway", host: "prometheus.example.com", gateway, authentication } },
      otelGateway: {
        route: {
          kind: "ingress",
          host: "otlp.example.com",
          tlsSecret: "otlp-tls",
          authentication: { tokens: { secret: "otlp-clients", key: "tokens" } },
        },
      },
    },
    alerts: { route: { ...ingress, host: "alerts.example.com", tlsSecret: "alerts-tls" } },
  };
  const needed = prerequisites(resolve(config, { stack: "s" }));
  expect(needed.map(({ what }) => what)).toEqual(
    expect.arrayContaining([
      "Gateway public in gateways",
      "Middleware oidc in observability",
      "TLS Secret alerts-tls in observability",
      "TLS Secret otlp-tls in observability",
      "Secret otlp-clients in observability",
    ]),
  );
  const off = { ...config, components: { ...config.components, prometheus: "off" }, alerts: {} };
  const without = prerequisites(resolve(off, { stack: "s" })).map(({ what }) => what);
  expect(without).not.toContain("Gateway public in gateways");
});

test("Cilium is a prerequisite where policies are Cilium's, with the other choices if it is a default", () => {
  const ciliumOf = (cluster: object) =>
    prerequisites(
      resolve(
        {
          ...least,
          cluster: { ...least.cluster, networkPolicies: true, nodeCidrs: ["10.0.0.0/16"], ...cluster },
        },
        { stack: "s" },
      ),
    ).find(({ command }) => command.includes("ciliumnetworkpolicies"));
  expect(ciliumOf({ platform: "aks" })?.why).toContain("set skopos:cluster.networkEngine");
  expect(ciliumOf({ networkEngine: "cilium" })?.why).not.toContain("set skopos:cluster.networkEngine");
  expect(ciliumOf({ platform: "aks", networkEngine: "calico", apiServerCidrs: ["10.1.0.0/24"] })).toBeUndefined();
  expect(ciliumOf({ platform: "aks", networkPolicies: false })).toBeUndefined();
});

test("a cluster without IPv4 is refused, and one with both families is not", () => {
  const at = (nodeCidrs: string[]) => () =>
    resolve({ ...least, cluster: { ...least.cluster, nodeCidrs, apiServerCidrs: ["10.0.0.0/24"] } }, { stack: "s" });
  expect(at(["fd00::/64"])).toThrow("SKP1260 skopos:cluster.nodeCidrs");
  expect(at(["fd00::/64", "10.1.0.0/16"])).not.toThrow();
  const families =
    (...ipFamilies: string[]) =>
    () =>
      resolve({ ...least, cluster: { ...least.cluster, ipFamilies } }, { stack: "s" });
  for (const primary of [families("IPv6"), families("IPv6", "IPv4")])
    expect(primary).toThrow("SKP1260 skopos:cluster.ipFamilies");
  expect(families("IPv4", "IPv6")).not.toThrow();
});

test("every code of the catalogue says what and why", () => {
  for (const { title, why } of Object.values(problemCatalogue)) expect(`${title}. ${why}`).toMatch(/^[A-Z].+\. .+\.$/);
});

describe("capacity", () => {
  const totals = (workload: object, scale: string) => {
    const stack = renderStack(resolve({ ...least, scale, workload, components: { traces: tempo } }, { stack: "s" }));
    const plan = planStack(stack);
    // Not Prometheus' own: once it is sharded it keeps hours instead of days, since Mimir answers for the rest.
    const others = plan.workloads.filter(({ component }) => component !== "kube-prometheus");
    return { ...plan.totals, disks: others.reduce((sum, { diskBytes }) => sum + diskBytes, 0) };
  };
  /** One step of each dimension. Nodes bring their share of everything: the same load on more nodes is less on each. */
  const steps: Readonly<Record<string, (count: number) => object>> = {
    nodes: (count) => ({
      nodes: count * 5,
      activeSeries: count * 100_000,
      logsPerDay: `${count * 20}GiB`,
      spansPerSecond: count * 500,
    }),
    activeSeries: (count) => ({ activeSeries: count * 100_000 }),
    logsPerDay: (count) => ({ logsPerDay: `${count * 20}GiB` }),
    spansPerSecond: (count) => ({ spansPerSecond: count * 500 }),
  };

  test("never shrinks when there is more to observe", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(steps)),
        fc.integer({ min: 1, max: 90 }),
        fc.integer({ min: 1, max: 9 }),
        (step, count, more) => {
          const less = totals(step(count), "large");
          const greater = totals(step(count + more), "large");
          for (const key of ["cpuCores", "memoryBytes", "objectStoreBytes"] as const) {
            expect(greater[key]).toBeGreaterThanOrEqual(less[key]);
          }
          expect(greater.disks).toBeGreaterThanOrEqual(less.disks);
        },
      ),
      { numRuns: 60 },
    );
  });
});
