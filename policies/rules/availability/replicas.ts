import { objectRule, podRule } from "../../engine/kinds-of-rules.ts";
import { OperatedPod, type Pod } from "../../engine/pods.ts";
import { duration } from "../../engine/quantities.ts";
import { type Rule, set } from "../../engine/rule.ts";
import { selects } from "../../engine/selectors.ts";
import { podsBehind } from "../../engine/services.ts";
import { calledServices } from "../../engine/urls.ts";
import { at, fields, isFields, items, list, number, text, texts } from "../../engine/values.ts";

const spread = podRule(
  {
    id: "availability/spread",
    pods: "all",
    title: "Replicas are spread over nodes",
    severity: "warning",
    why: "The scheduler may place all replicas on one node, with which they are lost together. https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/",
    remedy: "Add a topology spread constraint over `kubernetes.io/hostname`, and one over zones.",
  },
  function* (pod) {
    if (pod.replicas === undefined || pod.replicas < 2 || !pod.serves) return;
    const constraints = list(pod.spec.topologySpreadConstraints);
    const affinity = fields(at(pod.spec, "affinity", "podAntiAffinity"));
    const apart = Object.values(affinity).some((each) => list(each).length > 0);
    // Prometheus and Alertmanager objects may ask the operator for it.
    if (constraints.length > 0 || apart || text(pod.spec.podAntiAffinity)) return;
    const path = [...pod.specPath, "topologySpreadConstraints"];
    yield {
      message: `nothing keeps the ${pod.replicas} pods on different nodes`,
      path,
      fix: [
        set(path, [
          {
            maxSkew: 1,
            topologyKey: "kubernetes.io/hostname",
            whenUnsatisfiable: "ScheduleAnyway",
            labelSelector: { matchLabels: labelsToMatch(pod) },
          },
        ]),
      ],
    };
  },
);

const labelsToMatch = (pod: Pod): unknown =>
  pod instanceof OperatedPod ? pod.labels : (at(pod.object.value, "spec", "selector", "matchLabels") ?? pod.labels);

const spreadSelector = podRule(
  {
    id: "availability/spread-selector",
    pods: "all",
    title: "Spread constraints select the pods they belong to",
    severity: "error",
    why: "A constraint counts the pods that its selector matches. If it does not match its own pods, the count stays 0 and the constraint has no effect.",
    remedy: "Copy the labels of the workload's selector.",
  },
  function* (pod) {
    for (const [index, constraint] of items(pod.spec.topologySpreadConstraints)) {
      const path = [...pod.specPath, "topologySpreadConstraints", index, "labelSelector"];
      // The operator adds a shard's or the set's own selector where it is asked to.
      if (constraint.additionalLabelSelectors !== undefined && constraint.labelSelector === undefined) continue;
      if (selects(fields(constraint.labelSelector), pod.labels) && isFields(constraint.labelSelector)) continue;
      yield {
        message: `the constraint over ${text(constraint.topologyKey) ?? "?"} does not select its own pods`,
        path,
        fix: [set(path, { matchLabels: labelsToMatch(pod) })],
      };
    }
  },
);

const headlessService = objectRule(
  {
    id: "availability/headless-service",
    kinds: ["StatefulSet"],
    title: "The Service of a StatefulSet exists, is headless and selects its pods",
    severity: "error",
    why: "The Service gives each pod its DNS name. Without it the pods have none, and whatever finds them by name finds nothing. https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-network-id",
    remedy: "Create a Service with `clusterIP: None` and the set's selector.",
  },
  function* (workload, { set: objects }) {
    const name = text(workload.spec.serviceName);
    const path = ["spec", "serviceName"];
    const pod = objects.podOf(workload);
    // Since v1.34 a set may do without: it then has no names.
    if (name === undefined || name === "" || !pod) return;
    const service = objects.service(workload.namespace, name);
    const selector = at(workload.value, "spec", "selector", "matchLabels");
    const created = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: workload.namespace },
      spec: { clusterIP: "None", selector, ports: [] },
    };
    if (!service) {
      yield { message: `the Service ${name} does not exist`, path, fix: [{ create: created }] };
    } else if (service.object && !service.headless) {
      const fix = [{ object: service.object, path: ["spec", "clusterIP"], value: "None" }];
      // The name of a single pod is the Service's.
      const severity = pod.replicas === 1 ? "info" : "error";
      yield {
        message: `the Service ${name} is not headless: the pods have no names of their own`,
        path,
        fix,
        severity,
      };
    } else if (service.object && !podsBehind(objects, service).includes(pod)) {
      const fix = [{ object: service.object, path: ["spec", "selector"], value: selector }];
      yield { message: `the Service ${name} does not select the pods of the set`, path, fix };
    }
  },
);

const gracePeriod = podRule(
  {
    id: "availability/grace-period",
    pods: "written",
    title: "The grace period is longer than the preStop hook",
    severity: "error",
    why: "The grace period includes the hook. When it ends first the process is killed without the signal on which it would flush what it holds. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination",
    remedy: "Make `terminationGracePeriodSeconds` the hook's time plus what the program needs to stop.",
  },
  function* (pod) {
    for (const { fields: container, path, name } of pod.containers) {
      const hook = fields(at(container, "lifecycle", "preStop"));
      const slept = number(at(hook, "sleep", "seconds")) ?? sleepIn(texts(at(hook, "exec", "command")));
      if (slept === undefined || slept < pod.gracePeriodSeconds) continue;
      yield {
        message: `preStop takes ${slept} s of a grace period of ${pod.gracePeriodSeconds} s: the program is killed before it stops by itself`,
        path: [...path, "lifecycle", "preStop"],
        container: name,
        fix: [set([...pod.specPath, "terminationGracePeriodSeconds"], slept + 30)],
      };
    }
  },
);

/** Seconds that a command sleeps, where it says so. */
function sleepIn(command: readonly string[]): number | undefined {
  const found = /\bsleep\s+(\d+(?:\.\d+)?[smh]?)\b/.exec(command.join(" "))?.[1];
  return found === undefined ? undefined : (duration(found) ?? Number(found));
}

const singleReplica = podRule(
  {
    id: "availability/single-replica",
    pods: "all",
    title: "What receives or answers requests has more than one replica",
    severity: "warning",
    needs: ["availability"],
    why: "The stack is meant to survive the loss of a node. While a single pod is rescheduled, nothing answers for it and what is sent to it waits or is lost.",
    remedy: "Run two replicas, or accept the outage with a waiver that says what is lost meanwhile.",
  },
  function* (pod, { set: objects }) {
    if (objects.facts.availability !== "redundant" || !pod.serves || pod.replicas !== 1) return;
    if (pod.object.kind === "Pod") return;
    const own = objects.services.filter(
      (service) => service.namespace === pod.namespace && service.object && podsBehind(objects, service).includes(pod),
    );
    const called = own.some(({ namespace, name }) => calledServices(objects).has(`${namespace}/${name}`));
    // A zone of a replicated set is one of several.
    const siblings = own.flatMap((service) => podsBehind(objects, service).filter((other) => other !== pod));
    if (!called || siblings.length > 0) return;
    yield {
      message: "a single pod answers for its Service, which others of the set call",
      path: ["spec", "replicas"],
      fix: [set(["spec", "replicas"], 2)],
    };
  },
);

/** Rules about replicas and the time between two of them. */
export const replicaRules: readonly Rule[] = [spread, spreadSelector, headlessService, gracePeriod, singleReplica];
