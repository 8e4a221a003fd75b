import { type Block, block, call, component, concat, ref } from "../../lib/alloy/index.ts";
import { type Endpoint, endpointUrl, type TenantNamespaces } from "../../lib/kubernetes/index.ts";

/** How pod logs are read: from the Kubernetes API, or from the files of the node's container runtime. */
export const logSources = ["api", "files"] as const;
export type LogSource = (typeof logSources)[number];

/** Variable that carries the node's name. */
const nodeVariable = "K8S_NODE_NAME";

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

/** What happens to log lines on their way to Loki. */
export interface LogOptions {
  /**
   * Regular expression (RE2) of the first line of an entry: lines that do not match are joined to the entry before, such as
   * those of a stack trace.
   * @default none: each line is an entry
   * @example "^\\d{4}-\\d{2}-\\d{2}"
   */
  readonly multilineFirstLine?: string;
  /**
   * Secrets to remove: the capture groups of each expression (RE2) are replaced by `***`.
   * @default none
   * @example ["(?i)authorization: bearer (\\S+)"]
   */
  readonly redact?: readonly string[];
  /** Store the severity named in a line as structured metadata `level`. @default false */
  readonly severity?: boolean;
  /**
   * Stages of `loki.process` in Alloy syntax, after those of the other options and of tenants: the last change of pod logs
   * before they are sent. Secrets are variables of the container, `sys.env("NAME")`.
   * @default none
   * @example "stage.drop { expression = \"GET /healthz\" }"
   */
  readonly stages?: string;
  /** Read the node's systemd journal. Needs a namespace of Pod Security level `privileged`. @default false */
  readonly journal?: boolean;
}

/** Annotation of a pod whose logs are not read: `"false"`. */
const logsAnnotation = "skopos_dev_logs";
/** The node's persistent journal. */
export const journalFolder = "/var/log/journal";

const severityExpression = "(?i)\\b(?P<level>trace|debug|info|warn(?:ing)?|error|fatal|critical)\\b";

/** Stages between parsing and sending. Lines are joined before secrets are sought: a secret may span two of them. */
function stages({ multilineFirstLine, redact = [], severity = false }: LogOptions): Block[] {
  return [
    ...(multilineFirstLine
      ? [block("stage.multiline", { firstline: multilineFirstLine, max_wait_time: "3s", max_lines: 128 })]
      : []),
    ...redact.map((expression) => block("stage.replace", { expression, replace: "***" })),
    ...(severity
      ? [
          block("stage.regex", { expression: severityExpression }),
          block("stage.structured_metadata", { values: { level: "" } }),
        ]
      : []),
  ];
}

function journal(): Block[] {
  return [
    component("loki.source.journal", "node", {
      path: journalFolder,
      labels: { job: "journal", node: call("sys.env", nodeVariable) },
      forward_to: [ref("loki.write.loki.receiver")],
    }),
  ];
}

export interface PodLogsProps {
  readonly logSource: LogSource;
  /** Loki's push API. */
  readonly push: Endpoint;
  readonly cluster: string;
  readonly logOptions?: LogOptions;
  /** Namespaces whose logs belong to another tenant. */
  readonly tenantNamespaces: TenantNamespaces;
}

/** Lines of other tenants' namespaces get their tenant; the rest has that of the endpoint. */
function tenantStages(tenants: TenantNamespaces): Block[] {
  return Object.entries(tenants).map(([tenant, namespaces]) =>
    block("stage.match", { selector: `{namespace=~"${namespaces.join("|")}"}` }, [
      block("stage.tenant", { value: tenant }),
    ]),
  );
}

/** Sends the logs of this node's pods to Loki. */
export function podLogs(props: PodLogsProps): Block[] {
  const { logSource: source, push, cluster, logOptions: options = {} } = props;
  return [
    component("discovery.kubernetes", "pods", { role: "pod" }, [
      // Filtered by the API server, which would be overloaded if every agent watched all pods of the cluster.
      block("selectors", { role: "pod", field: concat("spec.nodeName=", call("sys.env", nodeVariable)) }),
    ]),
    component("discovery.relabel", "pods", { targets: ref("discovery.kubernetes.pods.targets") }, [
      block("rule", { source_labels: [meta(`pod_annotation_${logsAnnotation}`)], regex: "false", action: "drop" }),
      ...labelRules,
      ...(source === "files" ? pathRules : []),
    ]),
    ...(source === "files" ? fromFiles() : fromApi()),
    ...(options.journal ? journal() : []),
    component("loki.process", "pods", { forward_to: [ref("loki.write.loki.receiver")] }, [
      ...(source === "files" ? [block("stage.cri", {})] : []),
      ...stages(options),
      ...tenantStages(props.tenantNamespaces),
      block("stage.label_drop", { values: sourceLabels }),
      ...(options.stages ? [options.stages] : []),
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
    url: endpointUrl(push),
    ...(tenant !== undefined && { tenant_id: tenant }),
    // Never gives up: reading stops while Loki is unavailable and continues from the stored positions, as long as the files
    // exist. The default of 10 retries drops lines after 8.5 minutes.
    max_backoff_retries: 0,
    max_backoff_period: "1m",
    // Unlike exporters of OTLP, it does not read the environment by default.
    ...(push.pods === undefined && { proxy_from_environment: true }),
    ...(Object.keys(headers).length > 0 && { headers }),
  });
}
