import { objectRule, podRule } from "../../engine/kinds-of-rules.ts";
import type { KubernetesObject } from "../../engine/object.ts";
import type { ObjectSet } from "../../engine/object-set.ts";
import { OperatedPod, type Pod } from "../../engine/pods.ts";
import { type Rule, remove, set } from "../../engine/rule.ts";
import { selects } from "../../engine/selectors.ts";
import { fields, text } from "../../engine/values.ts";

const documentation = "https://kubernetes.io/docs/tasks/run-application/configure-pdb/";

/** Budgets that select a pod. */
function budgetsOf(objects: ObjectSet, pod: Pod): readonly KubernetesObject[] {
  return objects
    .inNamespace("PodDisruptionBudget", pod.namespace)
    .filter((budget) => selects(fields(budget.spec.selector), pod.labels));
}

/** The pods that a budget selects. */
function podsOf(objects: ObjectSet, budget: KubernetesObject): readonly Pod[] {
  return objects.podsIn(budget.namespace).filter((pod) => selects(fields(budget.spec.selector), pod.labels));
}

/** Pods that a number or a percentage stands for; Kubernetes rounds up. */
function amount(value: unknown, of: number): number | undefined {
  if (typeof value === "number") return value;
  const percent = /^(\d+)%$/.exec(text(value) ?? "")?.[1];
  return percent === undefined ? undefined : Math.ceil((Number(percent) / 100) * of);
}

const budgetExists = podRule(
  {
    id: "availability/disruption-budget",
    pods: "all",
    title: "Replicated workloads have a disruption budget",
    severity: "warning",
    why: `Without a budget a drain of two nodes may evict every replica at once. ${documentation}`,
    remedy: "Add a PodDisruptionBudget with `maxUnavailable: 1`.",
  },
  function* (pod, { set: objects }) {
    const replicas = pod.replicas;
    // The OpenTelemetry operator makes one for each of its collectors.
    if (pod.object.kind === "OpenTelemetryCollector") return;
    if (replicas === undefined || replicas < 2 || !pod.serves || budgetsOf(objects, pod).length > 0) return;
    const { name, namespace } = pod.object;
    yield {
      message: `the ${replicas} pods are under no disruption budget`,
      path: ["spec", "replicas"],
      fix: [
        {
          create: {
            apiVersion: "policy/v1",
            kind: "PodDisruptionBudget",
            metadata: { name, namespace },
            spec: { maxUnavailable: 1, selector: { matchLabels: selectorOf(pod) } },
          },
        },
      ],
    };
  },
);

/** Labels that select a pod: its workload's own, where it has them. */
function selectorOf(pod: Pod): Readonly<Record<string, string>> {
  const own = fields(fields(pod.object.spec.selector).matchLabels);
  return !(pod instanceof OperatedPod) && Object.keys(own).length > 0 ? (own as Record<string, string>) : pod.labels;
}

const budgetSatisfiable = objectRule(
  {
    id: "availability/satisfiable-budget",
    kinds: ["PodDisruptionBudget"],
    title: "Disruption budgets allow at least one eviction",
    severity: "error",
    why: `A budget that never allows an eviction blocks every drain: upgrades of the nodes hang until somebody deletes it. ${documentation}`,
    remedy: "Use `maxUnavailable: 1`.",
  },
  function* (budget, { set: objects }) {
    const pods = podsOf(objects, budget).filter(({ replicas }) => replicas !== undefined);
    const total = pods.reduce((sum, { replicas }) => sum + (replicas ?? 0), 0);
    const atMost = amount(budget.spec.maxUnavailable, total);
    const atLeast = amount(budget.spec.minAvailable, total);
    const [key, blocked] =
      atMost !== undefined
        ? ["maxUnavailable", atMost === 0]
        : ["minAvailable", atLeast !== undefined && atLeast >= total];
    if (!blocked || (total === 0 && atMost !== 0)) return;
    yield {
      message: `${key} ${String(budget.spec[key as string])} of ${total} pods allows no eviction`,
      path: ["spec", key as string],
      fix: [remove(["spec", "minAvailable"]), set(["spec", "maxUnavailable"], 1)],
    };
  },
);

const budgetSelects = objectRule(
  {
    id: "availability/budget-selector",
    kinds: ["PodDisruptionBudget"],
    title: "Disruption budgets select pods, and each pod is under one budget at most",
    severity: "error",
    why: `A budget that selects nothing protects nothing. A pod under two budgets cannot be evicted at all: the eviction API answers with an error. ${documentation}`,
    remedy: "Copy the selector of the workload, and keep one budget per workload.",
  },
  function* (budget, { set: objects }) {
    const path = ["spec", "selector"];
    const pods = podsOf(objects, budget);
    if (pods.length === 0) {
      // Pods of an operator that is not part of the set are not among the objects.
      const workload = objects.pods.find(
        (pod) => pod.namespace === budget.namespace && pod.object.name === budget.name,
      );
      yield {
        message: "the budget selects no pod of the set",
        path,
        severity: workload || objects.pods.some((pod) => pod.namespace === budget.namespace) ? "error" : "info",
        fix: workload
          ? [set(path, { matchLabels: selectorOf(workload) })]
          : [set(path, { matchLabels: { "<label>": "<value>" } })],
      };
    }
    const other = pods
      .flatMap((pod) => budgetsOf(objects, pod))
      .find((each) => each !== budget && each.name < budget.name);
    if (!other) return;
    yield {
      message: `its pods are also under the budget ${other.name}: they cannot be evicted`,
      path,
      fix: [{ object: other, path: [], value: undefined }],
    };
  },
);

/** Rules about evictions. */
export const disruptionRules: readonly Rule[] = [budgetExists, budgetSatisfiable, budgetSelects];
