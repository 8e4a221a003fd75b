import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../lib/kubernetes/index.ts";
import { readStackFile } from "../../stacks/load.ts";
import { planStack } from "../../stacks/plan.ts";
import { ConfigurationError } from "../../stacks/problem.ts";
import { resolve } from "../../stacks/resolve.ts";
import { objectsOf, type RenderedStack, renderStack } from "../../stacks/stack.ts";
import { modelOf } from "../support/models.ts";
import { stackNames } from "./variants.ts";

const render = (stack: string, changes: object): RenderedStack =>
  renderStack(resolve({ ...readStackFile("stacks", stack).raw, ...changes }, { stack }));

const components = (stack: string, changes: Readonly<Record<string, unknown>>): RenderedStack => {
  const { components: own = {} } = readStackFile("stacks", stack).raw as { components?: Record<string, object> };
  const merged = Object.entries(changes).map(([key, value]) => [
    key,
    typeof value === "object" && typeof own[key] === "object" ? { ...own[key], ...value } : value,
  ]);
  return render(stack, { components: { ...own, ...Object.fromEntries(merged) } });
};

interface Pod {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly priorityClassName?: string;
  readonly tolerations?: readonly object[];
  readonly affinity?: { readonly nodeAffinity?: unknown; readonly podAntiAffinity?: unknown };
  readonly main: {
    readonly image: string;
    readonly args?: readonly unknown[];
    readonly env?: readonly { readonly name: string }[];
    readonly resources: { readonly requests: Record<string, string>; readonly limits: Record<string, string> };
  };
}

const workloadKinds = ["Deployment", "StatefulSet", "DaemonSet"];
const operatedKinds = ["Prometheus", "Alertmanager", "OpenTelemetryCollector"];

/** What an object says about its pods, wherever its kind keeps it. */
function podOf({ kind, spec, metadata }: KubernetesObject): Pod | undefined {
  if (workloadKinds.includes(kind)) {
    const { metadata: pod, spec: template } = spec.template;
    return { ...template, labels: pod.labels, annotations: pod.annotations ?? {}, main: template.containers[0] };
  }
  if (!operatedKinds.includes(kind)) return undefined;
  return {
    ...spec,
    labels: spec.podMetadata?.labels ?? metadata.labels,
    annotations: spec.podMetadata?.annotations ?? spec.podAnnotations ?? {},
    main: { ...spec, env: spec.env ?? spec.containers?.[0]?.env, args: spec.additionalArgs },
  };
}

const podsOf = (stack: RenderedStack) =>
  new Map(
    objectsOf(stack).flatMap(({ object }) => {
      const pod = podOf(object);
      return pod ? [[`${object.kind}/${object.metadata.name}`, pod] as const] : [];
    }),
  );

const everyNode = (name: string) => name.startsWith("DaemonSet/") || name === "OpenTelemetryCollector/otel-agent";

const pool = { "node.example.com/pool": "observability" };
const term = { key: "node.example.com/size", operator: "In", values: ["large"] };
const defaults = {
  nodeSelector: pool,
  tolerations: [{ key: "dedicated", operator: "Exists", effect: "NoSchedule" }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [term] }] },
    },
  },
  priorityClassName: "high",
  podLabels: { team: "platform" },
  podAnnotations: { "sidecar.istio.io/inject": "false" },
  extraEnv: { HTTPS_PROXY: "http://proxy.example.com:3128" },
  serviceAccount: { annotations: { "eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/all" } },
};

