import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { until } from "../../../test/support/wait.ts";
import { newAuthority } from "../../../test/support/x509.ts";
import { ApiClient } from "./api-client.ts";
import { Cluster } from "./cluster.ts";
import type { Resource } from "./label-values.ts";
import type { Scope } from "./scope.ts";
import { collectionsOf, OwnerReader, scopeOf, watch } from "./watcher.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server that streams lists of these objects, and answers a GET of one object or page with that. */
async function serve(objects: Readonly<Record<string, readonly object[]>>, one: Readonly<Record<string, object>> = {}) {
  const authority = await newAuthority("test-ca");
  const { certificate: cert, key } = await authority.issue({ commonName: "api", serves: ["127.0.0.1"] });
  const asked: string[] = [];
  const server = createServer({ cert, key }, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "https://x");
    if (!searchParams.has("watch")) {
      asked.push(pathname);
      response.writeHead(pathname in one ? 200 : 404).end(JSON.stringify(one[pathname] ?? {}));
      return;
    }
    asked.push(`${pathname} ${searchParams.get("fieldSelector") ?? ""}`.trim());
    const end = { resourceVersion: "9", annotations: { "k8s.io/initial-events-end": "true" } };
    for (const each of objects[pathname] ?? []) response.write(`${JSON.stringify({ type: "ADDED", object: each })}\n`);
    response.write(`${JSON.stringify({ type: "BOOKMARK", object: { metadata: end } })}\n`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const client = new ApiClient({ server: url, tls: () => ({ ca: authority.certificate }), token: () => undefined });
  closers.push(() => client.close());
  return { client, asked };
}

const job = { kind: "Job", name: "report-1", uid: "job" };
const pod = {
  metadata: { name: "report-1-x", namespace: "shop", uid: "pod", ownerReferences: [{ ...job, controller: true }] },
  spec: { nodeName: "node-1", containers: [{ name: "main" }] },
};
const cronJob = { kind: "CronJob", name: "report", uid: "cron" };
const jobObject = { metadata: { ...job, namespace: "shop", ownerReferences: [{ ...cronJob, controller: true }] } };

async function watching(scope: Scope, { client, asked }: Awaited<ReturnType<typeof serve>>) {
  const stop = new AbortController();
  const owners = new OwnerReader(client, stop.signal);
  const cluster: Cluster = new Cluster({
    node: "node-1",
    cluster: "",
    cgroups: undefined,
    askForOwner: (owner, namespace) => owners.ask(cluster, owner, namespace),
  });
  const synced = new Set<Resource>();
  const events = {
    current: () => {},
    event: () => {},
    failed: () => {},
    synced: ({ name }: { name: Resource }) => synced.add(name),
  };
  const running = watch({ client, cluster, scope, node: "node-1", events }, stop.signal);
  await until("all lists", () => synced.size === collectionsOf(scope));
  await owners.idle();
  const chain = cluster.owners(job, "shop").map(({ name }) => name);
  stop.abort();
  await running;
  return { chain, asked: asked.toSorted() };
}

test("with scope node, an agent watches its own pods and node, and reads the owners of those one by one", async () => {
  const server = await serve({ "/api/v1/pods": [pod] }, { "/apis/batch/v1/namespaces/shop/jobs/report-1": jobObject });
  expect(await watching("node", server)).toEqual({
    chain: ["report-1", "report"],
    asked: [
      "/api/v1/namespaces metadata.name=kube-system",
      "/api/v1/nodes metadata.name=node-1",
      "/api/v1/pods spec.nodeName=node-1",
      "/api/v1/services",
      "/apis/batch/v1/namespaces/shop/jobs/report-1",
      "/apis/discovery.k8s.io/v1/endpointslices",
    ],
  });
});

test("with scope cluster, it watches all of them, and owners as well", async () => {
  const server = await serve({ "/api/v1/pods": [pod], "/apis/batch/v1/jobs": [jobObject] });
  const { chain, asked } = await watching("cluster", server);
  expect(chain).toEqual(["report-1", "report"]);
  expect(asked).toEqual(
    expect.arrayContaining(["/api/v1/nodes", "/api/v1/pods", "/apis/apps/v1/replicasets", "/apis/batch/v1/jobs"]),
  );
});

test.each([
  [499, "cluster"],
  [500, "node"],
])("a cluster with %i nodes beside the first one has scope %s", async (remainingItemCount, scope) => {
  const { client } = await serve({}, { "/api/v1/nodes": { items: [{}], metadata: { remainingItemCount } } });
  expect(await scopeOf(client, new AbortController().signal)).toBe(scope);
});
