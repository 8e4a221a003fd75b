import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { Registry, register } from "./registry.ts";

export interface PushgatewayOptions extends RequestOptions {
  /** False for gateways with one `/metrics` for all. @default true */
  readonly requireJobName?: boolean;
}

export interface PushTarget {
  readonly jobName?: string;
  readonly groupings?: Readonly<Record<string, string>>;
}

export interface PushResult {
  readonly resp: IncomingMessage;
  readonly body: string;
}

/** Pushes a registry to a Pushgateway: https://github.com/prometheus/pushgateway#api */
export class Pushgateway {
  readonly #url: string;
  readonly #options: PushgatewayOptions;
  readonly #registry: Registry;

  constructor(url: string, options?: PushgatewayOptions | Registry, registry: Registry = register) {
    this.#url = url;
    this.#options = options instanceof Registry ? {} : (options ?? {});
    this.#registry = options instanceof Registry ? options : registry;
  }

  /** Adds to the group; metrics of other names stay. */
  async pushAdd(target: PushTarget = {}): Promise<PushResult> {
    return this.#send("POST", target, await this.#registry.metrics());
  }

  /** Takes the place of the group. */
  async push(target: PushTarget = {}): Promise<PushResult> {
    return this.#send("PUT", target, await this.#registry.metrics());
  }

  /** Removes the group. */
  delete(target: PushTarget = {}): Promise<PushResult> {
    return this.#send("DELETE", target, "");
  }

  #send(method: string, { jobName, groupings = {} }: PushTarget, body: string): Promise<PushResult> {
    const { requireJobName = true, ...options } = this.#options;
    if (requireJobName && !jobName) throw new Error("Missing jobName parameter");
    const labels = Object.entries(groupings).flat();
    const job = jobName ? ["job", jobName, ...labels] : [];
    const path = ["metrics", ...job].map(encodeURIComponent).join("/");
    const url = new URL(path, this.#url.endsWith("/") ? this.#url : `${this.#url}/`);
    const request = url.protocol === "https:" ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const sent: ClientRequest = request(
        url,
        { ...options, method, headers: { ...options.headers, "content-type": this.#registry.contentType } },
        (resp) => {
          const chunks: Buffer[] = [];
          resp.on("data", (chunk: Buffer) => chunks.push(chunk));
          resp.on("end", () => {
            const text = Buffer.concat(chunks).toString();
            if ((resp.statusCode ?? 0) < 400) resolve({ resp, body: text });
            else reject(new Error(`push failed with status ${resp.statusCode}, ${text}`));
          });
        },
      );
      sent.on("error", reject);
      sent.on("timeout", () => sent.destroy(new Error("Pushgateway request timed out")));
      sent.end(body);
    });
  }
}
