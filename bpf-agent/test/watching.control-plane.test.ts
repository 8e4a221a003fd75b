/** The agent's copy of the cluster, kept by the real API server. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../test/support/wait.ts";
import { addressBytes } from "../src/filter.ts";
import { apiAccess } from "../src/kubernetes/access.ts";
import { ApiClient } from "../src/kubernetes/api-client.ts";
import { Cluster, type End } from "../src/kubernetes/cluster.ts";
import { FlowEnds } from "../src/kubernetes/flow-ends.ts";
import type { Collection } from "../src/kubernetes/reflector.ts";
import { collectionsOf, OwnerReader, type Scope, scopeOf, watch } from "../src/kubernetes/watcher.ts";
import { type ApiServer, ownedBy, podOn, startApi } from "./api-server.ts";

let server: ApiServer;
let lists = 0;
beforeAll(async () => {
  server = await startApi();
  await server.make("v1", "Node", "", "node-1", {
    status: { addresses: [{ type: "InternalIP", address: "192.168.0.1" }] },
  });
  await server.make("v1", "Node", "", "node-2", {
    status: { addresses: [{ type: "InternalIP", address: "192.168.0.2" }] },
  });
  // More than two pages.
  const names = Array.from({ length: 25 }, (_, n) => n);
  const worker = async () => {
    for (let n = names.pop(); n !== undefined; n = names.pop()) {
      const node = n % 10 ? "node-2" : "node-1";
      await server.make("v1", "Pod", "default", `many-${n}`, podOn(node, `10.9.${n >> 8}.${n & 255}`));
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
});
afterAll(() => server[Symbol.asyncDispose]());

interface Watching extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly owners: OwnerReader;
  readonly failures: string[];
  /** Objects that came, by collection. */
  readonly events: Map<string, number>;
  podAt(address: string, atMs?: number): End;
}

async function watching(scope: Scope, pageSize?: number): Promise<Watching> {
  const stop = new AbortController();
  const client = new ApiClient(await apiAccess(server.kubeconfig));
  const owners = new OwnerReader(client, stop.signal);
  const cluster: Cluster = new Cluster({
    node: "node-1",
    cluster: "",
    cgroups: undefined,
    ...(scope === "node" && { askForOwner: (owner, namespace) => owners.ask(cluster, owner, namespace) }),
  });
  const events = new Map<string, number>();
  const failures: string[] = [];
  const synced = new Set<string>();
  const count = ({ name }: Collection) => events.set(name, (events.get(name) ?? 0) + 1);
  const running = watch(
    {
      client,
      cluster,
      scope,
      node: "node-1",
      ...(pageSize && { pageSize }),
      events: {
        current: () => {},
        event: count,
        failed: ({ name }, why) => failures.push(`${name}: ${why}`),
        synced: ({ name }) => synced.add(name),
      },
    },
    stop.signal,
  );
  await until("all lists", () => synced.size === collectionsOf(scope), { explain: () => failures.join("\n") });
  await owners.idle();
  lists++;
  return {
    cluster,
    owners,
    failures,
    events,
    podAt(address, atMs = Date.now()) {
      const bytes = new Uint8Array(80);
      const data = new DataView(bytes.buffer);
      data.setFloat64(0, atMs, true);
      bytes.set(addressBytes(address), 8);
      const ends = new FlowEnds();
      ends.read(bytes);
      const end: End = { by: "none", entity: undefined, service: undefined, container: "" };
      cluster.resolve(ends, 0, end);
      return end;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      client.close();
    },
  };
}

test.each([
  ["streamed lists", undefined],
  ["lists in pages", 10],
])("%s have every object once, and the watch goes on from there", async (_, pageSize) => {
  await using one = await watching("cluster", pageSize);
  expect(one.failures).toEqual([]);
  expect(one.events.get("pods")).toBe(one.cluster.pods.size);
  expect(one.cluster.pods.size).toBeGreaterThanOrEqual(25);
  expect(one.podAt("10.9.0.24").entity).toMatchObject({ name: "many-24", node: "node-2" });

  const name = `web-${lists}`;
  const address = `10.8.0.${lists}`;
  const deployment = await server.make("apps/v1", "Deployment", "default", name, workload);
  const replicaSet = await server.make("apps/v1", "ReplicaSet", "default", `${name}-abc`, {
    ...workload,
    ...ownedBy("apps/v1", "Deployment", name, deployment),
  });
  const before = await server.make(
    "v1",
    "Pod",
    "default",
    `${name}-abc-1`,
    podOn("node-1", address, ownedBy("apps/v1", "ReplicaSet", `${name}-abc`, replicaSet)),
  );
  await until("the pod", () => one.podAt(address).entity?.uid === before);
  await until("its owners", () => {
    const { entity } = one.podAt(address);
    return entity?.kind === "pod" && one.cluster.owners(entity.owner, "default").length === 2;
  });
  const during = Date.now();
  await server.remove("v1", "Pod", "default", `${name}-abc-1`);
  await until("the pod to be gone", () => one.podAt(address).entity === undefined);
  const after = await server.make("v1", "Pod", "default", `${name}-abc-2`, podOn("node-2", address));
  await until("the next pod", () => one.podAt(address).entity?.uid === after);
  expect(one.podAt(address, during).entity?.uid).toBe(before);
});

