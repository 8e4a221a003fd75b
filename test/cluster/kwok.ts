import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Api } from "./api.ts";
import type { Daemon, Place } from "./daemon.ts";

/** Marks the nodes that kwok keeps alive. */
const annotation = { "kwok.x-k8s.io/node": "fake" };

/** What every simulated node has: a general-purpose machine with 16 cores and 64 GiB. */
export interface SimulatedNode {
  readonly name: string;
  readonly address: string;
  readonly zone: string;
  /** @default "16" */
  readonly cpu?: string;
  /** @default "64Gi" */
  readonly memory?: string;
}

/** Nodes named sim-0000 and on, dealt out to the zones in turn. */
export const simulatedNodes = (count: number, zones: readonly string[]): SimulatedNode[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `sim-${String(i).padStart(4, "0")}`,
    // Nobody answers there; they differ, so that host-network pods of two nodes do.
    address: `10.201.${i >> 8}.${i & 0xff}`,
    zone: zones[i % zones.length] ?? "zone-a",
  }));

/** Registers a node that has no kubelet. A large `concurrency` is what makes hundreds of them quick. */
export async function addSimulatedNodes(api: Api, nodes: readonly SimulatedNode[], concurrency = 32): Promise<void> {
  const waiting = [...nodes];
  const worker = async () => {
    for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) await api.create(nodeObject(node));
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

const nodeObject = ({ name, address, zone, cpu = "16", memory = "64Gi" }: SimulatedNode) => {
  const resources = { cpu, memory, pods: "110", "ephemeral-storage": "100Gi" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      annotations: annotation,
      labels: {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/zone": zone,
      },
    },
    status: {
      allocatable: resources,
      capacity: resources,
      addresses: [
        { type: "InternalIP", address },
        { type: "Hostname", address: name },
      ],
    },
  };
};

const stage = (name: string, kind: string, matchExpressions: object[], next: object) => ({
  apiVersion: "kwok.x-k8s.io/v1alpha1",
  kind: "Stage",
  metadata: { name },
  spec: { resourceRef: { apiGroup: "v1", kind }, selector: { matchExpressions }, next },
});

const ready = '.status.conditions.[] | select( .type == "Ready" ) | .status';
const now = "{{ Now | Quote }}";

/** What happens to simulated objects, in kwok's language of stages: nodes and pods become Ready, Jobs end, pods go when deleted. */
const stages = [
  stage("node-ready", "Node", [{ key: ready, operator: "NotIn", values: ["True"] }], {
    statusTemplate: `
conditions:
{{ range NodeConditions }}
- {type: {{ .type | Quote }}, status: {{ .status | Quote }}, reason: {{ .reason | Quote }}, message: {{ .message | Quote }}, lastHeartbeatTime: ${now}, lastTransitionTime: ${now}}
{{ end }}
phase: Running
`,
  }),
  stage(
    "pod-ready",
    "Pod",
    [
      { key: ".metadata.deletionTimestamp", operator: "DoesNotExist" },
      { key: ".status.phase", operator: "In", values: ["Pending"] },
      { key: ready, operator: "NotIn", values: ["True"] },
    ],
    {
      statusTemplate: `
conditions:
- {type: Initialized, status: "True", lastTransitionTime: ${now}}
- {type: ContainersReady, status: "True", lastTransitionTime: ${now}}
- {type: Ready, status: "True", lastTransitionTime: ${now}}
containerStatuses:
{{ range .spec.containers }}
- {name: {{ .name | Quote }}, image: {{ .image | Quote }}, ready: true, restartCount: 0, state: {running: {startedAt: ${now}}}}
{{ end }}
{{ with NodeIPsWith .spec.nodeName }}
hostIP: {{ index . 0 | Quote }}
hostIPs: [{ip: {{ index . 0 | Quote }}}]
{{ end }}
{{ with PodIPsWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) }}
podIP: {{ index . 0 | Quote }}
podIPs: [{ip: {{ index . 0 | Quote }}}]
{{ end }}
phase: Running
startTime: ${now}
`,
    },
  ),
  stage(
    "job-pod-complete",
    "Pod",
    [
      { key: ".metadata.deletionTimestamp", operator: "DoesNotExist" },
      { key: ".status.phase", operator: "In", values: ["Running"] },
      { key: ".metadata.ownerReferences.[].kind", operator: "In", values: ["Job"] },
    ],
    {
      statusTemplate: `
containerStatuses:
{{ range .spec.containers }}
- {name: {{ .name | Quote }}, image: {{ .image | Quote }}, ready: false, restartCount: 0, state: {terminated: {exitCode: 0, reason: Completed, startedAt: ${now}, finishedAt: ${now}}}}
{{ end }}
phase: Succeeded
`,
    },
  ),
  stage("pod-delete", "Pod", [{ key: ".metadata.deletionTimestamp", operator: "Exists" }], { delete: true }),
];

export interface KwokOptions {
  readonly binary: string;
  readonly kubeconfig: string;
  readonly directory: string;
}

/** kwok: keeps the simulated nodes Ready, and their pods running as far as the API can see. */
export function startKwok(place: Place, { binary, kubeconfig, directory }: KwokOptions): Daemon {
  const config = join(directory, "kwok.yaml");
  writeFileSync(config, stages.map((document) => JSON.stringify(document)).join("\n---\n"));
  return place.start("kwok", binary, [
    `--kubeconfig=${kubeconfig}`,
    `--config=${config}`,
    "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
    // As long as the controller's patience: thousands of leases are not renewed in less on a small machine.
    "--node-lease-duration-seconds=600",
    // Addresses of simulated pods: outside what real nodes hand out.
    "--cidr=10.200.0.0/16",
  ]);
}
