import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { addressBytes } from "../filter.ts";
import { Cgroups } from "./cgroups.ts";
import { Cluster } from "./cluster.ts";
import { Decorator } from "./decorator.ts";
import { ENDS_BYTES } from "./flow-ends.ts";
import type { EndpointSlice, Node, Pod, Service } from "./objects.ts";
import type { Owner } from "./owners.ts";
import type { ApiObject } from "./reflector.ts";

const root = mkdtempSync(join(tmpdir(), "skopos-cgroups-"));
afterAll(() => rmSync(root, { recursive: true }));

const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z/, "Z");
const T = Date.parse("2026-01-01T00:00:00Z");
const uid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

const metadata = (name: string, id: string, owner?: Owner): ApiObject["metadata"] => ({
  name,
  namespace: "shop",
  uid: id,
  creationTimestamp: iso(T),
  ...(owner && { ownerReferences: [{ ...owner, controller: true }] }),
});

interface PodOptions {
  readonly ip?: string;
  readonly startMs?: number;
  readonly owner?: Owner;
  readonly hostNetwork?: boolean;
  readonly containers?: Pod["spec"]["containers"];
  readonly status?: Pod["status"];
  readonly node?: string;
}

const pod = (name: string, n: number, options: PodOptions = {}): Pod => ({
  metadata: metadata(name, uid(n), options.owner),
  spec: {
    nodeName: options.node ?? "node-1",
    hostNetwork: options.hostNetwork ?? false,
    containers: options.containers ?? [{ name: "main" }],
  },
  status: {
    phase: "Running",
    startTime: iso(options.startMs ?? T),
    ...(options.ip && { podIP: options.ip, podIPs: [{ ip: options.ip }] }),
    ...options.status,
  },
});

const node = (name: string, n: number, address: string): Node => ({
  metadata: { ...metadata(name, uid(n)) },
  status: { addresses: [{ type: "InternalIP", address }] },
});

const service = (name: string, n: number, spec: Service["spec"]): Service => ({
  metadata: metadata(name, uid(n)),
  spec,
});

const slice = (of: string, n: number, ports: EndpointSlice["ports"], endpoints: EndpointSlice["endpoints"]) => ({
  metadata: { ...metadata(`${of}-${n}`, uid(n)), labels: { "kubernetes.io/service-name": of } },
  ports,
  endpoints,
});

interface Flow {
  readonly from: string;
  readonly to: string;
  readonly port?: number;
  readonly target?: readonly [address: string, port: number];
  readonly atMs?: number;
  readonly cgroups?: readonly [source: number, destination: number];
}

/** A span with one field, `name`, and the ends of its flow before it. */
function input({ from, to, port = 80, target = [to, port], atMs = T + 60_000, cgroups = [0, 0] }: Flow): Uint8Array {
  const bytes = new Uint8Array(ENDS_BYTES + 6);
  const data = new DataView(bytes.buffer);
  data.setFloat64(0, atMs, true);
  bytes.set(addressBytes(from), 8);
  bytes.set(addressBytes(to), 24);
  bytes.set(addressBytes(target[0]), 40);
  data.setFloat64(56, cgroups[0], true);
  data.setFloat64(64, cgroups[1], true);
  data.setUint16(72, 40_000, true);
  data.setUint16(74, port, true);
  data.setUint16(76, target[1], true);
  data.setUint8(78, 6);
  bytes.set([0x12, 4, 0x2a, 2, 0x61, 0x62], ENDS_BYTES);
  return bytes;
}

/** Attributes of an encoded span whose values are texts. */
function attributesOf(span: Uint8Array): Record<string, string> {
  const attributes: Record<string, string> = {};
  const fields = (bytes: Uint8Array, visit: (tag: number, value: Uint8Array) => void) => {
    for (let at = 0; at < bytes.length; ) {
      const tag = bytes[at++]!;
      let length = 0;
      for (let shift = 0; ; shift += 7) {
        length |= (bytes[at]! & 127) << shift;
        if (bytes[at++]! < 128) break;
      }
      visit(tag, bytes.subarray(at, at + length));
      at += length;
    }
  };
  fields(span, (outer, body) => {
    expect(outer).toBe(0x12);
    fields(body, (tag, value) => {
      if (tag !== 0x4a) return;
      const pair: string[] = [];
      fields(value, (_, part) =>
        pair.push(Buffer.from(part[0] === 0x0a && pair.length === 1 ? part.subarray(2) : part).toString()),
      );
      attributes[pair[0]!] = pair[1]!;
    });
  });
  return attributes;
}

