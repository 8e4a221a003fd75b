import { containerRule, podRule } from "../../engine/kinds-of-rules.ts";
import type { ObjectSet } from "../../engine/object-set.ts";
import type { Pod } from "../../engine/pods.ts";
import { type Rule, set } from "../../engine/rule.ts";
import { mapSelects } from "../../engine/selectors.ts";
import { type Fields, fields, isFields, items, number, same } from "../../engine/values.ts";

const handlers = ["httpGet", "tcpSocket", "grpc", "exec"] as const;

const handlerOf = (probe: Fields): Fields =>
  Object.fromEntries(handlers.filter((key) => isFields(probe[key])).map((key) => [key, probe[key]]));

/** Seconds for which a probe may fail before it has an effect; the API's defaults are 10 s and 3 failures. */
const patience = (probe: Fields): number => (number(probe.periodSeconds) ?? 10) * (number(probe.failureThreshold) ?? 3);

const probesDiffer = containerRule(
  {
    id: "pods/probes-differ",
    pods: "written",
    title: "A liveness probe is more patient than the readiness probe",
    severity: "warning",
    why: "Readiness takes a busy pod out of its Service; liveness kills it. With the same check and the same patience a pod is killed at the very moment it should only be spared, and its load kills the next one.",
    remedy: "Let the liveness probe fail longer, ask something that only a hung process fails, or remove it.",
  },
  function* ({ fields: container, path }) {
    const liveness = fields(container.livenessProbe);
    const readiness = fields(container.readinessProbe);
    const handler = handlerOf(liveness);
    if (Object.keys(handler).length === 0 || !same(handler, handlerOf(readiness))) return;
    if (patience(liveness) > patience(readiness)) return;
    const threshold = Math.floor((2 * patience(readiness)) / (number(liveness.periodSeconds) || 10)) + 1;
    const place = [...path, "livenessProbe", "failureThreshold"];
    yield {
      message: `the liveness probe asks the same as the readiness probe and kills after ${patience(liveness)} s, the readiness probe acts after ${patience(readiness)} s`,
      path: place,
      fix: [set(place, threshold)],
    };
  },
);

/** Whether a Service of the set sends traffic to a pod. */
const behindService = (objects: ObjectSet, pod: Pod): boolean =>
  objects
    .ofKind("Service")
    .some(
      (service) =>
        service.namespace === pod.namespace &&
        service.spec.publishNotReadyAddresses !== true &&
        mapSelects(service.spec.selector, pod.labels),
    );

const readiness = podRule(
  {
    id: "pods/readiness",
    pods: "written",
    title: "Pods behind a Service say when they are ready",
    severity: "warning",
    why: "Without a readiness probe a pod gets requests from the moment its process starts, and an update replaces all pods before the first one answers.",
    remedy: "Add a readiness probe to the container that serves the requests.",
  },
  function* (pod, { set: objects }) {
    if (!pod.serves || !behindService(objects, pod)) return;
    const serving = pod.containers.filter(({ kind, fields: each }) => kind !== "init" && items(each.ports).length > 0);
    const [first] = serving;
    if (!first || serving.some(({ fields: each }) => isFields(each.readinessProbe))) return;
    const [, port] = items(first.fields.ports)[0] ?? [];
    const path = [...first.path, "readinessProbe"];
    yield {
      message: "no container of the pod has a readiness probe, and a Service sends requests to it",
      path,
      container: first.name,
      fix: [set(path, { tcpSocket: { port: port?.name ?? port?.containerPort ?? 8080 }, periodSeconds: 10 })],
    };
  },
);

const token = podRule(
  {
    id: "pods/token",
    pods: "all",
    title: "Only pods that talk to the API server have a token",
    severity: "warning",
    why: "A mounted token is what an intruder looks for first. A pod whose account has no rights in the set has no use for it.",
    remedy: "Set `automountServiceAccountToken: false` in the pod.",
  },
  function* (pod, { set: objects }) {
    if (pod.object.kind === "OpenTelemetryCollector") return;
    const own = pod.spec.automountServiceAccountToken;
    const account = objects.find("ServiceAccount", pod.namespace, pod.serviceAccount);
    const mounted = own ?? account?.value.automountServiceAccountToken ?? true;
    if (mounted !== true || accountHasRights(objects, pod.namespace, pod.serviceAccount)) return;
    const path = [...pod.specPath, "automountServiceAccountToken"];
    yield {
      message: `the pod mounts a token of the account ${pod.serviceAccount}, which has no rights in the set`,
      path,
      fix: [set(path, false)],
    };
  },
);

/** Whether a binding of the set gives rights to a service account. */
function accountHasRights(objects: ObjectSet, namespace: string, account: string): boolean {
  return ["RoleBinding", "ClusterRoleBinding"].some((kind) =>
    objects
      .ofKind(kind)
      .some((binding) =>
        items(binding.value.subjects).some(
          ([, subject]) =>
            subject.kind === "ServiceAccount" &&
            subject.name === account &&
            (subject.namespace ?? binding.namespace) === namespace,
        ),
      ),
  );
}

/** How pods tell that they are well, and what they are given. */
export const probeRules: readonly Rule[] = [probesDiffer, readiness, token];
