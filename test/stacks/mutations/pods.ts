import { change } from "../../../policies/fixtures/fixture.ts";
import {
  agent,
  container,
  context,
  distributor,
  gateway,
  grafana,
  ingester,
  type Mutation,
  mutation,
  pod,
  prometheus,
} from "./mutation.ts";

export const pods: readonly Mutation[] = [
  mutation(
    "pods/privileged",
    "a container is made privileged to debug it",
    change(distributor, `${context}/privileged`, true),
  ),
  mutation("pods/host-network", "the agent is put on the host network", change(agent, `${pod}/hostNetwork`, true)),
  mutation("pods/host-pid", "the agent shares the node's processes", change(agent, `${pod}/hostPID`, true)),
  mutation("pods/host-ipc", "Grafana shares the node's memory segments", change(grafana, `${pod}/hostIPC`, true)),
  mutation(
    "pods/host-path",
    "Grafana keeps its data on the node",
    change(grafana, `${pod}/volumes/1`, { name: "data", hostPath: { path: "/srv/grafana" } }),
  ),
  mutation(
    "pods/host-path",
    "Alloy reads one more path of the node",
    change("DaemonSet/observability-agents/alloy", `${pod}/volumes/3`, { name: "etc", hostPath: { path: "/etc" } }),
  ),
  mutation("pods/host-ports", "the agent listens on the node", change(agent, `${container}/ports/0/hostPort`, 4317)),
  mutation(
    "pods/added-capabilities",
    "a capability is added",
    change(distributor, `${context}/capabilities/add`, ["NET_ADMIN"]),
  ),
  mutation(
    "pods/ineffective-capabilities",
    "a capability is given to a user that is not root",
    change(distributor, `${context}/capabilities/add`, ["SYS_PTRACE"]),
  ),
  mutation(
    "pods/dropped-capabilities",
    "the default capabilities stay",
    change(distributor, `${context}/capabilities`),
  ),
  mutation("pods/run-as-non-root", "runAsNonRoot is lost", change(grafana, `${pod}/securityContext/runAsNonRoot`)),
  mutation(
    "pods/root-user",
    "Grafana runs as root to write its volume",
    change(grafana, `${pod}/securityContext/runAsUser`, 0),
  ),
  mutation(
    "pods/seccomp",
    "seccomp is switched off",
    change(gateway, `${pod}/securityContext/seccompProfile/type`, "Unconfined"),
  ),
  mutation(
    "pods/privilege-escalation",
    "privilege escalation is allowed",
    change(gateway, `${context}/allowPrivilegeEscalation`),
  ),
  mutation("pods/read-only-root", "the root is writable", change(grafana, `${context}/readOnlyRootFilesystem`, false)),
  mutation(
    "pods/volume-types",
    "a volume is mounted by NFS",
    change(grafana, `${pod}/volumes/1`, { name: "data", nfs: { server: "nas.example.com", path: "/" } }),
  ),
  mutation("pods/requests", "the CPU request is removed", change(distributor, `${container}/resources/requests/cpu`)),
  mutation("pods/memory-limit", "the memory limit is removed", change(ingester, `${container}/resources/limits`)),
  mutation(
    "pods/memory-limit",
    "the limit of Prometheus is below its request",
    change(prometheus, "spec/resources/limits/memory", "1Gi"),
  ),
  mutation(
    "pods/gomemlimit",
    "the limit is lowered and GOMEMLIMIT stays",
    change(gateway, `${container}/resources/limits/memory`, "300Mi"),
    change(gateway, `${container}/resources/requests/memory`, "300Mi"),
  ),
  mutation(
    "pods/image-tag",
    "an image is changed to latest",
    change(grafana, `${container}/image`, "grafana/grafana:latest"),
  ),
  mutation(
    "pods/probes-differ",
    "the liveness probe is as strict as the readiness probe",
    change(gateway, `${container}/livenessProbe/failureThreshold`, 2),
  ),
  mutation("pods/readiness", "the readiness probe is removed", change(distributor, `${container}/readinessProbe`)),
  mutation(
    "pods/token",
    "a token is mounted that nothing needs",
    change(distributor, `${pod}/automountServiceAccountToken`, true),
  ),
  mutation("availability/disruption-budget", "the budget of the gateways is deleted", {
    without: "PodDisruptionBudget/observability/otel-gateway-collector",
  }),
  mutation(
    "availability/satisfiable-budget",
    "a budget allows no eviction",
    change("PodDisruptionBudget/observability/mimir-distributor", "spec/maxUnavailable", 0),
  ),
  mutation(
    "availability/budget-selector",
    "a budget selects labels of another version",
    change("PodDisruptionBudget/observability/grafana", "spec/selector/matchLabels", { app: "grafana" }),
  ),
  mutation(
    "availability/spread",
    "the spread constraints are removed",
    change(distributor, `${pod}/topologySpreadConstraints`),
  ),
  mutation(
    "availability/spread-selector",
    "a spread constraint counts other pods",
    change(distributor, `${pod}/topologySpreadConstraints/0/labelSelector`, { matchLabels: { app: "mimir" } }),
  ),
  mutation("availability/headless-service", "the headless Service of the gateways is deleted", {
    without: "Service/observability/otel-gateway-collector-headless",
  }),
  mutation(
    "availability/grace-period",
    "a preStop hook sleeps longer than the grace period",
    change(grafana, `${container}/lifecycle/preStop`, { sleep: { seconds: 60 } }),
  ),
  mutation("availability/single-replica", "the gateway is scaled to one", change(gateway, "spec/replicas", 1)),
];