function world({ askForOwner }: { askForOwner?: (owner: Owner) => void } = {}) {
  const clock = { now: T + 100_000 };
  const now = () => clock.now;
  const cluster = new Cluster({
    node: "node-1",
    cluster: "test",
    cgroups: new Cgroups(root, now),
    now,
    ...(askForOwner && { askForOwner }),
  });
  cluster.nodes.upsert(node("node-1", 901, "192.168.0.1"));
  cluster.nodes.upsert(node("node-2", 902, "192.168.0.2"));
  const counts = { decorated: 0, undecorated: 0, ends: [] as string[] };
  const decorator = new Decorator(cluster, {
    decorated: () => counts.decorated++,
    undecorated: () => counts.undecorated++,
    end: (which, by) => counts.ends.push(`${which ? "destination" : "source"} ${by}`),
  });
  return { cluster, clock, counts, decorate: (flow: Flow) => attributesOf(decorator.decorate(input(flow))) };
}

test("both ends have pod, node, owners, container and Service, and the span keeps what it had", () => {
  const { cluster, decorate, counts } = world();
  cluster.namespaces.upsert({ metadata: { name: "kube-system", uid: "the-cluster" } });
  cluster.pods.upsert(pod("web-1", 1, { ip: "10.0.0.1", owner: { kind: "ReplicaSet", name: "web-abc", uid: "rs" } }));
  cluster.pods.upsert(
    pod("db-0", 2, {
      ip: "10.0.1.1",
      node: "node-2",
      owner: { kind: "StatefulSet", name: "db", uid: "sts" },
      containers: [
        { name: "postgres", ports: [{ containerPort: 5432 }] },
        { name: "exporter", ports: [{ containerPort: 9187 }] },
      ],
    }),
  );
  cluster.services.upsert(service("db", 3, { clusterIPs: ["10.96.0.9"] }));
  const flow = { from: "10.0.0.1", to: "10.0.1.1", port: 5432, target: ["10.96.0.9", 5432] as const };
  expect(decorate(flow)).not.toHaveProperty("source.k8s.deployment.name");
  // The owner's owner becomes known later.
  cluster.replicaSets.upsert({ metadata: metadata("web-abc", "rs", { kind: "Deployment", name: "web", uid: "dep" }) });
  expect(decorate(flow)).toEqual({
    "source.k8s.cluster.name": "test",
    "source.k8s.cluster.uid": "the-cluster",
    "source.k8s.namespace.name": "shop",
    "source.k8s.pod.name": "web-1",
    "source.k8s.pod.uid": uid(1),
    "source.k8s.node.name": "node-1",
    "source.k8s.node.uid": uid(901),
    "source.k8s.replicaset.name": "web-abc",
    "source.k8s.replicaset.uid": "rs",
    "source.k8s.deployment.name": "web",
    "source.k8s.deployment.uid": "dep",
    "source.k8s.container.name": "main",
    "destination.k8s.cluster.name": "test",
    "destination.k8s.cluster.uid": "the-cluster",
    "destination.k8s.namespace.name": "shop",
    "destination.k8s.pod.name": "db-0",
    "destination.k8s.pod.uid": uid(2),
    "destination.k8s.node.name": "node-2",
    "destination.k8s.node.uid": uid(902),
    "destination.k8s.statefulset.name": "db",
    "destination.k8s.statefulset.uid": "sts",
    "destination.k8s.service.name": "db",
    "destination.k8s.service.uid": uid(3),
    "destination.k8s.container.name": "postgres",
  });
  expect(counts.decorated).toBe(2);
});

test("a flow whose ends nobody knows goes on as it came, and is counted", () => {
  const { decorate, counts } = world();
  expect(decorate({ from: "1.1.1.1", to: "9.9.9.9" })).toEqual({});
  expect(counts).toEqual({ decorated: 0, undecorated: 1, ends: ["source none", "destination none"] });
});

