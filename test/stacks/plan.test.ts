import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../lib/kubernetes/index.ts";
import { planStack } from "../../stacks/plan.ts";
import { objectsOf, type RenderedStack } from "../../stacks/stack.ts";
import { quantity } from "../cluster/quantity.ts";
import { variants } from "./variants.ts";

interface Requests {
  readonly cpu?: string;
  readonly memory?: string;
}

interface AnyContainer {
  readonly restartPolicy?: string;
  readonly resources: { readonly requests: Requests };
}

interface Claim {
  readonly spec: { readonly resources: { readonly requests: { readonly storage: string } } };
}

/** Fields of workloads, and of the resources from which an operator makes them. */
interface AnyWorkload {
  readonly replicas?: number;
  readonly shards?: number;
  readonly mode?: string;
  readonly resources?: { readonly requests: Requests };
  readonly template?: {
    readonly spec: { readonly containers: AnyContainer[]; readonly initContainers?: AnyContainer[] };
  };
  readonly volumeClaimTemplates?: readonly Claim[];
  readonly storage?: { readonly volumeClaimTemplate: Claim };
}

const add = (requests: readonly Requests[]) => ({
  cpuCores: requests.reduce((sum, { cpu }) => sum + quantity(cpu), 0),
  memoryBytes: requests.reduce((sum, { memory }) => sum + quantity(memory), 0),
});

/** The operator's own default for a config reloader, which the stack states by a flag: see the operator's arguments. */
function reloaderRequests(stack: RenderedStack): Requests {
  const operator = objectsOf(stack).find(
    ({ object }) => object.metadata?.name === "kube-prometheus-operator" && object.kind === "Deployment",
  );
  const spec = (operator?.object as unknown as { spec: AnyWorkload } | undefined)?.spec;
  const args = (spec?.template?.spec.containers[0] as unknown as { args: string[] } | undefined)?.args ?? [];
  const value = (flag: string) => args.find((arg) => arg.startsWith(`${flag}=`))?.slice(flag.length + 1);
  return { cpu: value("--config-reloader-cpu-request"), memory: value("--config-reloader-memory-request") } as Requests;
}

/** What an object asks of the cluster, read from the object alone. */
function requestsOf({ kind, spec }: KubernetesObject & { spec?: AnyWorkload }, stack: RenderedStack) {
  const none = { cpuCores: 0, memoryBytes: 0, diskBytes: 0 };
  if (!spec) return none;
  if (kind === "PersistentVolumeClaim") {
    return { ...none, diskBytes: quantity((spec as unknown as Claim["spec"]).resources.requests.storage) };
  }
  const claims = [...(spec.volumeClaimTemplates ?? []), ...(spec.storage ? [spec.storage.volumeClaimTemplate] : [])];
  const disk = claims.reduce((sum, claim) => sum + quantity(claim.spec.resources.requests.storage), 0);
  const onEveryNode = kind === "DaemonSet" || spec.mode === "daemonset";
  const pods = onEveryNode ? stack.workload.nodes : (spec.replicas ?? 1) * (spec.shards ?? 1);
  const operated = kind === "Prometheus" || kind === "Alertmanager";
  // Jobs that are created by hand are not planned.
  const scheduled = kind === "CronJob" && !spec.suspend && spec.jobTemplate.spec;
  const template = (scheduled || spec).template?.spec;
  const sidecars = (template?.initContainers ?? []).filter(
    ({ restartPolicy }: { restartPolicy?: string }) => restartPolicy === "Always",
  );
  const containers = [...(template?.containers ?? []), ...sidecars].map(({ resources }) => resources.requests);
  const known = ["Deployment", "StatefulSet", "DaemonSet", "Prometheus", "Alertmanager", "OpenTelemetryCollector"];
  if (!known.includes(kind) && !scheduled) return none;
  const { cpuCores, memoryBytes } = add([
    ...containers,
    ...(spec.resources ? [spec.resources.requests] : []),
    ...(operated ? [reloaderRequests(stack)] : []),
  ]);
  return { cpuCores: cpuCores * pods, memoryBytes: memoryBytes * pods, diskBytes: disk * pods };
}

test("the plan marks the numbers that contain a figure without a published source", () => {
  const prod = variants.find(({ name }) => name.startsWith("prod, native"));
  const { workloads } = planStack((prod as (typeof variants)[number]).render());
  const marked = (name: string) => workloads.find((workload) => workload.name === name)?.estimates;
  expect(marked("mimir-results-cache")).toContain("memoryBytes");
  expect(marked("loki-compactor")).toEqual(expect.arrayContaining(["memoryBytes", "diskBytes"]));
  expect(marked("mimir-ingester-zone-a")).toEqual([]);
});

describe.each(variants)("$name", ({ render }) => {
  test("the plan's totals are the requests of what is rendered, times its pods", () => {
    const stack = render();
    const asked = objectsOf(stack).map(({ object }) => requestsOf(object, stack));
    const total = (key: keyof (typeof asked)[number]) => asked.reduce((sum, each) => sum + each[key], 0);
    const { totals } = planStack(stack);
    expect(totals.cpuCores).toBeCloseTo(total("cpuCores"), 6);
    expect(totals.memoryBytes).toBe(total("memoryBytes"));
    expect(totals.diskBytes).toBe(total("diskBytes"));
  });

  test("every workload says why it is as large as it is", () => {
    for (const { name, reasons, diskBytes } of planStack(render()).workloads) {
      expect(Object.keys(reasons), name).toEqual(expect.arrayContaining(["cpuCores", "memoryBytes"]));
      if (diskBytes > 0) expect(Object.keys(reasons), name).toContain("diskBytes");
    }
  });
});

test("dev fits a node of 2 cores and 8 GiB, with half of it left for what it observes", () => {
  const { totals } = planStack(variants[0]?.render() as RenderedStack);
  expect(totals.cpuCores).toBeLessThanOrEqual(1);
  expect(totals.memoryBytes).toBeLessThanOrEqual(4 * 2 ** 30);
});