describe.each(stackNames.flatMap((name) => [[name, "native"] as const, [name, "operator"] as const]))(
  "defaults in %s with %s collectors",
  (name, collectors) => {
    const stack = render(name, { defaults, collectors });
    const pods = podsOf(stack);

    test("reach every pod, and placement every pod that is not on every node", () => {
      expect(pods.size).toBeGreaterThan(8);
      for (const [workload, pod] of pods) {
        expect(pod, workload).toMatchObject({
          priorityClassName: "high",
          labels: defaults.podLabels,
          annotations: defaults.podAnnotations,
        });
        expect(
          pod.main.env?.map(({ name }) => name),
          workload,
        ).toContain("HTTPS_PROXY");
        if (everyNode(workload)) {
          expect(pod.nodeSelector, workload).not.toHaveProperty(["node.example.com/pool"]);
        } else {
          expect(pod.nodeSelector, workload).toEqual({ "kubernetes.io/os": "linux", ...pool });
          expect(pod.tolerations, workload).toContainEqual(defaults.tolerations[0]);
          expect(JSON.stringify(pod.affinity), workload).toContain(JSON.stringify(term));
        }
      }
    });

    test("are in addition to the placement that workloads need", () => {
      for (const [workload, pod] of pods) {
        if (!workloadKinds.some((kind) => workload.startsWith(`${kind}/`))) continue;
        expect(JSON.stringify(pod.affinity?.nodeAffinity), workload).toContain("kubernetes.io/arch");
      }
      const zone = pods.get("StatefulSet/mimir-ingester-zone-a");
      if (name === "prod") expect(JSON.stringify(zone?.affinity)).toContain("eu-central-1a");
    });

    test("give every workload a ServiceAccount with the annotations", () => {
      const accounts = objectsOf(stack).filter(({ object }) => object.kind === "ServiceAccount");
      for (const { object } of accounts)
        expect(object.metadata.annotations, object.metadata.name).toMatchObject(defaults.serviceAccount.annotations);
    });

    test("leave every object what Kubernetes and the CRDs allow", () => {
      for (const { object } of objectsOf(stack)) {
        const Model = modelOf(object.apiVersion, object.kind);
        if (Model) expect(() => new Model(object).validate(), `${object.kind} ${object.metadata.name}`).not.toThrow();
      }
    });
  },
);

