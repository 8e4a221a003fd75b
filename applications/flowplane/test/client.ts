import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { type ClientRequest, request } from "node:http";
import { createInterface } from "node:readline";
import { readConfig } from "../src/config.ts";
import { type Flowplane, startFlowplane } from "../src/serve.ts";

/** Starts a control plane on free ports of 127.0.0.1, in memory. */
export const start = (env: Readonly<Record<string, string>> = {}): Promise<Flowplane> =>
  startFlowplane(
    readConfig({ FLOWPLANE_DATABASE: ":memory:", FLOWPLANE_PORT: "0", METRICS_PORT: "0", ...env }),
    () => {},
  );

/** A response of the API. */
export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  readonly body: any;
}

/** Calls the API with a token. */
export async function call(url: string, token: string, method: string, path: string, body?: unknown): Promise<Reply> {
  const response = await fetch(new URL(path, url), {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

/** The lines of a page of metrics that begin with a name. */
export async function series(metricsUrl: string, name: string): Promise<string[]> {
  const page = await (await fetch(`${metricsUrl}/metrics`)).text();
  return page.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

/** A client of the discovery stream. */
export class DiscoveryClient implements Disposable {
  readonly #request: ClientRequest;
  readonly #lines: AsyncIterator<string>;

  private constructor(sent: ClientRequest, response: IncomingMessage) {
    this.#request = sent;
    this.#lines = createInterface({ input: response })[Symbol.asyncIterator]();
  }

  static async connect(url: string, token: string): Promise<DiscoveryClient> {
    const sent = request(new URL("/v3/discovery:stream", url), {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
    });
    sent.on("error", () => {});
    sent.flushHeaders();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    response.on("error", () => {});
    return new DiscoveryClient(sent, response);
  }

  send(message: unknown): void {
    this.#request.write(`${typeof message === "string" ? message : JSON.stringify(message)}\n`);
  }

  /** The next message, or undefined at the end. */
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  async next(): Promise<any> {
    const { value, done } = await this.#lines.next();
    return done ? undefined : JSON.parse(value);
  }

  [Symbol.dispose](): void {
    this.#request.destroy();
  }
}

/** A team with a cluster, a route and a listener. @returns its token */
export async function seed(flowplane: Flowplane, team: string, clusters = 1): Promise<string> {
  const { url, adminToken } = flowplane;
  const { token } = (await call(url, adminToken, "POST", "/api/v1/teams", { name: team })).body;
  for (let i = 1; i <= clusters; i++)
    await call(url, token, "PUT", `/api/v1/teams/${team}/clusters/c${i}`, {
      endpoints: [{ address: "10.0.0.1", port: 80 }],
    });
  await call(url, token, "PUT", `/api/v1/teams/${team}/routes/r1`, { routes: [{ prefix: "/", cluster: "c1" }] });
  await call(url, token, "PUT", `/api/v1/teams/${team}/listeners/l1`, { port: 8443, route: "r1" });
  return token;
}
