import { setTimeout as sleep } from "node:timers/promises";
import { type ApiClient, ApiError } from "./api-client.ts";
import type { Resource } from "./label-values.ts";

/** What every object has. */
export interface ApiObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly uid: string;
      readonly controller?: boolean;
    }[];
  };
}

/** A collection to watch. */
export interface Collection {
  /** Plural name, for metrics and messages. */
  readonly name: Resource;
  /** Such as /api/v1/pods. */
  readonly path: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Metadata is enough: the API server leaves the rest out. @default false */
  readonly metadataOnly?: boolean;
}

/** What keeps the objects of a collection. */
export interface ObjectSink<T extends ApiObject> {
  /** A complete list begins: what it does not have is gone. */
  beginList(): void;
  upsert(object: T): void;
  remove(object: T): void;
  endList(): void;
}

/** What a reflector reports. */
export interface ReflectorEvents {
  /** The copy is current: an event, a bookmark or a complete list came. */
  current(collection: Collection): void;
  /** An object came, by a list or a watch. */
  event(collection: Collection): void;
  /** A request failed and is repeated. */
  failed(collection: Collection, why: string): void;
  /** The first complete list is in the cache. */
  synced(collection: Collection): void;
}

type WatchEvent<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"; readonly object: T }
  | { readonly type: "ERROR"; readonly object: { readonly code?: number; readonly message?: string } };

interface ListPage<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly T[];
}

/** Objects per page if the server does not stream lists: a page of pods is then about 1.5 MB of JSON. */
const PAGE = 250;
/** First and longest pause between two tries, in milliseconds; each is drawn from between nothing and that. */
const backoff = { first: 1_000, longest: 30_000 } as const;
/** How long a watch lasts before it is made anew: drawn from a range, so that not all agents come at once. Seconds. */
const watchSeconds = { least: 300, most: 600 } as const;

const asMetadata = (list: "" | "List") =>
  `application/json;as=PartialObjectMetadata${list};g=meta.k8s.io;v=v1,application/json`;

/**
 * Keeps a copy of a collection up to date, as client-go's Reflector does: a list, then a watch from there on, then again where the
 * server has forgotten the place. The list is streamed from the API server's own cache where the server can
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists), so that neither side holds all of it; otherwise it
 * comes in pages. A connection that breaks is resumed where it broke, without a list, after a random pause.
 */
export class Reflector<T extends ApiObject> {
  readonly #client: ApiClient;
  readonly #collection: Collection;
  readonly #sink: ObjectSink<T>;
  readonly #events: ReflectorEvents;
  #resourceVersion: string | undefined;
  /** Whether the server streams lists, as far as is known. */
  #streaming = true;
  #synced = false;
  /** Failures in a row. */
  #failures = 0;

  constructor(client: ApiClient, collection: Collection, sink: ObjectSink<T>, events: ReflectorEvents) {
    this.#client = client;
    this.#collection = collection;
    this.#sink = sink;
    this.#events = events;
  }

  /** Runs until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined && !this.#streaming) await this.#list(signal);
        await this.#watch(signal);
      } catch (error) {
        if (!signal.aborted) await this.#recover(error as Error, signal);
      }
    }
  }

  async #recover(error: Error, signal: AbortSignal): Promise<void> {
    const status = error instanceof ApiError ? error.status : 0;
    if (status === 410) {
      // Too old: the server has forgotten what came after. Repeated at once, but only once.
      this.#resourceVersion = undefined;
      if (this.#failures++ === 0) return;
    }
    if (this.#streaming && this.#resourceVersion === undefined && (status === 400 || status === 422)) {
      this.#streaming = false;
      return;
    }
    this.#events.failed(this.#collection, error.message);
    const most = Math.min(backoff.longest, backoff.first * 2 ** this.#failures++);
    const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    await sleep(asked + Math.random() * most, undefined, { signal }).catch(() => {});
  }

  /** A complete list, page by page. */
  async #list(signal: AbortSignal): Promise<void> {
    this.#sink.beginList();
    let page: ListPage<T> | undefined;
    do {
      const query = {
        limit: String(PAGE),
        ...(page?.metadata.continue && { continue: page.metadata.continue }),
      };
      page = await this.#client.get<ListPage<T>>(this.#path(query), this.#accept("List"), signal);
      for (const object of page.items) this.#upsert(object);
    } while (page.metadata.continue);
    this.#listed(page.metadata.resourceVersion);
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { least, most } = watchSeconds;
    const from = this.#resourceVersion;
    const query = {
      watch: "1",
      allowWatchBookmarks: "true",
      timeoutSeconds: String(Math.round(least + Math.random() * (most - least))),
      ...(from === undefined
        ? { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan" }
        : { resourceVersion: from }),
    };
    if (from === undefined) this.#sink.beginList();
    let received = 0;
    await this.#client.stream<WatchEvent<T>>(this.#path(query), this.#accept(""), signal, (event) => {
      received++;
      this.#receive(event);
    });
    // Even a quiet watch has a bookmark every minute. Without a pause, a proxy that ends it at once would be asked without end.
    if (received === 0) throw new Error("the watch ended without an event");
  }

  #receive(event: WatchEvent<T>): void {
    if (event.type === "ERROR") throw new ApiError(event.object.code ?? 500, event.object.message ?? "watch error");
    this.#failures = 0;
    const { object } = event;
    if (event.type === "ADDED" || event.type === "MODIFIED") this.#upsert(object);
    else if (event.type === "DELETED") {
      this.#events.event(this.#collection);
      this.#sink.remove(object);
    } else if (object.metadata.annotations?.["k8s.io/initial-events-end"] === "true")
      this.#listed(object.metadata.resourceVersion);
    // While a streamed list comes, its objects have versions of their own: there is no place to resume from yet.
    if (this.#resourceVersion !== undefined) this.#resourceVersion = object.metadata.resourceVersion;
    this.#events.current(this.#collection);
  }

  #upsert(object: T): void {
    this.#events.event(this.#collection);
    this.#sink.upsert(object);
  }

  #listed(resourceVersion: string | undefined): void {
    this.#resourceVersion = resourceVersion;
    this.#failures = 0;
    this.#sink.endList();
    this.#events.current(this.#collection);
    if (!this.#synced) this.#events.synced(this.#collection);
    this.#synced = true;
  }

  #path(query: Readonly<Record<string, string>>): string {
    const { path, fieldSelector, labelSelector } = this.#collection;
    const selectors = { ...(fieldSelector && { fieldSelector }), ...(labelSelector && { labelSelector }) };
    return `${path}?${new URLSearchParams({ ...query, ...selectors })}`;
  }

  #accept(list: "" | "List"): string {
    return this.#collection.metadataOnly ? asMetadata(list) : "application/json";
  }
}
