import { containerRule, podRule } from "../../engine/kinds-of-rules.ts";
import type { Container, Pod } from "../../engine/pods.ts";
import { type Rule, remove, set } from "../../engine/rule.ts";
import { at, fields, items, text, texts } from "../../engine/values.ts";

const standard = "Pod Security Standard, https://kubernetes.io/docs/concepts/security/pod-security-standards/";

const windows = (pod: Pod): boolean => at(pod.spec, "os", "name") === "windows";

/** A field of a container's security context, or of the pod's where the container does not say. */
function effective(container: Container, ...path: string[]): unknown {
  return at(container.fields, "securityContext", ...path) ?? at(container.pod.spec, "securityContext", ...path);
}

const contextPath = (container: Container, ...path: string[]) => [...container.path, "securityContext", ...path];

const privileged = containerRule(
  {
    id: "pods/privileged",
    pods: "written",
    title: "No container is privileged",
    severity: "error",
    why: `A privileged container owns its node: it sees every device and may load kernel modules. ${standard}, baseline.`,
    remedy: "Remove `privileged` and add the capabilities that the program needs, with a waiver for each.",
  },
  function* (container) {
    if (at(container.fields, "securityContext", "privileged") !== true) return;
    const path = contextPath(container, "privileged");
    yield { message: "the container is privileged", path, fix: [set(path, false)] };
  },
);

/** The namespaces of its node that a pod may share. */
const hostNamespaces = (
  [
    [
      "hostNetwork",
      "pods/host-network",
      "network",
      "it reaches everything the node reaches, and no network policy applies to it",
    ],
    ["hostPID", "pods/host-pid", "process", "it sees every process of the node with its arguments and environment"],
    ["hostIPC", "pods/host-ipc", "IPC", "it reads the shared memory of every process of the node"],
  ] as const
).map(([key, id, name, effect]) =>
  podRule(
    {
      id,
      pods: "written",
      title: `No pod is in the ${name} namespace of its node`,
      severity: "error",
      why: `A pod in the host's ${name} namespace is not isolated: ${effect}. ${standard}, baseline.`,
      remedy: `Remove \`${key}\`. A host-level agent that needs it carries a waiver.`,
    },
    function* (pod) {
      if (pod.spec[key] !== true) return;
      const path = [...pod.specPath, key];
      yield { message: `the pod runs with ${key}`, path, fix: [remove(path)] };
    },
  ),
);

const hostPath = podRule(
  {
    id: "pods/host-path",
    pods: "written",
    title: "No pod mounts a path of its node",
    severity: "error",
    why: `A mounted host path outlives the pod, ties it to the node and may expose other pods' data and credentials. ${standard}, baseline.`,
    remedy:
      "Use a persistent volume, an emptyDir or a ConfigMap. Host-level agents carry a waiver that names each path.",
  },
  function* (pod) {
    const mounted = items(pod.spec.volumes).filter(
      ([, volume]) => volume.hostPath !== undefined && volume.hostPath !== null,
    );
    if (mounted.length === 0) return;
    const paths = mounted.map(([, volume]) => text(fields(volume.hostPath).path) ?? "?");
    yield {
      message: `the pod mounts ${paths.join(", ")} of its node`,
      path: [...pod.specPath, "volumes", mounted[0]?.[0] ?? 0],
      fix: mounted.flatMap(([index]) => [
        remove([...pod.specPath, "volumes", index, "hostPath"]),
        set([...pod.specPath, "volumes", index, "emptyDir"], {}),
      ]),
      detail: { hostPaths: [...paths].sort() },
    };
  },
);

const hostPorts = containerRule(
  {
    id: "pods/host-ports",
    pods: "written",
    title: "No container takes a port of its node",
    severity: "error",
    why: `A host port is open on every address of the node, past network policies, and keeps a second pod off the node. ${standard}, baseline.`,
    remedy: "Reach the pod through a Service instead.",
  },
  function* (container) {
    // On the host network every port is the host's: pods/host-network says so once.
    if (container.pod.hostNetwork) return;
    for (const [index, port] of items(container.fields.ports)) {
      if (port.hostPort === undefined || port.hostPort === null || port.hostPort === 0) continue;
      const path = [...container.path, "ports", index, "hostPort"];
      yield { message: `the container takes port ${String(port.hostPort)} of its node`, path, fix: [remove(path)] };
    }
  },
);

const addedCapabilities = containerRule(
  {
    id: "pods/added-capabilities",
    pods: "written",
    title: "No container adds a capability",
    severity: "error",
    why: `Each capability is a part of root's power. Only NET_BIND_SERVICE may be added under the restricted ${standard}.`,
    remedy: "Remove the capability, or waive it by name for the one container that needs it.",
  },
  function* (container) {
    const path = contextPath(container, "capabilities", "add");
    const added = texts(at(container.fields, "securityContext", "capabilities", "add")).filter(
      (each) => each !== "NET_BIND_SERVICE",
    );
    if (added.length === 0) return;
    yield {
      message: `the container adds ${added.join(", ")}`,
      path,
      fix: [remove(path)],
      detail: { capabilities: [...added].sort() },
    };
  },
);

