import { setTimeout as sleep } from "node:timers/promises";
import type { ApiClient } from "./api-client.ts";
import type { Cluster } from "./cluster.ts";
import type { Pod } from "./objects.ts";
import { type Owner, ownerOf } from "./owners.ts";
import { type ApiObject, type Collection, type ObjectSink, Reflector, type ReflectorEvents } from "./reflector.ts";
import { type Scope, scopeForNodes } from "./scope.ts";

/** Pause between two looks at an owner that could not be read, in milliseconds. */
const OWNER_PAUSE_MS = 5_000;

/** What a watcher watches, and for whom. */
export interface WatcherOptions {
  readonly client: ApiClient;
  readonly cluster: Cluster;
  readonly scope: Scope;
  /** Name of this node. */
  readonly node: string;
  readonly events: ReflectorEvents;
}

/**
 * The scope for the size of a cluster.
 *
 * @throws what the request throws
 */
export async function scopeOf(client: ApiClient, signal: AbortSignal): Promise<Scope> {
  const { items, metadata } = await client.get<{ items: unknown[]; metadata: { remainingItemCount?: number } }>(
    "/api/v1/nodes?limit=1",
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
    signal,
  );
  return scopeForNodes(items.length + (metadata.remainingItemCount ?? 0));
}

/** Runs one reflector for each collection until the signal. */
export async function watch(options: WatcherOptions, signal: AbortSignal): Promise<void> {
  const { client, events } = options;
  const reflect = ([collection, sink]: readonly [Collection, ObjectSink<never>]) =>
    new Reflector<never>(client, collection, sink, events).run(signal);
  await Promise.all(watched(options).map(reflect));
}

/** How many collections a scope has. */
export const collectionsOf = (scope: Scope): number => (scope === "cluster" ? 7 : 5);

function watched({ cluster, scope, node }: WatcherOptions): (readonly [Collection, ObjectSink<never>])[] {
  const local = scope === "node";
  const all: (readonly [Collection, ObjectSink<never>])[] = [
    [
      { name: "pods", path: "/api/v1/pods", ...(local && { fieldSelector: `spec.nodeName=${node}` }) },
      local ? withOwners(cluster) : cluster.pods,
    ],
    [{ name: "nodes", path: "/api/v1/nodes", ...(local && { fieldSelector: `metadata.name=${node}` }) }, cluster.nodes],
    [{ name: "services", path: "/api/v1/services" }, cluster.services],
    [{ name: "endpointslices", path: "/apis/discovery.k8s.io/v1/endpointslices" }, cluster.endpoints],
    [
      {
        name: "namespaces",
        path: "/api/v1/namespaces",
        fieldSelector: "metadata.name=kube-system",
        metadataOnly: true,
      },
      cluster.namespaces,
    ],
  ];
  if (local) return all;
  return [
    ...all,
    [{ name: "replicasets", path: "/apis/apps/v1/replicasets", metadataOnly: true }, cluster.replicaSets],
    [{ name: "jobs", path: "/apis/batch/v1/jobs", metadataOnly: true }, cluster.jobs],
  ];
}

/** Pods whose owners are asked for as soon as they are seen. */
const withOwners = (cluster: Cluster): ObjectSink<Pod> => ({
  beginList: () => cluster.pods.beginList(),
  upsert(pod) {
    cluster.pods.upsert(pod);
    cluster.owners(ownerOf(pod), pod.metadata.namespace ?? "");
  },
  remove: (pod) => cluster.pods.remove(pod),
  endList: () => cluster.pods.endList(),
});

/** Kinds whose owners have attributes, and where they are. */
const ownerPaths: Readonly<Record<string, (namespace: string, name: string) => string>> = {
  ReplicaSet: (namespace, name) => `/apis/apps/v1/namespaces/${namespace}/replicasets/${name}`,
  Job: (namespace, name) => `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`,
};

/** Reads owners one by one, for agents that do not watch them: a node has few. */
export class OwnerReader {
  readonly #client: ApiClient;
  readonly #signal: AbortSignal;
  readonly #asked = new Map<string, number>();
  /** Requests under way. */
  pending = 0;

  constructor(client: ApiClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** Reads an owner into the tables, unless it was asked for just now. */
  ask(cluster: Cluster, { kind, name, uid }: Owner, namespace: string): void {
    const path = ownerPaths[kind]?.(namespace, name);
    if (path === undefined || Date.now() - (this.#asked.get(uid) ?? 0) < OWNER_PAUSE_MS) return;
    this.#asked.set(uid, Date.now());
    this.pending++;
    const table = kind === "Job" ? cluster.jobs : cluster.replicaSets;
    const accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
    this.#client
      .get<ApiObject>(path, accept, this.#signal)
      .then((object) => {
        if (object.metadata.uid === uid) table.upsert(object);
        this.#asked.delete(uid);
      })
      // It is asked for again when the pod is needed again.
      .catch(() => {})
      .finally(() => this.pending--);
  }

  /** Resolves when no request is under way. */
  async idle(): Promise<void> {
    while (this.pending > 0 && !this.#signal.aborted) await sleep(20);
  }
}
