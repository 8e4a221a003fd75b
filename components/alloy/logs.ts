import { type Block, block, call, component, concat, ref } from "../../lib/alloy/index.ts";
import { type Endpoint, url } from "../../lib/kubernetes/index.ts";

/** How pod logs are read: from the Kubernetes API, or from the files of the node's container runtime. */
export const logSources = ["api", "files"] as const;
export type LogSource = (typeof logSources)[number];

/** Variable that carries the node's name. */
export const nodeVariable = "NODE_NAME";

/** The node's container logs: `<namespace>_<pod>_<uid>/<container>/<restart>.log`. */
export const podLogFolder = "/var/log/pods";

/** Labels of every log line, whichever source it comes from. `cluster` is added when lines are sent. */
export const logLabels = ["namespace", "pod", "container", "node", "app", "job"] as const;

/** Labels that one source adds beyond {@link logLabels}. They are dropped, so that both sources produce the same streams. */
const sourceLabels = ["filename", "flags", "instance", "stream"];

const meta = (name: string) => `__meta_kubernetes_${name}`;

const rule = (target: string, sources: readonly string[], more: Readonly<Record<string, string>> = {}): Block =>
  block("rule", { source_labels: [...sources], target_label: target, ...more });

/** Pods of a Deployment belong to a ReplicaSet, whose name ends in a hash that changes with every rollout. */
const controller = "__tmp_controller";
const withoutHash = { regex: "([0-9a-z.-]+?)(-[0-9a-f]{8,10})?" };

/** The first of several labels that is not empty. */
const firstOf = { regex: "^;*([^;]+)(;.*)?$", separator: ";" };

const labelRules: readonly Block[] = [
  rule("namespace", [meta("namespace")]),
  rule("pod", [meta("pod_name")]),
  rule("container", [meta("pod_container_name")]),
  rule("node", [meta("pod_node_name")]),
  rule(controller, [meta("pod_controller_name")], withoutHash),
  rule("app", [meta("pod_label_app_kubernetes_io_name"), meta("pod_label_app"), controller, meta("pod_name")], firstOf),
  rule("job", ["namespace", "app"], { separator: "/" }),
];

/**
 * Log files of a container. The directory of a static pod is named after the hash of its manifest, not after the UID of
 * its mirror pod.
 */
const pathRules: readonly Block[] = [
  rule("__path__", [meta("pod_uid"), meta("pod_container_name")], {
    separator: "/",
    replacement: `${podLogFolder}/*$1/*.log`,
  }),
  rule(
    "__path__",
    [
      meta("pod_annotationpresent_kubernetes_io_config_hash"),
      meta("pod_annotation_kubernetes_io_config_hash"),
      meta("pod_container_name"),
    ],
    { separator: "/", regex: "true/(.*)", replacement: `${podLogFolder}/*$1/*.log` },
  ),
];

/** Sends the logs of this node's pods to Loki. */
export function podLogs(source: LogSource, push: Endpoint, cluster: string): Block[] {
  return [
    component("discovery.kubernetes", "pods", { role: "pod" }, [
      // Filtered by the API server, which would be overloaded if every agent watched all pods of the cluster.
      block("selectors", { role: "pod", field: concat("spec.nodeName=", call("sys.env", nodeVariable)) }),
    ]),
    component("discovery.relabel", "pods", { targets: ref("discovery.kubernetes.pods.targets") }, [
      ...labelRules,
      ...(source === "files" ? pathRules : []),
    ]),
    ...(source === "files" ? fromFiles() : fromApi()),
    component("loki.process", "pods", { forward_to: [ref("loki.write.loki.receiver")] }, [
      ...(source === "files" ? [block("stage.cri", {})] : []),
      block("stage.label_drop", { values: sourceLabels }),
    ]),
    component("loki.write", "loki", { external_labels: { cluster } }, [lokiEndpoint(push)]),
  ];
}

function fromApi(): Block[] {
  return [
    component("loki.source.kubernetes", "pods", {
      targets: ref("discovery.relabel.pods.output"),
      forward_to: [ref("loki.process.pods.receiver")],
    }),
  ];
}

function fromFiles(): Block[] {
  return [
    component("local.file_match", "pods", { path_targets: ref("discovery.relabel.pods.output") }),
    component("loki.source.file", "pods", {
      targets: ref("local.file_match.pods.targets"),
      forward_to: [ref("loki.process.pods.receiver")],
    }),
  ];
}

function lokiEndpoint(push: Endpoint): Block {
  const { "X-Scope-OrgID": tenant, ...headers } = push.headers ?? {};
  return block("endpoint", {
    url: url(push),
    ...(tenant !== undefined && { tenant_id: tenant }),
    ...(Object.keys(headers).length > 0 && { headers }),
  });
}