const droppedCapabilities = containerRule(
  {
    id: "pods/dropped-capabilities",
    pods: "written",
    title: "Every container drops all capabilities",
    severity: "error",
    why: `The runtime's default set includes NET_RAW and DAC_OVERRIDE, which programs rarely need. ${standard}, restricted.`,
    remedy: "Drop `ALL`.",
  },
  function* (container) {
    if (windows(container.pod)) return;
    const drop = texts(at(container.fields, "securityContext", "capabilities", "drop"));
    if (drop.some((each) => each.toUpperCase() === "ALL")) return;
    const path = contextPath(container, "capabilities", "drop");
    yield { message: "the container keeps the runtime's default capabilities", path, fix: [set(path, ["ALL"])] };
  },
);

const runAsNonRoot = containerRule(
  {
    id: "pods/run-as-non-root",
    pods: "written",
    title: "Every container states that it does not run as root",
    severity: "error",
    why: `Without runAsNonRoot the image decides who the process is, and most images say root. ${standard}, restricted.`,
    remedy: "Set `runAsNonRoot: true` for the pod or the container.",
  },
  function* (container) {
    if (windows(container.pod) || effective(container, "runAsNonRoot") === true) return;
    const path = contextPath(container, "runAsNonRoot");
    yield { message: "the container may run as root", path, fix: [set(path, true)] };
  },
);

const runAsRootUser = containerRule(
  {
    id: "pods/root-user",
    pods: "written",
    title: "No container runs as user 0",
    severity: "error",
    why: `Root in a container is root on the node once it escapes, and may write every file of a mounted host path. ${standard}, restricted.`,
    remedy: "Set `runAsUser` to the image's own user, or to any id above 0.",
  },
  function* (container) {
    if (effective(container, "runAsUser") !== 0) return;
    const path = contextPath(container, "runAsUser");
    yield { message: "the container runs as user 0", path, fix: [set(path, 65_534)] };
  },
);

const seccomp = containerRule(
  {
    id: "pods/seccomp",
    pods: "written",
    title: "Every container has a seccomp profile",
    severity: "error",
    why: `Without a profile every system call of the kernel is open to the container. ${standard}, restricted.`,
    remedy: "Set `seccompProfile: {type: RuntimeDefault}` for the pod.",
  },
  function* (container) {
    if (windows(container.pod)) return;
    const type = effective(container, "seccompProfile", "type");
    if (type === "RuntimeDefault" || type === "Localhost") return;
    const path = contextPath(container, "seccompProfile");
    const message =
      type === undefined ? "the container has no seccomp profile" : `its seccomp profile is ${String(type)}`;
    yield { message, path, fix: [set(path, { type: "RuntimeDefault" })] };
  },
);

const privilegeEscalation = containerRule(
  {
    id: "pods/privilege-escalation",
    pods: "written",
    title: "No process may gain privileges",
    severity: "error",
    why: `Unless it is forbidden, a setuid file in the image makes its caller root. ${standard}, restricted.`,
    remedy: "Set `allowPrivilegeEscalation: false`.",
  },
  function* (container) {
    if (windows(container.pod)) return;
    if (at(container.fields, "securityContext", "allowPrivilegeEscalation") === false) return;
    const path = contextPath(container, "allowPrivilegeEscalation");
    yield { message: "a process of the container may gain privileges", path, fix: [set(path, false)] };
  },
);

const allowedVolumes = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);

const volumeTypes = podRule(
  {
    id: "pods/volume-types",
    pods: "written",
    title: "Pods mount only volumes that the cluster manages",
    severity: "error",
    why: `In-tree network volumes bypass the cluster's storage classes and carry addresses and credentials in the pod. ${standard}, restricted.`,
    remedy: "Use a persistentVolumeClaim with a StorageClass.",
  },
  function* (pod) {
    for (const [index, volume] of items(pod.spec.volumes)) {
      const type = Object.keys(volume).find((key) => key !== "name" && volume[key] !== null);
      // A host path has a rule of its own, which waivers name.
      if (type === undefined || type === "hostPath" || allowedVolumes.has(type)) continue;
      const path = [...pod.specPath, "volumes", index];
      yield {
        message: `the volume ${text(volume.name) ?? index} is of the type ${type}`,
        path,
        fix: [set(path, { name: volume.name, persistentVolumeClaim: { claimName: "<claim>" } })],
      };
    }
  },
);

const safeSysctls = new Set([
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.ping_group_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_wmem",
]);

