import type { ServerResponse } from "node:http";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { z } from "zod";
import type { Access } from "./access.ts";
import { envoy, typeOf, typeUrl } from "./envoy.ts";
import type { Metrics } from "./metrics.ts";
import { invalid, RequestError } from "./problem.ts";
import { name, type ResourceType } from "./resources.ts";
import type { Owner, Store } from "./store.ts";

/** What a client asks for, or says to what it got: Envoy's DiscoveryRequest in JSON, with the fields that are used here. */
const requestSchema = z.object({
  type_url: z.string(),
  version_info: z.string().default(""),
  response_nonce: z.string().default(""),
  error_detail: z.object({ message: z.string() }).optional(),
  /** `metadata.team`: an administrator's proxy serves another team. */
  node: z.object({ id: z.string().default(""), metadata: z.object({ team: name }).partial().default({}) }).optional(),
});

/** Longest line of a client, in characters. */
const LONGEST_LINE = 64 * 1024;

/** What one stream has of one type. */
interface Subscription {
  readonly team: string;
  /** Nonce of the last response. */
  nonce: string;
  /** Version of the last response, and whether the client rejected it. */
  version: string;
}

/**
 * A stream of Envoy's aggregated discovery service in JSON, a message per line, state of the world: the client subscribes to
 * types, gets all its team's resources of each, again at each change, and accepts or rejects each response by its nonce.
 */
export class DiscoveryStream {
  readonly #store: Store;
  readonly #access: Access;
  readonly #metrics: Metrics;
  readonly #owner: Owner;
  readonly #out: ServerResponse;
  readonly #subscriptions = new Map<ResourceType, Subscription>();
  #sent = 0;

  constructor(store: Store, access: Access, metrics: Metrics, owner: Owner, out: ServerResponse) {
    this.#store = store;
    this.#access = access;
    this.#metrics = metrics;
    this.#owner = owner;
    this.#out = out;
  }

  /** Serves until the client closes its side, or sends what is no request. */
  async run(input: Readable): Promise<void> {
    const stopListening = this.#store.onChange((team, type) => {
      const subscription = type && this.#subscriptions.get(type);
      if (type && subscription?.team === team) this.#send(type, subscription);
    });
    this.#metrics.streams.inc();
    try {
      for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        if (line.trim() !== "") this.#take(line);
      }
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.#write({ error: { problems: error.problems } });
    } finally {
      stopListening();
      this.#metrics.streams.dec();
      this.#out.end();
    }
  }

  #take(line: string): void {
    const request = parse(line);
    const type = typeOf(request.type_url);
    if (!type) {
      const fix = "Use the type of a cluster, route configuration or listener of Envoy's API v3.";
      throw new RequestError(400, { code: "INVALID", path: "type_url", message: "is not served", fix });
    }
    const known = this.#subscriptions.get(type);
    const team = request.node?.metadata.team ?? known?.team ?? this.#owner.team;
    this.#access.check(this.#owner, team, type);
    if (!known || known.team !== team) {
      const subscription = { team, nonce: "", version: request.version_info };
      this.#subscriptions.set(type, subscription);
      this.#send(type, subscription);
    } else if (request.response_nonce === known.nonce) {
      this.#metrics.responses.inc({ resource_type: type, result: request.error_detail ? "rejected" : "accepted" });
    }
    // An older nonce belongs to a response that a newer one has replaced.
  }

  #send(type: ResourceType, subscription: Subscription): void {
    const resources = this.#store.list(subscription.team, type).map(envoy);
    subscription.version = String(this.#store.version);
    subscription.nonce = String(++this.#sent);
    this.#write({ version_info: subscription.version, type_url: typeUrl(type), nonce: subscription.nonce, resources });
    this.#metrics.responses.inc({ resource_type: type, result: "sent" });
  }

  #write(message: unknown): void {
    this.#out.write(`${JSON.stringify(message)}\n`);
  }
}

/** @throws RequestError 400 */
function parse(line: string): z.output<typeof requestSchema> {
  let json: unknown;
  try {
    if (line.length > LONGEST_LINE) throw new SyntaxError();
    json = JSON.parse(line);
  } catch {
    const fix = `Send one JSON object per line, at most ${LONGEST_LINE} characters.`;
    throw new RequestError(400, { code: "INVALID", path: "request", message: "is not JSON", fix });
  }
  const { data, error } = requestSchema.safeParse(json);
  if (error) throw invalid(error, "request");
  return data;
}