test("a span from before an address was used again keeps the pod that had it", () => {
  const { cluster, clock, decorate } = world();
  const who = (atMs: number) => decorate({ from: "10.0.0.1", to: "9.9.9.9", atMs })["source.k8s.pod.name"];
  const first = pod("first", 1, { ip: "10.0.0.1" });
  cluster.pods.upsert(first);
  clock.now = T + 200_500;
  cluster.pods.remove(first);
  clock.now = T + 204_000;
  cluster.pods.upsert(pod("second", 2, { ip: "10.0.0.1", startMs: T + 200_000 }));
  expect([T + 1, T + 200_499, T + 200_500, T + 300_000].map(who)).toEqual(["first", "first", "second", "second"]);
  // Two more: the same pod by another name, reported before the removal of the one before it.
  cluster.pods.upsert(pod("third", 3, { ip: "10.0.0.1", startMs: T + 400_000 }));
  clock.now = T + 410_000;
  cluster.pods.remove(pod("second", 2, { ip: "10.0.0.1" }));
  expect([T + 399_999, T + 400_000].map(who)).toEqual(["second", "third"]);
  cluster.forget(T + 300_000);
  expect(who(T + 1)).toBeUndefined();
  expect(who(T + 399_999)).toBe("second");
});

test("a pod that is deleted keeps its address until it is gone; one whose containers have ended does not", () => {
  const { cluster, clock, decorate } = world();
  const who = (atMs: number) => decorate({ from: "10.0.0.1", to: "9.9.9.9", atMs })["source.k8s.pod.name"];
  const job = { ip: "10.0.0.1", owner: { kind: "Job", name: "report-1", uid: "job" } };
  cluster.jobs.upsert({ metadata: metadata("report-1", "job", { kind: "CronJob", name: "report", uid: "cron" }) });
  const running = pod("report-1-x", 1, job);
  cluster.pods.upsert({ ...running, metadata: { ...running.metadata, deletionTimestamp: iso(T + 90_000) } });
  expect(who(T + 99_000)).toBe("report-1-x");
  expect(decorate({ from: "10.0.0.1", to: "9.9.9.9" })).toMatchObject({
    "source.k8s.job.name": "report-1",
    "source.k8s.cronjob.name": "report",
    "source.k8s.cronjob.uid": "cron",
  });
  clock.now = T + 120_000;
  cluster.pods.upsert(pod("report-1-x", 1, { ...job, status: { phase: "Succeeded" } }));
  expect(who(T + 119_999)).toBe("report-1-x");
  expect(who(T + 120_000)).toBeUndefined();
  // A list has its pod still, long after another one got the address.
  const later = world();
  later.cluster.pods.upsert(pod("other", 2, { ip: "10.0.0.1" }));
  later.cluster.pods.upsert(pod("report-1-x", 1, { ...job, status: { phase: "Succeeded" } }));
  expect(later.decorate({ from: "10.0.0.1", to: "9.9.9.9" })["source.k8s.pod.name"]).toBe("other");
});

test("what a new list does not have is gone", () => {
  const { cluster, clock, decorate } = world();
  cluster.pods.beginList();
  cluster.pods.upsert(pod("one", 1, { ip: "10.0.0.1" }));
  cluster.pods.upsert(pod("two", 2, { ip: "10.0.0.2" }));
  cluster.pods.endList();
  clock.now = T + 500_000;
  cluster.pods.beginList();
  cluster.pods.upsert(pod("two", 2, { ip: "10.0.0.2" }));
  cluster.pods.endList();
  const names = (atMs: number) => {
    const found = decorate({ from: "10.0.0.1", to: "10.0.0.2", atMs });
    return [found["source.k8s.pod.name"], found["destination.k8s.pod.name"]];
  };
  expect(names(T + 499_000)).toEqual(["one", "two"]);
  expect(names(T + 500_000)).toEqual([undefined, "two"]);
});

const container = (n: number) => String(n).repeat(64).slice(0, 64);
const cgroup = (...path: string[]): number => {
  const folder = join(root, ...path);
  mkdirSync(folder, { recursive: true });
  return statSync(folder).ino;
};

