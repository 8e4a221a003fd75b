import type { IncomingMessage, ServerResponse } from "node:http";
import { json as readJson } from "node:stream/consumers";
import { z } from "zod";
import type { Access } from "./access.ts";
import { DiscoveryStream } from "./discovery.ts";
import type { Metrics } from "./metrics.ts";
import { invalid, notFound, RequestError } from "./problem.ts";
import { bodies, name, type ResourceType } from "./resources.ts";
import type { Store } from "./store.ts";

/** Longest body of a request, in bytes. */
const LARGEST_BODY = 1 << 20;

/** What the API works with. */
export interface ApiParts {
  readonly store: Store;
  readonly access: Access;
  readonly metrics: Metrics;
  /** Where changes are made, if not here. */
  readonly leader?: string;
}

interface Call extends ApiParts {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Path parameters. */
  readonly params: Readonly<Record<string, string>>;
}

/** What a handler answers: a status and a JSON body, or nothing if it wrote the response itself. */
type Answer = readonly [status: number, body?: unknown] | undefined;

interface Route {
  readonly method: string;
  /** As in the metric's label `http_route`. */
  readonly path: string;
  readonly pattern: URLPattern;
  readonly handler: (call: Call) => Answer | Promise<Answer>;
}

const route = (method: string, path: string, handler: Route["handler"]): Route => ({
  method,
  path,
  pattern: new URLPattern({ pathname: path.replace(/\{(\w+)\}/g, ":$1") }),
  handler,
});

const typeNamed: Readonly<Record<string, ResourceType>> = {
  clusters: "cluster",
  routes: "route",
  listeners: "listener",
};

/** Team, type and name of a path, after authentication. */
function place({ params, access, request }: Call): { team: string; type: ResourceType; name: string } {
  const owner = access.owner(request);
  const { team = "", kind = "", name: named = "" } = params;
  const type = typeNamed[kind];
  if (!type) throw notFound(`teams/${team}/${kind}`);
  access.check(owner, team, type);
  return { team, type, name: named };
}

async function body<T extends z.ZodType>({ request }: Call, schema: T): Promise<z.output<T>> {
  let size = 0;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > LARGEST_BODY) request.destroy(new Error("too large"));
  });
  const value: unknown = await readJson(request).catch(() => {
    const fix = `Send JSON of at most ${LARGEST_BODY} bytes.`;
    throw new RequestError(400, { code: "INVALID", path: "body", message: "is not JSON", fix });
  });
  const { data, error } = schema.safeParse(value);
  if (error) throw invalid(error);
  return data;
}

/** @throws RequestError 421 at a follower */
function writable({ leader }: Call): void {
  if (leader === undefined) return;
  const fix = `Send changes to ${leader}`;
  throw new RequestError(421, {
    code: "FOLLOWER",
    path: "request",
    message: "reached an instance that only reads",
    fix,
  });
}

const routes: readonly Route[] = [
  route("GET", "/api/v1/teams", (call) => {
    call.access.admin(call.access.owner(call.request));
    return [200, { teams: call.store.teams() }];
  }),
  route("POST", "/api/v1/teams", async (call) => {
    call.access.admin(call.access.owner(call.request));
    writable(call);
    const team = await body(call, z.strictObject({ name }));
    return [201, { ...team, token: call.store.addTeam(team.name) }];
  }),
  route("DELETE", "/api/v1/teams/{team}", (call) => {
    call.access.admin(call.access.owner(call.request));
    writable(call);
    if (!call.store.deleteTeam(call.params.team!)) throw notFound(`teams/${call.params.team}`);
    return [204];
  }),
  route("GET", "/api/v1/teams/{team}/{kind}", (call) => {
    const { team, type } = place(call);
    return [200, { resources: call.store.list(team, type) }];
  }),
  route("GET", "/api/v1/teams/{team}/{kind}/{name}", (call) => {
    const { team, type, name: named } = place(call);
    const resource = call.store.get(team, type, named);
    if (!resource) throw notFound(named);
    return [200, resource];
  }),
  route("PUT", "/api/v1/teams/{team}/{kind}/{name}", async (call) => {
    const { team, type, name: named } = place(call);
    writable(call);
    const { data, error } = name.safeParse(named);
    if (error) throw invalid(error, "name");
    if (!call.store.hasTeam(team)) throw notFound(`teams/${team}`);
    const resource = { team, type, name: data, body: await body(call, bodies[type]) };
    call.store.put(resource);
    return [200, resource];
  }),
  route("DELETE", "/api/v1/teams/{team}/{kind}/{name}", (call) => {
    const { team, type, name: named } = place(call);
    writable(call);
    if (!call.store.delete(team, type, named)) throw notFound(named);
    return [204];
  }),
  route("POST", "/v3/discovery:stream", async (call) => {
    const owner = call.access.owner(call.request);
    call.response.writeHead(200, { "content-type": "application/x-ndjson" }).flushHeaders();
    await new DiscoveryStream(call.store, call.access, call.metrics, owner, call.response).run(call.request);
    return undefined;
  }),
  route("GET", "/api/v1/replication", (call) => {
    call.access.admin(call.access.owner(call.request));
    call.response.writeHead(200, { "content-type": "application/x-ndjson" });
    const send = () => call.response.write(`${JSON.stringify(call.store.snapshot())}\n`);
    send();
    const stop = call.store.onChange(send);
    call.response.once("close", stop);
    return undefined;
  }),
];

/** Answers one request, and records how long that took. Errors become JSON with every problem. */
export async function answer(parts: ApiParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const started = performance.now();
  const url = `http://localhost${request.url ?? "/"}`;
  const found = routes.find(({ method, pattern }) => method === request.method && pattern.test(url));
  response.once("close", () =>
    parts.metrics.duration.observe(
      {
        http_request_method: found?.method ?? "_OTHER",
        http_route: found?.path ?? "",
        http_response_status_code: response.statusCode,
      },
      (performance.now() - started) / 1_000,
    ),
  );
  try {
    if (!found) throw notFound(request.url ?? "/");
    const params = found.pattern.exec(url)?.pathname.groups ?? {};
    const call = { ...parts, request, response, params: params as Record<string, string> };
    const reply = await found.handler(call);
    if (reply) send(response, ...reply);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else if (error instanceof RequestError) send(response, error.status, { problems: error.problems });
    else {
      process.stderr.write(`${request.method} ${found?.path}: ${(error as Error).stack}\n`);
      send(response, 500, {
        problems: [{ code: "INTERNAL", path: "request", message: "failed", fix: "See the log." }],
      });
    }
  }
}

function send(response: ServerResponse, status: number, body?: unknown): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
  response.end(body === undefined ? undefined : `${JSON.stringify(body)}\n`);
}