describe("options of a component", () => {
  test("replace resources, from which everything derived follows", () => {
    const stack = components("dev", {
      mimir: {
        resources: { requests: { cpu: "750m", memory: "3Gi" }, limits: { cpu: 2, memory: "4Gi" } },
        disk: "77Gi",
      },
      prometheus: { resources: { requests: { memory: "2Gi" } }, disk: "50Gi" },
    });
    const { main } = podsOf(stack).get("StatefulSet/mimir") as Pod;
    expect(main.resources).toEqual({ requests: { cpu: "750m", memory: "3Gi" }, limits: { cpu: "2", memory: "4Gi" } });
    expect(main.env).toContainEqual({ name: "GOMEMLIMIT", value: "3276MiB" });
    const text = JSON.stringify(objectsOf(stack).map(({ object }) => object));
    expect(text).toContain('"storage":"77Gi"');
    // 80 % of the volume, which Prometheus' own retention by size follows.
    expect(text).toContain('"retentionSize":"40960MiB"');
    const planned = planStack(stack).workloads.find(({ name }) => name === "mimir");
    expect(planned).toMatchObject({
      set: { cpuCores: 0.75, memoryBytes: 3 * 2 ** 30, diskBytes: 77 * 2 ** 30, cpuLimitCores: 2 },
      reasons: { cpuCores: "set explicitly", memoryBytes: "set explicitly", diskBytes: "set explicitly" },
    });
    const plain = planStack(render("dev", {})).workloads.find(({ name }) => name === "mimir");
    expect(planned?.computed?.memoryBytes).toBe(plain?.memoryBytes);
    expect(planned?.computed?.diskBytes).toBe(plain?.diskBytes);
    expect(plain).not.toHaveProperty("computed");
  });

  test("are merged with those of a single workload, and the more specific ones count", () => {
    const stack = components("prod", {
      mimir: {
        podLabels: { team: "metrics", tier: "1" },
        image: { tag: "3.2.1" },
        extraArgs: ["-log.level=debug"],
        workloads: {
          ingester: { replicas: 9, disk: "200Gi", podLabels: { tier: "0" }, extraArgs: ["-log.level=warn"] },
          "chunks-cache": { resources: { requests: { memory: "4Gi" } }, image: { tag: "1.6.40" } },
        },
      },
    });
    const pods = podsOf(stack);
    const ingester = pods.get("StatefulSet/mimir-ingester-zone-b") as Pod;
    expect(ingester.labels).toMatchObject({ team: "metrics", tier: "0" });
    expect(ingester.main.args).toContain("-log.level=warn");
    expect(ingester.main.args).not.toContain("-log.level=debug");
    expect(ingester.main.image).toBe("docker.io/grafana/mimir:3.2.1");
    const replicas = planStack(stack).workloads.filter(({ name }) => name.startsWith("mimir-ingester-zone"));
    expect(replicas.map(({ replicas }) => replicas)).toEqual([3, 3, 3]);
    const cache = pods.get("StatefulSet/mimir-chunks-cache") as Pod;
    expect(cache.main.image).toBe("docker.io/library/memcached:1.6.40");
    expect(cache.main.args).toContain("--memory-limit=3413");
    expect(cache.main.args).not.toContain("-log.level=debug");
    expect((pods.get("Deployment/mimir-querier") as Pod).main.args).toContain("-log.level=debug");
  });

  test("reach the resources of operators in the fields that those have", () => {
    const options = {
      image: { registry: "registry.example.com", repository: "mirror/program", digest: `sha256:${"a".repeat(64)}` },
      extraArgs: ["--log.level=debug", "--web.enable-admin-api"],
      resources: { limits: { memory: "4Gi", cpu: "3" } },
    };
    const stack = components("dev", {
      prometheus: { ...options, replicas: 1, workloads: { "kube-state-metrics": { priorityClassName: "low" } } },
      alertmanager: { ...options, replicas: 3, podLabels: { a: "b" }, extraArgs: ["--log.level=debug"] },
      nodeExporter: { priorityClassName: "system-node-critical", extraArgs: ["--no-collector.zfs"] },
    });
    const byName = new Map(objectsOf(stack).map(({ object }) => [`${object.kind}/${object.metadata.name}`, object]));
    expect(byName.get("Prometheus/kube-prometheus")?.spec).toMatchObject({
      image: expect.stringMatching(/^registry\.example\.com\/mirror\/program:v\d.*@sha256:a{64}$/),
      version: expect.stringMatching(/^v3\./),
      additionalArgs: [{ name: "log.level", value: "debug" }, { name: "web.enable-admin-api" }],
      resources: { limits: { memory: "4Gi", cpu: "3" } },
    });
    expect(byName.get("Alertmanager/kube-prometheus")?.spec).toMatchObject({
      replicas: 3,
      podMetadata: { labels: { a: "b" } },
    });
    const pods = podsOf(stack);
    expect(pods.get("DaemonSet/kube-prometheus-node-exporter")).toMatchObject({
      priorityClassName: "system-node-critical",
      main: { args: expect.arrayContaining(["--no-collector.zfs"]) },
    });
    expect(pods.get("Deployment/kube-prometheus-kube-state-metrics")?.priorityClassName).toBe("low");
    expect(byName.get("Prometheus/kube-prometheus")?.spec).not.toHaveProperty("priorityClassName");
  });
});

/** Codes and places of the problems of a stack, however late they are found. */
function problems(stack: string, changes: Readonly<Record<string, unknown>>, top: object = {}): string[] {
  try {
    const { components: own } = readStackFile("stacks", stack).raw as { components?: object };
    render(stack, { components: { ...own, ...changes }, ...top });
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.map(({ code, path }) => `${code} ${path}`);
    throw error;
  }
  return [];
}

