import http from "node:http";
import https from "node:https";
import { gzipSync } from "node:zlib";
import { type AnyRegistry, register } from "./registry.ts";
import type { PrometheusContentType, RegistryContentType } from "./types.ts";

/** Pushes a registry to a Pushgateway: https://github.com/prometheus/pushgateway#api */
export class Pushgateway<T extends RegistryContentType = PrometheusContentType> {
  readonly gatewayUrl: string;
  readonly registry: AnyRegistry;
  readonly requireJobName: boolean;
  readonly requestOptions: http.RequestOptions;

  /**
   * @param options of the request, and `requireJobName`: false for gateways with one `/metrics` for all
   * @param registry @default the global one
   */
  // biome-ignore lint/suspicious/noExplicitAny: as prom-client declares it
  constructor(url: string, options?: any, registry?: { readonly contentType: T }) {
    const { requireJobName = true, ...requestOptions } = { ...options } as http.RequestOptions & {
      requireJobName?: boolean;
    };
    this.gatewayUrl = url;
    this.registry = (registry ?? register) as AnyRegistry;
    this.requireJobName = requireJobName;
    this.requestOptions = requestOptions;
  }

  /** Adds to the group; metrics of other names stay. */
  pushAdd(params?: Pushgateway.Parameters): Promise<Pushgateway.Result> {
    return this.#send("POST", params);
  }

  /** Takes the place of the group. */
  push(params?: Pushgateway.Parameters): Promise<Pushgateway.Result> {
    return this.#send("PUT", params);
  }

  /** Removes the group. */
  delete(params?: Pushgateway.Parameters): Promise<Pushgateway.Result> {
    return this.#send("DELETE", params);
  }

  #send(method: "POST" | "PUT" | "DELETE", params: Pushgateway.Parameters = {}): Promise<Pushgateway.Result> {
    const { jobName, groupings = {} } = params;
    if (this.requireJobName && !jobName) throw new Error("Missing jobName parameter");
    const url = new URL(this.gatewayUrl);
    const labels = jobName ? [["job", jobName], ...Object.entries(groupings)] : [];
    const path = `${url.pathname.replace(/\/$/, "")}/metrics${labels.map(([k, v]) => group(k!, v!)).join("")}`;
    const headers = { ...this.requestOptions.headers } as http.OutgoingHttpHeaders;
    const encoding = Object.keys(headers).find((name) => name.toLowerCase() === "content-encoding");
    const isGzip = encoding !== undefined && headers[encoding] === "gzip";
    if (method === "DELETE" && encoding) delete headers[encoding];
    const { protocol, hostname, port, username, password } = url;
    const options: http.RequestOptions = {
      protocol,
      hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
      path,
      ...(port === "" ? {} : { port }),
      ...(username === "" ? {} : { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` }),
      ...this.requestOptions,
      headers,
      method,
    };
    return new Promise((resolve, reject) => {
      const request = (protocol === "https:" ? https : http).request(options, (resp) => {
        let text = "";
        resp.setEncoding("utf8");
        resp.on("data", (chunk: string) => {
          text += chunk;
        });
        resp.on("end", () => {
          if (resp.statusCode! < 400) resolve({ resp, body: text });
          else reject(new Error(`push failed with status ${resp.statusCode}, ${text}`));
        });
      });
      request.on("error", reject);
      request.on("timeout", () => request.destroy(new Error("Pushgateway request timed out")));
      if (method === "DELETE") request.end();
      else {
        this.registry.metrics().then((body) => {
          request.write(isGzip ? gzipSync(body) : body);
          request.end();
        }, reject);
      }
    });
  }
}

/** A label of the group. What a path cannot hold goes as base64: https://github.com/prometheus/pushgateway#url */
function group(label: string, value: string): string {
  if (value !== "" && !value.includes("/")) return `/${encodeURIComponent(label)}/${encodeURIComponent(value)}`;
  const encoded = Buffer.from(value).toString("base64url");
  return `/${encodeURIComponent(label)}@base64/${encoded === "" ? "=" : encoded}`;
}

export declare namespace Pushgateway {
  interface Parameters {
    jobName?: string;
    groupings?: { [key: string]: string };
  }

  interface Result {
    resp?: unknown;
    body?: unknown;
  }
}