test("pods in the network of their host are told apart by the cgroup of their process, with either cgroup driver", () => {
  const { cluster, decorate, counts } = world();
  const status = (name: string, n: number) => ({
    status: { phase: "Running", containerStatuses: [{ name, containerID: `containerd://${container(n)}` }] },
    hostNetwork: true,
    ip: "192.168.0.1",
  });
  const containers = [{ name: "a" }, { name: "b" }];
  cluster.pods.upsert(pod("proxy", 11, { ...status("b", 1), containers }));
  cluster.pods.upsert(pod("dns", 12, { ...status("a", 2), containers }));
  const apiServer = pod("kube-apiserver", 13, { ...status("main", 3) });
  cluster.pods.upsert({
    ...apiServer,
    metadata: {
      ...apiServer.metadata,
      annotations: { "kubernetes.io/config.hash": "0123456789abcdef0123456789abcdef" },
    },
  });
  const systemd = `kubepods-burstable-pod${uid(11).replaceAll("-", "_")}.slice`;
  const ids = [
    cgroup("kubepods.slice", "kubepods-burstable.slice", systemd, `cri-containerd-${container(1)}.scope`),
    // A process of the container in a cgroup that the container made.
    cgroup("kubepods", "besteffort", `pod${uid(12)}`, container(2), "inner"),
    cgroup("kubepods", "burstable", "pod0123456789abcdef0123456789abcdef", container(3)),
    cgroup("system.slice", "sshd.service"),
  ];
  const found = ids.map((id) => {
    const all = decorate({ from: "192.168.0.1", to: "9.9.9.9", cgroups: [id, 0] });
    return [all["source.k8s.pod.name"], all["source.k8s.container.name"], all["source.k8s.node.name"]];
  });
  expect(found).toEqual([
    ["proxy", "b", "node-1"],
    ["dns", "a", "node-1"],
    ["kube-apiserver", "main", "node-1"],
    [undefined, undefined, "node-1"],
  ]);
  expect(counts.ends.filter((end) => end.startsWith("source"))).toEqual([
    "source cgroup",
    "source cgroup",
    "source cgroup",
    "source node",
  ]);
  // The other direction's sender is the destination.
  const answer = decorate({ from: "9.9.9.9", to: "192.168.0.1", cgroups: [0, ids[0] as number] });
  expect(answer["destination.k8s.pod.name"]).toBe("proxy");
  // A process of the host's network has not the address of a pod.
  cluster.pods.upsert(pod("web", 14, { ip: "10.0.0.1" }));
  const web = decorate({ from: "10.0.0.1", to: "9.9.9.9", cgroups: [ids[0] as number, 0] });
  expect(web["source.k8s.pod.name"]).toBe("web");
});

test("of two pods with one address, the process decides", () => {
  const { cluster, decorate } = world();
  cluster.pods.upsert(pod("red", 21, { ip: "10.0.0.1" }));
  cluster.pods.upsert(pod("blue", 22, { ip: "10.0.0.1", startMs: T + 10_000 }));
  const ids = [21, 22].map((n) => cgroup("kubepods", `pod${uid(n)}`, container(n)));
  const names = ids.map((id) => decorate({ from: "10.0.0.1", to: "9.9.9.9", cgroups: [id, 0] })["source.k8s.pod.name"]);
  expect(names).toEqual(["red", "blue"]);
});

