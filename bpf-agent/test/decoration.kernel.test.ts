/** The agent with a real API server: namespaces as pods, real traffic, the real collector, and who was at both ends. */
import { existsSync, mkdirSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../../test/support/wait.ts";
import {
  agent,
  attributesOf,
  collector,
  expectConservation,
  metric,
  quick,
  settledCounts,
  sink,
  sum,
} from "./agent-process.ts";
import { type ApiServer, ownedBy, podOn, startApi } from "./api-server.ts";
import { addresses, type Namespace, type Routed, routed } from "./netns.ts";
import { ETHERNET } from "./watch.ts";

const clusterIp = "10.96.0.10";
const CGROUPS = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].find((folder) => existsSync(folder)) as string;

/** Two pods behind a node that has a Service of the right one, as kube-proxy would make it. */
function serviced(): Routed {
  const network = routed();
  // One segment per packet, so that the interface's counters are the wire's.
  for (const pod of [network.left, network.right]) pod.ip("link set eth0 gso_max_segs 1");
  network.node.run(
    "nft",
    `table inet proxy {
      chain services { ip daddr ${clusterIp} tcp dport 80 dnat ip to ${addresses.right}:8080; }
      chain prerouting { type nat hook prerouting priority -100; jump services; }
      chain postrouting { type nat hook postrouting priority 100; }
    }`,
  );
  return network;
}

const template = { metadata: { labels: { app: "x" } }, spec: { containers: [{ name: "main", image: "none" }] } };
const workload = { spec: { selector: { matchLabels: { app: "x" } }, template } };

/** Everything that the API server says of the two pods and of one in the network of the node. */
async function objects(server: ApiServer) {
  const { make } = server;
  const address = (ip: string) => ({ type: "InternalIP", address: ip });
  const node = await make("v1", "Node", "", "node-1", {
    status: { addresses: [address("10.1.0.1"), address("10.2.0.1")] },
  });
  const deployment = await make("apps/v1", "Deployment", "default", "client", workload);
  const replicaSet = await make("apps/v1", "ReplicaSet", "default", "client-5d4", {
    ...workload,
    ...ownedBy("apps/v1", "Deployment", "client", deployment),
  });
  const client = await make(
    "v1",
    "Pod",
    "default",
    "client-5d4-x",
    podOn("node-1", addresses.left, ownedBy("apps/v1", "ReplicaSet", "client-5d4", replicaSet)),
  );
  const statefulSet = await make("apps/v1", "StatefulSet", "default", "web", {
    spec: { ...workload.spec, serviceName: "web" },
  });
  const web = await make(
    "v1",
    "Pod",
    "default",
    "web-0",
    podOn("node-1", addresses.right, ownedBy("apps/v1", "StatefulSet", "web", statefulSet)),
  );
  const service = await make("v1", "Service", "default", "web", {
    spec: { clusterIP: clusterIp, ports: [{ port: 80, targetPort: 8080 }] },
  });
  const daemonSet = await make("apps/v1", "DaemonSet", "default", "proxy", workload);
  const container = "c".repeat(64);
  const proxy = await make(
    "v1",
    "Pod",
    "default",
    "proxy-n1",
    podOn("node-1", "10.1.0.1", {
      ...ownedBy("apps/v1", "DaemonSet", "proxy", daemonSet),
      spec: {
        hostNetwork: true,
        containers: [
          { name: "main", image: "none" },
          { name: "side", image: "none" },
        ],
      },
      status: { containerStatuses: [status("side", container), status("main", "d".repeat(64))] },
    }),
  );
  return { node, deployment, replicaSet, client, statefulSet, web, service, daemonSet, proxy, container };
}

const status = (name: string, id: string) => ({
  name,
  containerID: `containerd://${id}`,
  image: "none",
  imageID: "",
  ready: true,
  restartCount: 0,
});