const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "main", image: "none" }] } };
const workload = { spec: { replicas: 0, selector: { matchLabels: { a: "b" } }, template } };

test("while the API server is down the cache stays, and afterwards it is brought up to date", async () => {
  await using one = await watching("cluster");
  await using other = await watching("cluster", 10);
  const kept = await server.make("v1", "Pod", "default", "kept", podOn("node-1", "10.7.0.1"));
  await server.make("v1", "Pod", "default", "removed", podOn("node-1", "10.7.0.2"));
  for (const each of [one, other]) {
    await until("both pods", () => each.podAt("10.7.0.1").entity && each.podAt("10.7.0.2").entity?.name === "removed");
  }
  await server.stop();
  for (const each of [one, other]) {
    await until("the connections to fail", () => each.failures.length >= 3);
    expect(each.podAt("10.7.0.1").entity?.uid).toBe(kept);
  }
  await server.start();
  // Whoever is back late has not seen it go, but finds out.
  await server.remove("v1", "Pod", "default", "removed");
  const next = await server.make("v1", "Pod", "default", "next", podOn("node-2", "10.7.0.3"));
  for (const each of [one, other]) {
    await until("the cache to be current", () => each.podAt("10.7.0.3").entity?.uid === next, {
      explain: () => each.failures.join("\n"),
    });
    await until("the removed pod to be gone", () => each.podAt("10.7.0.2").entity === undefined);
    expect(each.podAt("10.7.0.1").entity?.uid).toBe(kept);
    expect(each.podAt("10.9.0.24").entity?.name).toBe("many-24");
  }
});

test("with scope node, only the node's own pods are watched, and their owners are read one by one", async () => {
  const cronJob = await server.make("batch/v1", "CronJob", "default", "report", {
    spec: {
      schedule: "@daily",
      jobTemplate: { spec: { template: { ...template, spec: { ...template.spec, restartPolicy: "Never" } } } },
    },
  });
  const job = await server.make("batch/v1", "Job", "default", "report-1", {
    spec: { suspend: true, template: { ...template, spec: { ...template.spec, restartPolicy: "Never" } } },
    ...ownedBy("batch/v1", "CronJob", "report", cronJob),
  });
  await server.make(
    "v1",
    "Pod",
    "default",
    "report-1-x",
    podOn("node-1", "10.6.0.1", ownedBy("batch/v1", "Job", "report-1", job)),
  );
  const db = await server.make("v1", "Pod", "default", "db-0", podOn("node-2", "10.6.0.2"));
  await server.make("v1", "Service", "default", "db", { spec: { ports: [{ port: 5432 }] } });
  await server.make("discovery.k8s.io/v1", "EndpointSlice", "default", "db-1", {
    metadata: { labels: { "kubernetes.io/service-name": "db" } },
    addressType: "IPv4",
    ports: [{ port: 5432, protocol: "TCP" }],
    endpoints: [
      {
        addresses: ["10.6.0.2"],
        nodeName: "node-2",
        targetRef: { kind: "Pod", name: "db-0", namespace: "default", uid: db },
      },
    ],
  });
  const client = new ApiClient(await apiAccess(server.kubeconfig));
  expect(await scopeOf(client, new AbortController().signal)).toBe("cluster");
  client.close();

  await using one = await watching("node");
  expect(one.cluster.pods.size).toBeLessThan(20);
  expect(one.cluster.nodes.size).toBe(1);
  expect(one.podAt("10.9.0.20").entity).toMatchObject({ name: "many-20", node: "node-1" });
  expect(one.podAt("10.9.0.24").entity).toBeUndefined();
  const local = one.podAt("10.6.0.1").entity;
  expect(local?.kind === "pod" && one.cluster.owners(local.owner, "default")).toEqual([
    { kind: "Job", name: "report-1", uid: job },
    { kind: "CronJob", name: "report", uid: cronJob },
  ]);
  expect(one.podAt("10.6.0.2")).toMatchObject({
    by: "endpoint",
    entity: { uid: db, name: "db-0", node: "node-2" },
    service: { name: "db" },
  });
});
