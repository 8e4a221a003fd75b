import { apiAccess } from "./access.ts";
import { ApiClient } from "./api-client.ts";
import { Cgroups } from "./cgroups.ts";
import { Cluster } from "./cluster.ts";
import type { Collection, ReflectorEvents } from "./reflector.ts";
import type { Scope } from "./scope.ts";
import { collectionsOf, OwnerReader, scopeOf, watch } from "./watcher.ts";

/** How spans are decorated. */
export interface DecorationOptions {
  /** `auto` decides by the size of the cluster, at the start. */
  readonly scope: Scope | "auto";
  /** Name of the cluster; "" for none. */
  readonly cluster: string;
  /** Name of this node. */
  readonly node: string;
  /** Path of a kubeconfig file; undefined for the pod's service account. */
  readonly kubeconfig: string | undefined;
  /** Where the host's cgroup v2 hierarchy is. */
  readonly cgroupRoot: string;
  /** How long spans wait for the first lists, in milliseconds. */
  readonly syncTimeoutMs: number;
  /** How long removed objects are remembered, in milliseconds. */
  readonly retentionMs: number;
  /** Memory of each poller's channel to decoration. */
  readonly inputBytes: number;
}

/** What a connection to a cluster reports. */
export interface ConnectionEvents extends ReflectorEvents {
  scope(scope: Scope): void;
}

/** First and longest pause between two tries to ask for the size of the cluster, in milliseconds. */
const backoff = { first: 500, longest: 30_000 } as const;

/** A copy of the cluster that is kept up to date. */
export interface Connection {
  readonly cluster: Cluster;
  /** Resolves when all first lists are in the copy. */
  readonly synced: Promise<void>;
}

/**
 * Begins to watch the API server, and goes on until the signal, whatever happens to the server meanwhile.
 *
 * @throws AccessError where it is not known where the API server is
 */
export async function connect(
  options: DecorationOptions,
  events: ConnectionEvents,
  signal: AbortSignal,
): Promise<Connection> {
  const client = new ApiClient(await apiAccess(options.kubeconfig));
  signal.addEventListener("abort", () => client.close());
  const owners = new OwnerReader(client, signal);
  const cluster: Cluster = new Cluster({
    node: options.node,
    cluster: options.cluster,
    cgroups: new Cgroups(options.cgroupRoot, Date.now),
    askForOwner: (owner, namespace) => owners.ask(cluster, owner, namespace),
  });
  const synced = run();
  synced.catch(() => {});
  return { cluster, synced };

  async function run(): Promise<void> {
    const scope = options.scope === "auto" ? await askForScope() : options.scope;
    events.scope(scope);
    const listed = Promise.withResolvers<void>();
    let left = collectionsOf(scope);
    const counting: ReflectorEvents = {
      ...events,
      synced(collection) {
        events.synced(collection);
        if (--left === 0) listed.resolve();
      },
    };
    void watch({ client, cluster, scope, node: options.node, events: counting }, signal);
    await listed.promise;
    await owners.idle();
  }

  async function askForScope(): Promise<Scope> {
    const nodes: Collection = { name: "nodes", path: "/api/v1/nodes" };
    for (let pause: number = backoff.first; ; pause = Math.min(backoff.longest, 2 * pause)) {
      try {
        return await scopeOf(client, signal);
      } catch (error) {
        signal.throwIfAborted();
        events.failed(nodes, (error as Error).message);
        await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random() / 2)));
      }
    }
  }
}