/** A process in a namespace and in the cgroup of a pod's container. */
async function peerInCgroup(namespace: Namespace, pod: string, container: string) {
  const folders = [`skopos-kubepods-${process.pid}`, `pod${pod}`, container].map((_, n, all) =>
    join(CGROUPS, ...all.slice(0, n + 1)),
  );
  const leaf = folders.at(-1) as string;
  mkdirSync(leaf, { recursive: true });
  const peer = await namespace.peer();
  writeFileSync(join(leaf, "cgroup.procs"), String(peer.pid));
  return {
    peer,
    id: statSync(leaf).ino,
    async [Symbol.asyncDispose]() {
      await peer.stop();
      for (const folder of folders.reverse()) rmdirSync(folder);
    },
  };
}

/** What left's interface sent and received, IP bytes. */
function wireBytes({ left }: Routed) {
  const { txBytes, txPackets, rxBytes, rxPackets } = left.counters("eth0");
  return { sent: txBytes - ETHERNET * txPackets, received: rxBytes - ETHERNET * rxPackets };
}

const kubernetes = (server: { readonly kubeconfig: string }, more: object = {}) => ({
  enabled: true,
  kubeconfig: server.kubeconfig,
  nodeName: "node-1",
  cluster: "test",
  ...more,
});

test("every flow has the pods, owners and Service of its time, also while the API server is down", async () => {
  await using server = await startApi();
  const known = await objects(server);
  const backend = await sink("127.0.53.2");
  await using program = await collector("127.0.53.1", "127.0.53.2");
  void program;
  await using network = serviced();
  await using host = await peerInCgroup(network.node, known.proxy, known.container);
  const running = await agent(network.node.path, {
    ...quick,
    flows: { ...quick.flows, recordInterval: "1m", timeouts: { ...quick.flows.timeouts, udp: "4s" } },
    kubernetes: kubernetes(server),
    export: { endpoints: [{ url: "http://127.0.53.1:4318" }], maxDelay: "50ms" },
  });
  const start = wireBytes(network);
  const [client, web, echo] = [await network.left.peer(), await network.right.peer(), await network.right.peer()];
  await echo.call("udpEcho", { address: addresses.right, port: 9000, reply: 60 });
  const udp = (peer: typeof client, from: number) =>
    peer.call("udpSend", { address: addresses.right, port: 9000, from, count: 5, size: 100 });
  await web.call("tcpServe", {
    address: addresses.right,
    port: 8080,
    request: 20_000,
    reply: 50_000,
    farewell: "end",
  });
  const overService = async () => {
    const request = { address: clusterIp, port: 80, size: 20_000, idleMs: 0, halfClose: true };
    expect(await client.call("tcpSend", request)).toBe(50_000);
  };

  await overService();
  await udp(client, 7000);
  await udp(host.peer, 7001);
  expectConservation(await settledCounts(running.url, 3));

  await server.stop();
  await until("the agent to notice", async () => {
    const failures = await metric(running.url, "mermin_kubernetes_request_failures_total");
    return failures >= 7;
  });
  await overService();
  await udp(client, 7002);
  expectConservation(await settledCounts(running.url, 5));
  expect(await metric(running.url, "mermin_kubernetes_cache_age_seconds", 'resource="pods"')).toBeGreaterThan(1);

  await server.start();
  // The flow begins under one pod; its address is another's when its record is made.
  await udp(client, 7003);
  await server.remove("v1", "Pod", "default", "client-5d4-x");
  // The API has times of whole seconds: the other one starts in a later second than the flow.
  const startTime = new Date(Date.now() + 1_000).toISOString().replace(/\.\d+Z/, "Z");
  const next = podOn("node-1", addresses.left, { status: { startTime } });
  const other = await server.make("v1", "Pod", "default", "other", next);
  await until("the agent to know the other pod", async () => {
    await udp(client, 7004);
    return (await metric(running.url, "mermin_kubernetes_objects", 'resource="pods"')) === 4;
  });
  const counts = await settledCounts(running.url, 7);
  expectConservation(counts);
  await udp(client, 7005);
  const { exported } = await settledCounts(running.url, counts.created! + 1);
  await until("the spans at the backend", () => backend.spans.length >= exported!);
  expect(await running.stop()).toBe(0);
  const final = wireBytes(network);

  const spans = backend.spans.map(attributesOf);
  const of = (port: number) => spans.filter((span) => span["source.port"] === port);
  const end = (prefix: string, name: string, uid: string) => ({
    [`${prefix}.name`]: name,
    [`${prefix}.uid`]: uid,
  });
  const isWeb = {
    "destination.k8s.cluster.name": "test",
    "destination.k8s.namespace.name": "default",
    "destination.k8s.container.name": "main",
    ...end("destination.k8s.pod", "web-0", known.web),
    ...end("destination.k8s.statefulset", "web", known.statefulSet),
    ...end("destination.k8s.node", "node-1", known.node),
  };
  const isClient = {
    "source.k8s.namespace.name": "default",
    ...end("source.k8s.pod", "client-5d4-x", known.client),
    ...end("source.k8s.replicaset", "client-5d4", known.replicaSet),
    ...end("source.k8s.deployment", "client", known.deployment),
    ...end("source.k8s.node", "node-1", known.node),
  };
  const tcp = spans.filter((span) => span["network.transport"] === "tcp");
  expect(tcp).toHaveLength(2);
  for (const span of tcp)
    expect(span).toMatchObject({ ...isWeb, ...isClient, ...end("destination.k8s.service", "web", known.service) });
  for (const port of [7000, 7002, 7003]) {
    expect(of(port)).toHaveLength(1);
    expect(of(port)[0]).toMatchObject({ ...isWeb, ...isClient, "flow.reporter": "source" });
    expect(of(port)[0]).not.toHaveProperty("destination.k8s.service.name");
  }
  expect(of(7005)[0]).toMatchObject({ ...isWeb, ...end("source.k8s.pod", "other", other) });
  expect(of(7005)[0]).not.toHaveProperty("source.k8s.deployment.name");
  // In the network of the node, but in a cgroup of its own.
  expect(of(7001)[0]).toMatchObject({
    ...isWeb,
    "source.k8s.container.name": "side",
    ...end("source.k8s.pod", "proxy-n1", known.proxy),
    ...end("source.k8s.daemonset", "proxy", known.daemonSet),
  });
  const fromLeft = backend.spans.filter((span) => attributesOf(span)["source.address"] === addresses.left);
  expect(sum(fromLeft, "flow.bytes.delta")).toBe(final.sent - start.sent);
  expect(sum(fromLeft, "flow.reverse.bytes.delta")).toBe(final.received - start.received);
  backend.close();
});

