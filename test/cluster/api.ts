import { Agent, request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { KubeConfig } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../lib/kubernetes/object.ts";

/** What the API server answered. */
export interface Answer<T> {
  readonly status: number;
  readonly body: T;
  /** Texts of the `Warning` headers: deprecations, unknown fields, Pod Security violations. */
  readonly warnings: readonly string[];
}

/** A refusal by the API server, with its `Status` object's reason and message. */
export class ApiError extends Error {
  readonly status: number;
  readonly reason: string;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** How a kind is addressed. */
export interface Resource {
  /** Plural name, as in the path. */
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

/**
 * A plain client for any kind of object. The typed clients of `@kubernetes/client-node` neither pass `fieldValidation` on
 * a patch of an arbitrary kind nor return warning headers, and both are what these tests are about.
 */
export interface Api {
  /** Sends a request; throws {@link ApiError} for a status of 400 or more. */
  send<T = KubernetesObject>(method: string, path: string, body?: unknown, contentType?: string): Promise<Answer<T>>;
  /** The path of an object or, without a name, of its collection. Throws when the server does not know the kind. */
  path(apiVersion: string, kind: string, namespace?: string, name?: string): Promise<string>;
  /** The kinds of one group version, asked once and again when a kind is missing. */
  resources(apiVersion: string): Promise<readonly Resource[]>;
  /** Reads an object; undefined when there is none. */
  get<T = KubernetesObject>(apiVersion: string, kind: string, namespace: string, name: string): Promise<T | undefined>;
  list<T = KubernetesObject>(apiVersion: string, kind: string, namespace?: string, query?: string): Promise<T[]>;
  create<T = KubernetesObject>(object: KubernetesObject): Promise<T>;
  close(): void;
}

/** Connects with the current context of a kubeconfig file. */
export async function connect(kubeconfig: string): Promise<Api> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const server = new URL(config.getCurrentCluster()!.server);
  const credentials: { ca?: Buffer; cert?: Buffer; key?: Buffer } = {};
  await config.applyToHTTPSOptions(credentials as Parameters<KubeConfig["applyToHTTPSOptions"]>[0]);
  const { ca, cert, key } = credentials;
  const agent = new Agent({ keepAlive: true, maxSockets: 32, ...{ ca, cert, key } });
  const known = new Map<string, Promise<readonly Resource[]>>();

  const once = <T>(method: string, path: string, body: unknown, contentType: string) =>
    new Promise<Answer<T>>((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const headers = payload === undefined ? {} : { "content-type": contentType };
      const call = request(new URL(path, server), { method, agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = response.headers["content-type"]?.includes("json") ?? false;
          const answer = (isJson ? JSON.parse(text) : text) as T;
          const status = response.statusCode ?? 0;
          if (status >= 400) {
            const { reason = "Unknown", message = text } = isJson
              ? (answer as { reason?: string; message?: string })
              : {};
            reject(new ApiError(status, reason, message));
          } else resolve({ status, body: answer, warnings: warningsOf(response.rawHeaders) });
        });
      });
      call.on("error", reject);
      call.end(payload);
    });

  const send: Api["send"] = async (method, path, body, contentType = "application/json") => {
    for (let tries = 1; ; tries++) {
      try {
        return await once(method, path, body, contentType);
      } catch (error) {
        // A kind whose definition has just been established cannot be read for a moment: "storage is (re)initializing".
        const comesLater = method === "GET" && error instanceof ApiError && error.status === 429;
        if (!comesLater || tries >= 20) throw error;
        await sleep(250);
      }
    }
  };

  const resources: Api["resources"] = (apiVersion) => {
    let answer = known.get(apiVersion);
    if (answer === undefined) {
      const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
      answer = send<{ resources: Resource[] }>("GET", group).then(({ body }) =>
        body.resources.filter(({ name }) => !name.includes("/")),
      );
      known.set(apiVersion, answer);
      answer.catch(() => known.delete(apiVersion));
    }
    return answer;
  };

  const path: Api["path"] = async (apiVersion, kind, namespace, name) => {
    const find = async () => (await resources(apiVersion)).find((resource) => resource.kind === kind);
    let resource = await find();
    if (resource === undefined) {
      known.delete(apiVersion);
      resource = await find();
    }
    if (resource === undefined) throw new Error(`the API server has no ${kind} in ${apiVersion}`);
    const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const scope = resource.namespaced && namespace ? `/namespaces/${namespace}` : "";
    return `${group}${scope}/${resource.name}${name === undefined ? "" : `/${name}`}`;
  };

  return {
    send,
    path,
    resources,
    async get<T>(apiVersion: string, kind: string, namespace: string, name: string) {
      try {
        return (await send<T>("GET", await path(apiVersion, kind, namespace, name))).body;
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return undefined;
        throw error;
      }
    },
    async list<T>(apiVersion: string, kind: string, namespace?: string, query = "") {
      const { body } = await send<{ items: T[] }>("GET", `${await path(apiVersion, kind, namespace)}${query}`);
      return body.items;
    },
    async create<T>(object: KubernetesObject) {
      const { apiVersion, kind, metadata } = object;
      return (await send<T>("POST", await path(apiVersion, kind, metadata.namespace), object)).body;
    },
    close: () => agent.destroy(),
  };
}

/** RFC 7234 `Warning: 299 - "text"` headers, one a line of the raw header list. */
function warningsOf(rawHeaders: readonly string[]): string[] {
  const warnings: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (rawHeaders[i]?.toLowerCase() === "warning")
      warnings.push((rawHeaders[i + 1] ?? "").replace(/^299 \S+ "(.*)"$/s, "$1").replaceAll('\\"', '"'));
  return warnings;
}
