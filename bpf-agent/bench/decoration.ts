/**
 * Decoration: time per span, and memory and traffic of the copy of a cluster. Objects are synthetic, of the size that a kubelet's pods
 * have, and go through the same JSON and tables as those of an API server.
 */
import { addressBytes } from "../src/filter.ts";
import { Cluster } from "../src/kubernetes/cluster.ts";
import { Decorator } from "../src/kubernetes/decorator.ts";
import { ENDS_BYTES } from "../src/kubernetes/flow-ends.ts";
import type { Pod } from "../src/kubernetes/objects.ts";
import { median, report } from "./report.ts";

const PODS_PER_NODE = 30;
const SPAN_BYTES = 1_100;
/** A pod's life in a watch: created, scheduled, started, addressed, ready; then terminating, not ready, gone. */
const EVENTS_PER_LIFE = 8;
/** Pods that are replaced, of all, per hour. */
const CHURN = 0.1;

const addressOf = (n: number) => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
const uidOf = (kind: string, n: number) =>
  `${Buffer.from(kind.padEnd(4).slice(0, 4)).toString("hex")}-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** A pod of a Deployment as the API server sends it, with two containers, probes, volumes and managed fields. */
function podText(n: number, nodes: number): string {
  const container = (name: string) => ({
    name,
    image: `registry.example/shop/${name}@sha256:${"a".repeat(64)}`,
    ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }],
    env: Array.from({ length: 8 }, (_, i) => ({ name: `SETTING_${i}`, value: `value-${i}` })),
    resources: { limits: { cpu: "1", memory: "512Mi" }, requests: { cpu: "100m", memory: "256Mi" } },
    volumeMounts: [{ name: "config", mountPath: "/etc/config", readOnly: true }],
    livenessProbe: { httpGet: { path: "/livez", port: "http" }, periodSeconds: 10, failureThreshold: 3 },
    readinessProbe: { httpGet: { path: "/readyz", port: "http" }, periodSeconds: 10, failureThreshold: 3 },
    terminationMessagePath: "/dev/termination-log",
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true },
  });
  const state = (name: string) => ({
    name,
    ready: true,
    restartCount: 0,
    image: `registry.example/shop/${name}`,
    imageID: `registry.example/shop/${name}@sha256:${"a".repeat(64)}`,
    containerID: `containerd://${String(n).padStart(64, "0")}`,
    state: { running: { startedAt: "2026-01-01T00:00:05Z" } },
  });
  const workload = Math.floor(n / 6);
  const address = addressOf(n + 1);
  const fields = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`f:field-${i}`, {}]));
  return JSON.stringify({
    kind: "Pod",
    apiVersion: "v1",
    metadata: {
      name: `workload-${workload}-5d4f8c7b9-x${n}`,
      namespace: `team-${workload % 40}`,
      uid: uidOf("pod", n),
      resourceVersion: String(1_000_000 + n),
      creationTimestamp: "2026-01-01T00:00:00Z",
      labels: { "app.kubernetes.io/name": `workload-${workload}`, "pod-template-hash": "5d4f8c7b9" },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          name: `workload-${workload}-5d4f8c7b9`,
          uid: uidOf("rs", workload),
          controller: true,
        },
      ],
      managedFields: [
        { manager: "kube-controller-manager", operation: "Update", fieldsV1: { "f:metadata": fields } },
        { manager: "kubelet", operation: "Update", fieldsV1: { "f:status": fields } },
      ],
    },
    spec: { nodeName: `node-${n % nodes}.example.internal`, containers: [container("main"), container("sidecar")] },
    status: {
      phase: "Running",
      startTime: "2026-01-01T00:00:01Z",
      podIP: address,
      podIPs: [{ ip: address }],
      containerStatuses: [state("main"), state("sidecar")],
      conditions: ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map((type) => ({
        type,
        status: "True",
        lastTransitionTime: "2026-01-01T00:00:03Z",
      })),
    },
  });
}