test("without an API server, every flow arrives as it is, and what has no room is counted", async () => {
  const backend = await sink("127.0.53.4");
  await using program = await collector("127.0.53.3", "127.0.53.4");
  void program;
  await using network = serviced();
  const kubeconfig = join(import.meta.dirname, "unreachable.kubeconfig.json");
  const running = await agent(
    network.node.path,
    {
      ...quick,
      // Room for two spans in each poller's channel to decoration, and a while in which nothing leaves it.
      kubernetes: kubernetes({ kubeconfig }, { syncTimeout: "4s", inputBytes: 4096 }),
      export: { endpoints: [{ url: "http://127.0.53.3:4318" }], maxDelay: "50ms" },
    },
    "/startup",
  );
  expect((await fetch(`${running.url}/readyz`)).status).toBe(503);
  const [client, echo] = [await network.left.peer(), await network.right.peer()];
  await echo.call("udpEcho", { address: addresses.right, port: 9000, reply: 60 });
  for (let n = 0; n < 40; n++)
    await client.call("udpSend", { address: addresses.right, port: 9000, from: 7000 + n, count: 5, size: 100 });
  const counts = await settledCounts(running.url, 40);
  expectConservation(counts);
  expect(counts.decorated).toBe(0);
  const undecorated = (reason: string) =>
    metric(running.url, "mermin_flow_spans_undecorated_total", `reason="${reason}"`);
  expect(await undecorated("unsynced")).toBe(counts.sent);
  expect(await undecorated("no_room")).toBe(counts.deferred! + counts.dropped!);
  expect(await undecorated("no_room")).toBeGreaterThan(0);
  expect(running.output()).toMatch(/the API server does not answer for nodes: .*ECONNREFUSED/);
  expect(await running.stop()).toBe(0);
  await until("the spans at the backend", () => backend.spans.length === counts.exported);
  for (const span of backend.spans) expect(Object.keys(attributesOf(span)).join()).not.toContain("k8s");
  backend.close();
});