const sysctls = podRule(
  {
    id: "pods/sysctls",
    pods: "written",
    title: "Pods set only safe sysctls",
    severity: "error",
    why: `Sysctls outside the safe set change the node for all of its pods, and the kubelet rejects the pod unless told otherwise. ${standard}, baseline.`,
    remedy: "Remove the sysctl, or set it on the nodes.",
  },
  function* (pod) {
    for (const [index, sysctl] of items(at(pod.spec, "securityContext", "sysctls"))) {
      if (safeSysctls.has(text(sysctl.name) ?? "")) continue;
      const path = [...pod.specPath, "securityContext", "sysctls", index];
      yield { message: `the pod sets the sysctl ${text(sysctl.name) ?? "?"}`, path, fix: [remove(path)] };
    }
  },
);

const seLinuxTypes = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

const confinement = containerRule(
  {
    id: "pods/confinement",
    pods: "written",
    title: "Containers keep the runtime's AppArmor, SELinux and /proc confinement",
    severity: "error",
    why: `An unconfined profile, a custom SELinux user, role or type, and an unmasked /proc each undo a layer of isolation. ${standard}, baseline.`,
    remedy: "Remove the setting: the runtime's default confines the container.",
  },
  function* (container) {
    const own = fields(container.fields.securityContext);
    const settings = [
      ["appArmorProfile", at(effective(container, "appArmorProfile"), "type") === "Unconfined"],
      ["procMount", own.procMount !== undefined && own.procMount !== null && own.procMount !== "Default"],
      ["seLinuxOptions", odd(effective(container, "seLinuxOptions"))],
    ] as const;
    for (const [key, wrong] of settings) {
      if (!wrong) continue;
      const inPod = own[key] === undefined || own[key] === null;
      const path = inPod ? [...container.pod.specPath, "securityContext", key] : contextPath(container, key);
      yield { message: `${key} weakens the container's confinement`, path, fix: [remove(path)] };
    }
  },
);

function odd(options: unknown): boolean {
  const { type, user, role } = fields(options);
  return !seLinuxTypes.includes(text(type) ?? "") || Boolean(text(user)) || Boolean(text(role));
}

const ineffectiveCapabilities = containerRule(
  {
    id: "pods/ineffective-capabilities",
    pods: "written",
    title: "Capabilities are added only where they have an effect",
    severity: "error",
    why: "Kubernetes has no ambient capabilities: those added to a container whose user is not 0 are in the bounding set only and the process does not get them. The program then fails at run time with a permission error. https://github.com/kubernetes/enhancements/issues/2763",
    remedy: "Run the container as user 0 with every other capability dropped, or remove the capability.",
  },
  function* (container) {
    const added = texts(at(container.fields, "securityContext", "capabilities", "add"));
    const user = effective(container, "runAsUser");
    const root = user === 0 || (user === undefined && effective(container, "runAsNonRoot") !== true);
    if (added.length === 0 || root) return;
    const path = contextPath(container, "capabilities", "add");
    yield {
      message: `${added.join(", ")} ${added.length === 1 ? "has" : "have"} no effect: the container does not run as user 0`,
      path,
      fix: [remove(path)],
    };
  },
);

const readOnlyRoot = containerRule(
  {
    id: "pods/read-only-root",
    pods: "written",
    title: "Containers cannot write to their own image",
    severity: "warning",
    why: "A writable root lets an intruder add programs, and lets a program fill the node's disk outside any volume's limit.",
    remedy: "Set `readOnlyRootFilesystem: true` and mount an emptyDir wherever the program writes.",
  },
  function* (container) {
    if (at(container.fields, "securityContext", "readOnlyRootFilesystem") === true || windows(container.pod)) return;
    const path = contextPath(container, "readOnlyRootFilesystem");
    yield { message: "the container's root is writable", path, fix: [set(path, true)] };
  },
);

const hostProbes = containerRule(
  {
    id: "pods/host-probes",
    pods: "written",
    title: "Probes and hooks call their own container",
    severity: "error",
    why: `A probe with a host makes the kubelet send requests to any address from the node. ${standard}, baseline from v1.34.`,
    remedy: "Remove `host`: the pod's own address is the default.",
  },
  function* (container) {
    const places = [
      ["livenessProbe"],
      ["readinessProbe"],
      ["startupProbe"],
      ["lifecycle", "postStart"],
      ["lifecycle", "preStop"],
    ];
    for (const place of places) {
      for (const handler of ["httpGet", "tcpSocket"]) {
        const host = at(container.fields, ...place, handler, "host");
        if (typeof host !== "string" || host === "") continue;
        const path = [...container.path, ...place, handler, "host"];
        yield { message: `${place.join(".")} calls the host ${host}`, path, fix: [remove(path)] };
      }
    }
  },
);

/** The restricted Pod Security Standard, rule by rule, and what it leaves out. */
export const securityContextRules: readonly Rule[] = [
  privileged,
  ...hostNamespaces,
  hostPath,
  hostPorts,
  addedCapabilities,
  droppedCapabilities,
  ineffectiveCapabilities,
  runAsNonRoot,
  runAsRootUser,
  seccomp,
  privilegeEscalation,
  volumeTypes,
  sysctls,
  confinement,
  hostProbes,
  readOnlyRoot,
];