describe("options that cannot work are errors", () => {
  const mimir = "skopos:components.mimir";
  test.each<readonly [what: string, stack: string, changes: object, problem: string]>([
    [
      "a workload of another mode",
      "dev",
      { mimir: { workloads: { ingester: { disk: "1Gi" } } } },
      `SKP1301 ${mimir}.workloads.ingester`,
    ],
    [
      "amounts of several workloads",
      "prod",
      { mimir: { resources: { requests: { cpu: 1 } } } },
      `SKP1302 ${mimir}.resources`,
    ],
    [
      "a selector's label",
      "dev",
      { mimir: { podLabels: { "app.kubernetes.io/name": "x" } } },
      `SKP1303 ${mimir}.podLabels["app.kubernetes.io/name"]`,
    ],
    [
      "a derived variable",
      "dev",
      { mimir: { extraEnv: { GOMEMLIMIT: "1GiB" } } },
      `SKP1303 ${mimir}.extraEnv.GOMEMLIMIT`,
    ],
    [
      "Windows",
      "dev",
      { mimir: { nodeSelector: { "kubernetes.io/os": "windows" } } },
      `SKP1303 ${mimir}.nodeSelector["kubernetes.io/os"]`,
    ],
    [
      "a variable of the container's own",
      "dev",
      { alloy: { extraEnv: { K8S_NODE_NAME: "x" } } },
      "SKP1309 skopos:components.alloy.extraEnv.K8S_NODE_NAME",
    ],
    ["no amount", "dev", { mimir: { disk: "10 potatoes" } }, `SKP1002 ${mimir}.disk`],
    [
      "nothing",
      "dev",
      { mimir: { resources: { requests: { memory: "0" } } } },
      `SKP1002 ${mimir}.resources.requests.memory`,
    ],
    [
      "fewer ingesters than copies",
      "prod",
      { mimir: { workloads: { ingester: { replicas: 2 } } } },
      `SKP1225 ${mimir}.workloads.ingester.replicas`,
    ],
    [
      "uneven zones",
      "prod",
      { mimir: { workloads: { "store-gateway": { replicas: 4 } } } },
      `SKP1227 ${mimir}.workloads.store-gateway.replicas`,
    ],
    [
      "two compactors",
      "prod",
      { loki: { workloads: { compactor: { replicas: 2 } } } },
      "SKP1305 skopos:components.loki.workloads.compactor.replicas",
    ],
    [
      "two operators",
      "dev",
      { prometheus: { workloads: { operator: { replicas: 2 } } } },
      "SKP1305 skopos:components.prometheus.workloads.operator.replicas",
    ],
    [
      "a disk without a volume",
      "prod",
      { mimir: { workloads: { querier: { disk: "1Gi" } } } },
      `SKP1306 ${mimir}.workloads.querier.disk`,
    ],
    [
      "a limit below the request",
      "dev",
      { mimir: { resources: { requests: { memory: "4Gi" }, limits: { memory: "2Gi" } } } },
      `SKP1307 ${mimir}.resources.limits.memory`,
    ],
    [
      "a CPU limit below the request",
      "dev",
      { mimir: { resources: { requests: { cpu: 2 }, limits: { cpu: 1 } } } },
      `SKP1307 ${mimir}.resources.limits.cpu`,
    ],
    [
      "too little memory to idle",
      "dev",
      { mimir: { resources: { requests: { memory: "64Mi" } } } },
      `SKP1308 ${mimir}.resources.requests.memory`,
    ],
    [
      "too little memory for Alertmanager",
      "dev",
      { alertmanager: { resources: { requests: { memory: "8Mi" }, limits: { memory: "16Mi" } } } },
      "SKP1308 skopos:components.alertmanager.resources.limits.memory",
    ],
    ["a number of agents", "dev", { nodeExporter: { replicas: 2 } }, "SKP1001 skopos:components.nodeExporter.replicas"],
    ["an unknown workload", "prod", { mimir: { workloads: { ingestr: {} } } }, `SKP1001 ${mimir}.workloads.ingestr`],
  ])("%s", (_, stack, changes, problem) => {
    expect(problems(stack, changes as Record<string, unknown>)).toContain(problem);
  });

  test("a mistake in the defaults is reported once", () => {
    const defaults = { podAnnotations: { "checksum/config": "x" } };
    expect(problems("prod", {}, { defaults })).toEqual(['SKP1303 skopos:defaults.podAnnotations["checksum/config"]']);
  });

  test("the key of an earlier version says where it is now", () => {
    expect(problems("dev", {}, { priorityClassName: "high" })).toEqual(["SKP1007 skopos:priorityClassName"]);
  });
});