test("a Service is known by its address, by a port of a node, or by who is behind it", () => {
  const { cluster, clock, decorate } = world();
  cluster.pods.upsert(pod("web", 1, { ip: "10.0.0.1" }));
  cluster.services.upsert(
    service("web", 31, { clusterIPs: ["10.96.0.1", "fd96::1"], ports: [{ nodePort: 30_080, protocol: "TCP" }] }),
  );
  cluster.services.upsert(service("web-peers", 32, { clusterIPs: ["None"] }));
  cluster.services.upsert(service("metrics", 33, { clusterIPs: ["10.96.0.3"] }));
  const target = { kind: "Pod", name: "web", namespace: "shop", uid: uid(1) };
  const endpoints = [{ addresses: ["10.0.0.1"], nodeName: "node-1", targetRef: target }];
  for (const [of, n, port] of [
    ["web", 41, 80],
    ["web-peers", 42, 80],
    ["metrics", 43, 9100],
  ] as const)
    cluster.endpoints.upsert(slice(of, n, [{ port, protocol: "TCP" }], endpoints));
  const name = (flow: Partial<Flow>) =>
    decorate({ from: "9.9.9.9", to: "10.0.0.1", ...flow })["destination.k8s.service.name"];
  expect(name({ target: ["10.96.0.3", 80] })).toBe("metrics");
  expect(name({ target: ["192.168.0.2", 30_080] })).toBe("web");
  // Of the two with this port, one has no address that could have been sent to.
  expect(name({ port: 80 })).toBe("web");
  expect(name({ port: 9100 })).toBe("metrics");
  expect(name({ port: 22 })).toBeUndefined();
  // As a client it is behind two with an address.
  expect(decorate({ from: "10.0.0.1", to: "9.9.9.9" })["source.k8s.service.name"]).toBeUndefined();
  // Nobody answers there.
  expect(decorate({ from: "10.0.0.1", to: "10.96.0.3" })).toMatchObject({
    "destination.k8s.service.name": "metrics",
    "destination.k8s.namespace.name": "shop",
  });
  // The pod is no longer behind it.
  clock.now = T + 300_000;
  cluster.endpoints.upsert(slice("metrics", 43, [{ port: 9100, protocol: "TCP" }], []));
  expect(name({ port: 9100, atMs: T + 299_000 })).toBe("metrics");
  expect(name({ port: 9100, atMs: T + 300_000 })).toBeUndefined();
  // And is again.
  clock.now = T + 310_000;
  cluster.endpoints.upsert(slice("metrics", 43, [{ port: 9100, protocol: "TCP" }], endpoints));
  expect(name({ port: 9100, atMs: T + 304_000 })).toBeUndefined();
  expect(name({ port: 9100, atMs: T + 310_000 })).toBe("metrics");
  cluster.forget(T + 300_001);
  expect(name({ port: 9100, atMs: T + 299_000 })).toBeUndefined();
  expect(name({ port: 9100, atMs: T + 310_000 })).toBe("metrics");
});

test("pods that are not watched are known by the EndpointSlices that have them, in the host's network by port", () => {
  const { cluster, decorate, counts } = world();
  cluster.services.upsert(service("db", 31, { clusterIPs: ["10.96.0.1"] }));
  const target = { kind: "Pod", name: "db-0", namespace: "data", uid: uid(51) };
  const host = { kind: "Pod", name: "etcd-2", namespace: "kube-system", uid: uid(52) };
  cluster.endpoints.upsert(
    slice("db", 41, [{ port: 5432 }], [{ addresses: ["10.0.9.1"], nodeName: "node-9", targetRef: target }]),
  );
  cluster.endpoints.upsert(
    slice("etcd", 42, [{ port: 2379 }], [{ addresses: ["192.168.0.2"], nodeName: "node-2", targetRef: host }]),
  );
  expect(decorate({ from: "10.0.9.1", to: "192.168.0.2", port: 2379 })).toMatchObject({
    "source.k8s.pod.name": "db-0",
    "source.k8s.pod.uid": uid(51),
    "source.k8s.namespace.name": "data",
    "source.k8s.node.name": "node-9",
    "source.k8s.service.name": "db",
    "destination.k8s.pod.name": "etcd-2",
    "destination.k8s.node.name": "node-2",
    "destination.k8s.node.uid": uid(902),
  });
  expect(decorate({ from: "10.0.9.1", to: "192.168.0.2", port: 22 })).not.toHaveProperty("destination.k8s.pod.name");
  expect(counts.ends).toEqual(["source endpoint", "destination endpoint", "source endpoint", "destination node"]);
});

test("owners are followed five deep and not round in circles, and asked for where they are not known", () => {
  const asked: string[] = [];
  const { cluster } = world({ askForOwner: ({ name }) => asked.push(name) });
  for (let n = 0; n < 8; n++) {
    const owner = { kind: "Job", name: `job-${n + 1}`, uid: `j${n + 1}` };
    cluster.jobs.upsert({ metadata: metadata(`job-${n}`, `j${n}`, owner) });
  }
  const chain = cluster.owners({ kind: "Job", name: "job-0", uid: "j0" }, "shop");
  expect(chain.map(({ name }) => name)).toEqual(["job-0", "job-1", "job-2", "job-3", "job-4"]);
  expect(asked).toEqual([]);
  cluster.jobs.upsert({ metadata: metadata("loop", "loop", { kind: "Job", name: "loop", uid: "loop" }) });
  expect(cluster.owners({ kind: "Job", name: "loop", uid: "loop" }, "shop")).toHaveLength(5);
  cluster.owners({ kind: "ReplicaSet", name: "unknown", uid: "u" }, "shop");
  cluster.owners({ kind: "DaemonSet", name: "not-asked-for", uid: "d" }, "shop");
  expect(asked).toEqual(["unknown"]);
});