function fill(nodes: number): { cluster: Cluster; pods: number; pageBytes: number } {
  const cluster = new Cluster({ node: "node-0.example.internal", cluster: "bench", cgroups: undefined });
  const pods = nodes * PODS_PER_NODE;
  let bytes = 0;
  for (let n = 0; n < nodes; n++)
    cluster.nodes.upsert({
      metadata: { name: `node-${n}.example.internal`, uid: uidOf("node", n) },
      status: { addresses: [{ type: "InternalIP", address: `172.16.${n >> 8}.${n & 255}` }] },
    });
  for (let n = 0; n < pods; n++) {
    const text = podText(n, nodes);
    bytes += text.length;
    cluster.pods.upsert(JSON.parse(text) as Pod);
    if (n % 6) continue;
    const workload = n / 6;
    cluster.replicaSets.upsert({
      metadata: {
        name: `workload-${workload}-5d4f8c7b9`,
        uid: uidOf("rs", workload),
        ownerReferences: [
          { kind: "Deployment", name: `workload-${workload}`, uid: uidOf("dep", workload), controller: true },
        ],
      },
    });
  }
  return { cluster, pods, pageBytes: bytes };
}

/** Bytes in use after garbage collection. */
function used(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function input(n: number, pods: number): Uint8Array {
  const bytes = new Uint8Array(ENDS_BYTES + 3 + SPAN_BYTES);
  const data = new DataView(bytes.buffer);
  data.setFloat64(0, Date.now(), true);
  bytes.set(addressBytes(addressOf(((n * 7_919) % pods) + 1)), 8);
  bytes.set(addressBytes(addressOf(((n * 104_729) % pods) + 1)), 24);
  bytes.copyWithin(40, 24, 40);
  data.setUint16(74, 8080, true);
  data.setUint8(78, 6);
  bytes.set([0x12, (SPAN_BYTES & 127) | 128, SPAN_BYTES >> 7], ENDS_BYTES);
  return bytes;
}

/** Processor time to decorate a span between pods of a cluster, from the bytes that a poller wrote to those that the exporter takes. */
function decorationNs({ cluster, pods }: { cluster: Cluster; pods: number }): number {
  const counts = { decorated: () => {}, undecorated: () => {}, end: () => {} };
  const decorator = new Decorator(cluster, counts);
  // A node's flows are with some hundred pods.
  const inputs = Array.from({ length: 512 }, (_, n) => input(n, pods));
  const rounds = Array.from({ length: 12 }, () => {
    const began = process.cpuUsage();
    for (let n = 0; n < 100_000; n++) decorator.decorate(inputs[n & 511]!);
    const { user, system } = process.cpuUsage(began);
    return ((user + system) / 100_000) * 1e3;
  });
  return median(rounds.slice(2));
}

export function decorationSuite(): void {
  const suite = "decoration";
  const none = { peer: null, peerName: null };
  for (const nodes of [300, 3_000]) {
    const before = used();
    const filled = fill(nodes);
    const memory = used() - before;
    const podBytes = filled.pageBytes / filled.pods;
    const events = (filled.pods * CHURN * EVENTS_PER_LIFE) / 3600;
    const of = `${filled.pods} pods`;
    report({ suite, case: `memory-${nodes}-nodes`, unit: "MB", ours: memory / 1e6, ...none, note: of });
    report({
      suite,
      case: `list-${nodes}-nodes`,
      unit: "MB",
      ours: filled.pageBytes / 1e6,
      ...none,
      note: `${Math.round(podBytes)} bytes per pod`,
    });
    report({
      suite,
      case: `events-${nodes}-nodes`,
      unit: "1/s",
      ours: events,
      ...none,
      note: `${Math.round(CHURN * 100)} % of pods replaced per hour, for each agent`,
    });
    report({
      suite,
      case: `api-egress-${nodes}-nodes`,
      unit: "MB/s",
      ours: (events * podBytes * nodes) / 1e6,
      ...none,
      note: "to all agents together",
    });
    report({ suite, case: `span-${nodes}-nodes`, unit: "ns", ours: decorationNs(filled), ...none });
  }
}
