/** One thing that is wrong with a stack's configuration, with what to do about it. */
export interface Problem {
  /** Stable code, `SKP1203`: `skopos explain SKP1203` says more. */
  readonly code: ProblemCode;
  /** Where: `skopos:workload.activeSeries`. */
  readonly path: string;
  /** What is wrong, with the value found. */
  readonly message: string;
  /** Text to paste that fixes it. */
  readonly fix: string;
}

/** What each code means, and why it is refused: the text of `skopos explain`. */
export const problemCatalogue = {
  SKP1001: {
    title: "Unknown key",
    why: "An unknown key is a setting that silently has no effect, most often a typo.",
  },
  SKP1002: {
    title: "Not a quantity",
    why: "Sizes, counts and durations carry their unit (10GiB, 300k, 15d), so that they cannot be misread.",
  },
  SKP1003: {
    title: "A required value is missing",
    why: "The stack cannot be derived without this value.",
  },
  SKP1004: {
    title: "Not one of the allowed values",
    why: "Profiles, platforms and modes are fixed names.",
  },
  SKP1005: {
    title: "The file cannot be read as YAML",
    why: "Pulumi and Skopos read the same file, and neither can parse it.",
  },
  SKP1006: {
    title: "No such stack",
    why: "A stack is a file Pulumi.<name>.yaml in the project's stack folder.",
  },
  SKP1007: {
    title: "A key that was replaced",
    why: "The key is from an earlier version; its setting now belongs to another key.",
  },
  SKP1008: {
    title: "A key outside skopos:",
    why: "Only keys that start with skopos: configure the stack; this one would silently have no effect.",
  },
  SKP1009: {
    title: "No configuration",
    why: "A stack's configuration is the mapping under config: in its file.",
  },
  SKP1010: {
    title: "A secret in plain text",
    why: "Stack files are committed: secrets are referenced by {secret, key}, or set with `pulumi config set --secret`.",
  },
  SKP1011: {
    title: "A number out of range",
    why: "Outside this range the setting has no useful effect, or the program does not start.",
  },
  SKP1012: {
    title: "A text in the wrong format",
    why: "The value becomes part of a URL, a name or a configuration file, where anything else is invalid or means something different.",
  },
  SKP1013: {
    title: "A setting without effect",
    why: "Nothing reads it because of another setting, so that it would silently do nothing.",
  },
  SKP1020: {
    title: "A stack folder that is not a folder's name",
    why: "Pulumi and Skopos read the stack files in the folder that stackConfigDir of Pulumi.yaml names.",
  },
  SKP1021: {
    title: "An image lock that cannot be read",
    why: "Without it images would be pulled by their tags, which can be moved.",
  },
  SKP1014: {
    title: "A value of the wrong type",
    why: "A text, a number, a list and a mapping of keys are not converted into each other: a guess could mean something else.",
  },
  SKP1015: {
    title: "Too few or too many items",
    why: "An empty list or mapping would select nothing, and the setting would have no effect.",
  },
  SKP1016: {
    title: "A repeated item",
    why: "Each item of the list has its own effect; a second one like it is a mistake, most often for another value.",
  },
  SKP1201: {
    title: "Kubernetes version outside the supported range",
    why: "Objects are written for, and tested against, a range of API versions; outside it fields are missing or removed.",
  },
  SKP1202: {
    title: "Network policies need the nodes' and the API server's CIDRs",
    why: "Host-network pods, the kubelet and the API server cannot be selected by label. Without their addresses, the policies would block the agents.",
  },
  SKP1203: {
    title: "Tail sampling on several gateways without trace-id routing",
    why: "A gateway only sees the spans it receives. Unless all spans of a trace reach the same gateway, traces are incomplete.",
  },
  SKP1204: {
    title: "Agents on some nodes behind a node-local Service",
    why: "A node-local Service only has endpoints on nodes with an agent: the telemetry of all other nodes would be dropped silently.",
  },
  SKP1205: {
    title: "Workload far outside its scale profile",
    why: "A scale profile names a workload. With an override beyond the next profile, everything else derived from the profile is wrong.",
  },
  SKP1206: {
    title: "Ephemeral retention at this scale",
    why: "At this size, a retention of hours is nearly always a mistake: nobody could look at yesterday's data.",
  },
  SKP1207: {
    title: "Missing secret reference",
    why: "Secrets are referenced by name and key, never written down; without the reference, the pods cannot authenticate.",
  },
  SKP1208: {
    title: "No target cluster",
    why: "Without a context or a kubeconfig, `pulumi up` would deploy to whatever cluster is current.",
  },
  SKP1209: {
    title: "Host-level agents on serverless nodes",
    why: "GKE Autopilot and EKS Fargate run neither DaemonSets with host access nor BPF.",
  },
  SKP1210: {
    title: "A component whose dependency is off",
    why: "The component sends its data to another one, which is off and not externally managed.",
  },
  SKP1211: {
    title: "Object storage on a disk",
    why: "The filesystem backend holds all data on one pod's disk: it cannot be shared by replicas and is lost with the disk.",
  },
  SKP1213: {
    title: "Not supported by the OpenTelemetry operator",
    why: "The OpenTelemetry operator creates the agent's Service itself, and always node-local.",
  },
  SKP1214: {
    title: "More than this backend can carry",
    why: "The program has a measured limit; beyond it, data is rejected or the process runs out of memory.",
  },
  SKP1215: {
    title: "Several Grafana replicas without a shared database",
    why: "Each replica would have its own users, sessions and folders.",
  },
  SKP1216: {
    title: "Remote read from several shards",
    why: "Each shard adds its own label to what it reads, so every old series would be returned once per shard, and counted as often.",
  },
  SKP1217: {
    title: "No source of host metrics",
    why: "With node-exporter and Alloy both off, nothing collects host metrics, and the node alerts never fire.",
  },
  SKP1219: {
    title: "A receiver name that is already taken",
    why: "Alertmanager routes alerts by receiver name, and the stack uses some names itself.",
  },
  SKP1220: {
    title: "A namespace of the cluster itself",
    why: "The stack sets the Pod Security level of its namespaces and denies undeclared traffic in them: cluster DNS and other system pods would stop working.",
  },
  SKP1221: {
    title: "Retention below what the store can apply",
    why: "Prometheus holds 2 hours and Mimir's ingesters 13 hours anyway, Loki deletes whole index tables of 24 hours, and traces kept for less than an hour expire before anyone can look at them.",
  },
  SKP1222: {
    title: "Aggregates that expire before their source series",
    why: "Aggregates exist to outlive the series they are computed from; a shorter retention stores them for nothing.",
  },
  SKP1223: {
    title: "A bucket lifecycle rule that deletes live data",
    why: "Mimir and Loki delete expired objects themselves, after a delay. A lifecycle rule that is faster removes objects their indexes still refer to, and queries fail.",
  },
  SKP1225: {
    title: "Fewer replicas than copies",
    why: "With a replication factor of three, fewer than three ring members cannot hold every copy: writes or reads fail.",
  },
  SKP1226: {
    title: "Fewer than three zones for three copies",
    why: "Zone-aware replication places one copy per zone. With one or two zones, two copies share a zone and are lost together.",
  },
  SKP1227: {
    title: "Replicas that three zones cannot share evenly",
    why: "Each zone holds a full copy of the data; a zone with fewer replicas would be overloaded.",
  },
  SKP1229: {
    title: "A tenant reserved for aggregates",
    why: "Retention is applied per tenant: series written to the aggregates' tenant would be kept as long as the aggregates.",
  },
  SKP1230: {
    title: "A tenant limit below the workload",
    why: "Samples above the limit are rejected, so part of the declared workload would be lost.",
  },
  SKP1231: {
    title: "A disk smaller than the data it must hold",
    why: "With the filesystem backend all data of the retention period is on this disk; a full disk stops ingestion.",
  },
  SKP1233: {
    title: "A backend without the service it writes to",
    why: "Scalable Tempo passes every span through Kafka, and Jaeger's search storage needs an Elasticsearch or OpenSearch address.",
  },
  SKP1241: {
    title: "Prometheus shards without a long-term store",
    why: "Each shard only has the series of its own targets; without remote write to a store such as Mimir, no query and no rule sees all of them.",
  },
  SKP1242: {
    title: "Remote write into one of several Prometheus pods",
    why: "The Service passes each request to one pod: every sample would be missing from all others.",
  },
  SKP1244: {
    title: "A control plane component that the platform does not expose",
    why: "The monitor would find no target, and alerts about the component would never fire or always fire.",
  },
  SKP1247: {
    title: "A route, inhibition or time that Alertmanager rejects",
    why: "Alertmanager does not start with such a configuration, and one that is running keeps the one before: nobody would be notified as it says.",
  },
  SKP1248: {
    title: "A route without a host name",
    why: "An Ingress or HTTPRoute without a host name would match the requests of every other application behind it.",
  },
  SKP1255: {
    title: "A ServiceAccount in another namespace",
    why: "Pods can only use ServiceAccounts of their own namespace.",
  },
  SKP1260: {
    title: "A cluster without IPv4",
    why: "Mimir and Loki announce the first IPv4 address of a pod to the members of their rings, and the kubelet's address and Grafana's peers are written as IPv4 ones: in pods without one the stack does not work.",
  },
  SKP1261: {
    title: "Grafana without an administrator's password",
    why: "Grafana's pods would wait for a Secret that nobody creates, after everything else is deployed.",
  },
  SKP1262: {
    title: "An archive without an object store",
    why: "The archive is a bucket that blocks are copied to; on a pod's volume there is nothing to copy from or to.",
  },
  SKP1263: {
    title: "An archive in a bucket that is in use",
    why: "The object lock of the archive would keep the program from deleting what has expired, and the copies would lie among the originals, to be deleted with them.",
  },
  SKP1271: {
    title: "A route that its load balancer cannot serve",
    why: "An Application Load Balancer reads certificates from AWS Certificate Manager, not from Secrets, and reaches Grafana at its pods: the Service has no node port. GKE's Ingress expects that health checks are answered with 200, and no Gateway serves HTTP and gRPC at the same host. Routes are for HTTPS: over plain HTTP, tokens and passwords could be read.",
  },
  SKP1272: {
    title: "Two routes of one host",
    why: "Each route takes all paths of its host, so that the controller rejects one of them or sends its requests to the other.",
  },
  SKP1280: {
    title: "A setting that the flow agent rejects",
    why: "The agent would print the same message and not start.",
  },
  SKP1301: {
    title: "Options of a workload that does not exist",
    why: "Which workloads a component has depends on its mode; options of any other would silently have no effect.",
  },
  SKP1302: {
    title: "Amounts of a component that has several workloads",
    why: "Replicas, resources and disks belong to one workload: the same figure cannot suit all of them.",
  },
  SKP1303: {
    title: "A label, annotation or variable that the component sets itself",
    why: "Selectors, network policies, dashboards and rollouts rely on it.",
  },
  SKP1304: {
    title: "Not an amount of CPU, memory or disk",
    why: "Amounts are written as in Kubernetes: 500m or 2 of CPU, 2Gi of memory or disk.",
  },
  SKP1305: {
    title: "More pods than the program can run",
    why: "Several pods would overwrite each other's data, or do the same work twice; agents run once on every node.",
  },
  SKP1306: {
    title: "A disk for a workload without one",
    why: "The workload keeps nothing on a volume: the setting would silently have no effect.",
  },
  SKP1307: {
    title: "A limit below the request",
    why: "Kubernetes rejects a pod whose limit is smaller than its request.",
  },
  SKP1308: {
    title: "Less memory than an idle process takes",
    why: "Garbage collection and load shedding are derived from the memory limit; with less than an idle process takes, the process only collects garbage, or is killed at start.",
  },
  SKP1309: {
    title: "A variable that the container already has",
    why: "Kubernetes would use one of the two values, and ignore the other without a message.",
  },
  SKP1310: {
    title: "A patch that matches no object",
    why: "It would silently have no effect, most often after an object was renamed or a component turned off.",
  },
  SKP1311: {
    title: "A patch that cannot be applied",
    why: "A place that a JSON patch names does not exist, or a value that it tests is another one.",
  },
  SKP1312: {
    title: "A patch that makes another object",
    why: "Kind, name and namespace are how everything else refers to the object.",
  },
  SKP1313: {
    title: "A change of an alert that does not exist",
    why: "It would silently have no effect, most often after an alert was renamed or a component turned off.",
  },
  SKP1314: {
    title: "A threshold of an alert that has none",
    why: "Only the expression of an alert that compares one value with one number has a number to replace.",
  },
  SKP1315: {
    title: "One change of alerts that differ in severity",
    why: "The alert exists once for each severity, with another threshold: with the same threshold or severity, two alerts would fire at once.",
  },
  SKP1316: {
    title: "A name or namespace that two tenants share",
    why: "Every series and every log line is stored in one tenant.",
  },
  SKP1317: {
    title: "Tenants that the rules of teams cannot read",
    why: "From 10 million series on, Mimir's ruler evaluates PrometheusRules over the tenant of the stack: alerts about namespaces of other tenants would never fire.",
  },
  SKP1318: {
    title: "A route without authentication",
    why: "Prometheus and Alertmanager ask nobody who they are: whoever reaches the host could read every metric, and silence every alert.",
  },
  SKP1319: {
    title: "A change of an alert that changes nothing",
    why: "It would silently have no effect: it sets nothing, or a change by name and severity replaces it.",
  },
  SKP1320: {
    title: "An additional manifest that Kubernetes rejects",
    why: "It does not match the published schema of its kind: the API server would reject it after other objects were created.",
  },
  SKP1321: {
    title: "An addition that exists already",
    why: "One of the two would overwrite the other, or be rejected.",
  },
  SKP1322: {
    title: "An addition to a collector that it rejects or ignores",
    why: "The collector does not start with an unknown component or variable, ignores components in no pipeline, and reaches no address that network policies do not admit.",
  },
  SKP1323: {
    title: "A receiver where traces or series are routed to one gateway",
    why: "Agents send all spans of a trace and all values of a series to the same gateway. What gateways receive themselves arrives at any of them: traces would be sampled in parts, and series counted several times.",
  },
  SKP1324: {
    title: "A route to several shards of Prometheus",
    why: "Each shard has the series of its own targets only: a route would show those of one shard, and with the next connection those of another.",
  },
} as const satisfies Record<string, { title: string; why: string }>;

export type ProblemCode = keyof typeof problemCatalogue;

/** A configuration that cannot be used: every problem of it at once. */
export class ConfigurationError extends Error {
  readonly problems: readonly Problem[];
  /** By this mark, Pulumi prints the message of an error without a stack trace. @see https://www.pulumi.com/docs/reference/pkg/nodejs/pulumi/pulumi/classes/RunError.html */
  readonly __pulumiRunError = true;

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join("\n\n"));
    this.name = "ConfigurationError";
    this.problems = problems;
  }
}

/** A problem as people read it: code and place, what, why, and what to paste. */
function formatProblem({ code, path, message, fix }: Problem): string {
  const indented = fix
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
  return `${code} ${path}: ${message}\n  because ${lowerFirst(problemCatalogue[code].why)}\n  fix:\n${indented}`;
}

/** Names at the start of a sentence, which keep their capital within one. */
const names = /^(?:[A-Z]{2}|Alertmanager|Grafana|Kubernetes|Loki|Mimir|Prometheus|Pulumi|Skopos|Tempo)/;

/** A sentence that continues another one; names and acronyms such as GKE stay as they are. */
const lowerFirst = (text: string): string => (names.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1));
