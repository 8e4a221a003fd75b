import { containerRule, podRule } from "../../engine/kinds-of-rules.ts";
import { type Rule, remove, set } from "../../engine/rule.ts";
import { at, fields, items, text } from "../../engine/values.ts";
import { contextPath, standard } from "./security-context.ts";

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

/** Rules about what a pod may reach of its node. */
export const hostAccessRules: readonly Rule[] = [
  privileged,
  ...hostNamespaces,
  hostPath,
  hostPorts,
  volumeTypes,
  sysctls,
  hostProbes,
];
