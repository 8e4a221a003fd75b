import { execFile } from "node:child_process";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseText } from "../../test/scrape.ts";
import { Registry } from "../registry/registry.ts";
import { type MetricsServer, type ServeOptions, serve } from "./serve.ts";

const help = "Test.";
const open: MetricsServer[] = [];

async function start(
  options: ServeOptions = {},
  registry = new Registry({ ownMetrics: false }),
): Promise<MetricsServer & { registry: Registry }> {
  const server = await serve(registry, { port: 0, ...options });
  open.push(server);
  return Object.assign(server, { registry });
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

/** What comes back on a connection for raw bytes. */
async function raw(port: number, bytes: string | Uint8Array): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.end(bytes);
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  await once(socket, "close");
  return text;
}

describe("GET /metrics", () => {
  it("answers in the format that is asked for, compressed where it is taken", async () => {
    const { url, registry } = await start();
    const counter = registry.metric({ name: "n_total", type: "counter", help, labels: { a: "any" } });
    for (let a = 0; a < 100; a++) counter.inc({ a });
    const get = (accept: string) => fetch(`${url}/metrics`, { headers: { accept, "accept-encoding": "identity" } });
    const text = await get("*/*");
    expect(text.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
    expect(parseText(await text.text())).toHaveLength(100);
    const open = await get("application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
    expect(open.headers.get("content-type")).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
    expect(await open.text()).toMatch(/# EOF\n$/);
    const proto = await get(
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
    );
    expect(proto.headers.get("content-type")).toMatch(/^application\/vnd\.google\.protobuf/);
    const zipped = await new Promise<Buffer>((resolve) => {
      httpRequest(`${url}/metrics`, { headers: { "accept-encoding": "gzip" } }, (response) => {
        expect(response.headers["content-encoding"]).toBe("gzip");
        const chunks: Buffer[] = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () => resolve(Buffer.concat(chunks)));
      }).end();
    });
    expect(parseText(gunzipSync(zipped).toString())).toHaveLength(100);
    const head = await fetch(`${url}/metrics`, { method: "HEAD" });
    expect(await head.text()).toBe("");
  });

  it("can be narrowed to names and groups", async () => {
    const { url, registry } = await start();
    registry.metric({ name: "a_total", type: "counter", help, group: "jobs" }).inc();
    registry.metric({ name: "b_seconds", type: "histogram", help, buckets: [1] }).observe(1);
    const names = async (path: string) => {
      const response = await fetch(url + path);
      return response.ok ? parseText(await response.text()).map(({ name }) => name) : response.status;
    };
    expect(await names("/metrics?name[]=a_total")).toEqual(["a_total"]);
    expect(await names("/metrics?name[]=b_seconds_bucket")).toContain("b_seconds_count");
    expect(await names("/metrics?name[]=none")).toEqual([]);
    expect(await names("/metrics/jobs")).toEqual(["a_total"]);
    expect(await names("/metrics/none")).toBe(404);
    expect(await names("/")).toBe(404);
  });

  it("renders once for those who wait together, and runs collectors first", async () => {
    const { url, registry } = await start();
    let collected = 0;
    const gauge = registry.metric({ name: "g", type: "gauge", help });
    registry.onCollect(async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      gauge.set(++collected);
    });
    const bodies = await Promise.all(Array.from({ length: 8 }, async () => (await fetch(`${url}/metrics`)).text()));
    expect(new Set(bodies).size).toBeLessThanOrEqual(2);
    expect(collected).toBeLessThanOrEqual(2);
  });

  it("goes without a collector that fails or hangs", async () => {
    const errors: unknown[] = [];
    const { url, registry } = await start({ onError: (error) => errors.push(error), requestTimeoutMs: 400 });
    registry.metric({ name: "n_total", type: "counter", help }).inc();
    const stop = registry.onCollect(() => {
      throw new Error("broken");
    });
    expect(await (await fetch(`${url}/metrics`)).text()).toContain("n_total 1\n");
    stop();
    registry.onCollect(() => new Promise(() => {}));
    expect(await (await fetch(`${url}/metrics`)).text()).toContain("n_total 1\n");
    expect(errors.map((error) => (error as Error).message)).toEqual([
      "broken",
      "collecting metrics took longer than 200 ms",
    ]);
  });

  it("is for those who may", async () => {
    const { url } = await start({
      auth: { basic: { username: "prometheus", password: "pass:word" }, bearer: { token: "secret" } },
    });
    const status = async (authorization?: string) =>
      (await fetch(`${url}/metrics`, { headers: authorization ? { authorization } : {} })).status;
    const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
    expect(await status()).toBe(401);
    expect(await status("Bearer secret")).toBe(200);
    expect(await status("bearer  secret")).toBe(200);
    expect(await status("Bearer secretx")).toBe(401);
    expect(await status("Bearer")).toBe(401);
    expect(await status(basic("prometheus:pass:word"))).toBe(200);
    expect(await status(basic("prometheus:pass"))).toBe(401);
    expect(await status(basic("other:pass:word"))).toBe(401);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/metrics`)).headers.get("www-authenticate")).toContain("Basic");
  });
});

describe("/health", () => {
  it("runs named checks for each question", async () => {
    const errors: unknown[] = [];
    let ready = false;
    const { url } = await start({
      requestTimeoutMs: 200,
      onError: (error) => errors.push(error),
      health: {
        live: { loop: () => true },
        ready: {
          database: () => ready,
          cache: async () => {
            if (!ready) throw new Error("no cache: password=hunter2");
          },
          slow: () => (ready ? undefined : new Promise<boolean>(() => {})),
        },
      },
    });
    const get = async (path: string) => {
      const response = await fetch(url + path);
      return [response.status, await response.json()];
    };
    expect(await get("/health/live")).toEqual([200, { status: "ok", checks: { loop: "ok" } }]);
    const failing = { database: "failing", cache: "failing", slow: "failing" };
    expect(await get("/health/ready")).toEqual([503, { status: "failing", checks: failing }]);
    ready = true;
    expect(await get("/health")).toEqual([
      200,
      { status: "ok", checks: { metrics_memory: "ok", loop: "ok", database: "ok", cache: "ok", slow: "ok" } },
    ]);
    expect(errors).toHaveLength(2);
  });

  it("answers probes on other paths as well, beside scrapes that take every place", async () => {
    let started = false;
    const { url, registry } = await start({
      maxConcurrent: 1,
      health: {
        live: { loop: () => true },
        startup: { cache: () => started },
        paths: { live: "/livez", ready: "/readyz", startup: "/startup" },
      },
    });
    let release = () => {};
    const collecting = new Promise<void>((collects) =>
      registry.onCollect(() => {
        collects();
        return new Promise<void>((resolve) => (release = resolve));
      }),
    );
    const scrape = fetch(`${url}/metrics`);
    await collecting;
    const status = async (path: string) => (await fetch(url + path)).status;
    expect(await status("/startup?verbose")).toBe(503);
    started = true;
    for (const path of ["/livez", "/readyz", "/startup", "/health/live", "/health/startup"])
      expect([path, await status(path)]).toEqual([path, 200]);
    expect(await (await fetch(`${url}/livez`)).json()).toEqual({ status: "ok", checks: { loop: "ok" } });
    expect(await status("/livez/more")).toBe(503);
    release();
    await scrape;
    expect(await status("/livez/more")).toBe(404);
  });

  it("rejects paths of probes that are no paths, or answer something else", async () => {
    for (const paths of [
      { live: "livez" },
      { live: "/metrics/a" },
      { ready: "/health/x" },
      { live: "/z", ready: "/z" },
    ])
      await expect(serve(new Registry(), { port: 0, health: { paths } })).rejects.toMatchObject({
        code: "SERVER_PATH",
      });
  });
});

describe("the server", () => {
  it("listens on this machine only unless it is told otherwise, and says when it cannot", async () => {
    const { url, port } = await start();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    await expect(serve(new Registry(), { port })).rejects.toMatchObject({ code: "SERVER_LISTEN" });
  });

  it("turns away more requests than it may have at once, and clients that take too long", async () => {
    const { url, port, registry } = await start({ maxConcurrent: 1, requestTimeoutMs: 600 });
    let release = () => {};
    registry.onCollect(() => new Promise<void>((resolve) => (release = resolve)));
    const first = fetch(`${url}/metrics`);
    while (true) {
      const second = await fetch(`${url}/metrics`).catch(() => undefined);
      if (second?.status === 503) {
        expect(second.headers.get("retry-after")).toBe("1");
        break;
      }
    }
    release();
    expect((await first).status).toBe(200);
    // Half a request: closed after its time, with nobody else waiting.
    const halfOpen = connect(port, "127.0.0.1");
    halfOpen.write("GET /metrics HTTP/1.1\r\nHost");
    halfOpen.on("error", () => {});
    halfOpen.resume();
    await once(halfOpen, "close");
  });

  it("answers health checks while clients hold every connection and every scrape", async () => {
    const { url, port, registry } = await start({ maxConcurrent: 2, maxConnections: 8 });
    registry.onCollect(() => new Promise<void>(() => {}));
    const scrapes = [1, 2].map(() => fetch(`${url}/metrics`).catch(() => undefined));
    while ((await fetch(`${url}/metrics`, { headers: { connection: "close" } })).status !== 503);
    const held = Array.from({ length: 20 }, () => connect(port, "127.0.0.1"));
    for (const [i, socket] of held.entries()) {
      socket.on("error", () => {});
      // Silent, half a request, nonsense with the own side left open.
      socket.write(["", "GET /metrics HTTP/1.1\r\nHo", "nonsense\r\n\r\n"][i % 3]!);
      socket.resume();
    }
    for (let i = 0; i < 10; i++) {
      const response = await fetch(`${url}/health/live`, { headers: { connection: "close" } });
      expect(response.status).toBe(200);
    }
    for (const socket of held) socket.destroy();
    await Promise.all(scrapes);
  });

  it("lets no connection live on without a request, whatever state it is in", async () => {
    const { port } = await start({ requestTimeoutMs: 300 });
    const states = [
      "",
      "GET /metrics HTTP/1.1\r\nHost",
      "nonsense\r\n\r\n",
      "POST / HTTP/1.1\r\nContent-Length: 9\r\nHost: x\r\n\r\n",
    ];
    await Promise.all(
      states.map(async (sent) => {
        // Its own side stays open: only the server can end the connection.
        const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
        socket.on("error", () => {});
        socket.write(sent);
        socket.resume();
        await once(socket, "end");
        // What is written now must find nobody.
        while (!socket.destroyed) {
          socket.write("x");
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }),
    );
  });

  it("runs a health check once for all who ask at the same time", async () => {
    let runs = 0;
    const release: (() => void)[] = [];
    const slow = () => new Promise<void>((resolve) => release.push(resolve)).then(() => void runs++);
    const { url } = await start({ health: { live: { slow } } });
    const asked = Array.from({ length: 30 }, () => fetch(`${url}/health/live`));
    await vi.waitFor(() => expect(release).toHaveLength(1));
    // All that asked are waiting once a request that came after them is answered.
    await fetch(`${url}/health/ready`);
    for (const free of release) free();
    expect((await Promise.all(asked)).every(({ status }) => status === 200)).toBe(true);
    expect(runs).toBeLessThanOrEqual(2);
  });

  it("says in /health, and only there, that the memory is full", async () => {
    const registry = new Registry({ maxBytes: 32 * 65_536, maxSeries: 30_000 });
    const { url, port } = await serve(registry, { port: 0 });
    const counter = registry.metric({ name: "n_total", type: "counter", help, labels: { a: "any" } });
    for (let a = 0; a < 25_000; a++) counter.inc({ a: `${a}`.padStart(90, "x") });
    expect(await (await fetch(`${url}/health`)).json()).toEqual({
      status: "failing",
      checks: { metrics_memory: "failing" },
    });
    for (const probe of ["live", "ready"]) expect((await fetch(`${url}/health/${probe}`)).status).toBe(200);
    expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain(
      "skopos_metrics_memory_exhausted 1\n",
    );
  });

  it("gives a port to one process of a cluster only", async () => {
    const program = fileURLToPath(new URL("../../test/cluster-port.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [program]);
    expect(JSON.parse(stdout)).toEqual(["listening", "SERVER_LISTEN"]);
  });

  it("refuses every wrong option at once, without showing a secret", async () => {
    const wrong = {
      port: "9464",
      path: "metrics",
      maxConcurrent: 0,
      auth: { basic: { username: "u", password: undefined }, bearer: { token: "" } },
    } as unknown as ServeOptions;
    await expect(serve(new Registry(), wrong)).rejects.toMatchObject({
      problems: ["SERVER_PORT", "SERVER_PATH", "SERVER_LIMIT", "SERVER_AUTH", "SERVER_AUTH"].map((code) =>
        expect.objectContaining({ code }),
      ),
    });
    for (const auth of [{}, null, { basic: {} }, { basic: { username: "u:v", password: "secret" } }, { bearer: {} }]) {
      const refused = serve(new Registry(), { port: 0, auth } as unknown as ServeOptions);
      await expect(refused).rejects.toMatchObject({
        code: "SERVER_AUTH",
        message: expect.not.stringContaining("secret"),
      });
    }
    for (const path of ["/", "/health", "/health/metrics", "/metrics/", "/a b", ""]) {
      await expect(serve(new Registry(), { port: 0, path })).rejects.toMatchObject({ code: "SERVER_PATH" });
    }
    for (const port of [-1, 1.5, 65_536, Number.NaN]) {
      await expect(serve(new Registry(), { port })).rejects.toMatchObject({ code: "SERVER_PORT" });
    }
  });

  it("goes on recording and answering while a client does not read", async () => {
    const { url, port, registry } = await start({ requestTimeoutMs: 1000 });
    const counter = registry.metric({ name: "n_total", type: "counter", help, labels: { a: "any" } });
    for (let a = 0; a < 9000; a++) counter.inc({ a: `${a}`.padEnd(200, "x") });
    const slow = connect(port, "127.0.0.1");
    slow.on("error", () => {});
    slow.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(5));
    slow.pause();
    counter.inc({ a: "after" });
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('n_total{a="after"} 1\n');
    slow.resume();
    await once(slow, "close");
  });

  it("says 500, and nothing of why, when rendering fails", async () => {
    const errors: unknown[] = [];
    const { url, registry } = await start({ onError: (error) => errors.push(error) });
    vi.spyOn(registry, "read").mockImplementation(() => {
      throw new Error("broken");
    });
    const response = await fetch(`${url}/metrics`);
    expect([response.status, await response.text()]).toEqual([500, "the metrics could not be rendered\n"]);
    expect(errors).toEqual([new Error("broken")]);
  });

  it("refuses what is not a request for it", async () => {
    const { url, port } = await start();
    expect((await fetch(`${url}/metrics`, { method: "POST", body: "x" })).status).toBe(405);
    expect(await raw(port, "GET // HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw(port, "nonsense\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
  });

  it("survives whatever is sent to it", async () => {
    const { url, port } = await start();
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(
        "GET /metrics?name[]=%ff HTTP/1.1",
        "GET /metrics/%00 HTTP/1.1",
        "HEAD * HTTP/1.1",
        "GET http://[ HTTP/1.1",
      ),
    );
    const header = fc.oneof(
      fc.string().map((value) => `Accept: ${value.replace(/[\r\n]/g, "")}`),
      fc.string().map((value) => `Authorization: Basic ${value.replace(/[\r\n]/g, "")}`),
      fc.constantFrom(
        "Accept-Encoding: gzip;q=2,*;q=-1",
        "Content-Length: -1",
        "Transfer-Encoding: chunked",
        "Host: x",
        "Expect: 100-continue",
      ),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(line, fc.array(header, { maxLength: 6 }), async (first, headers) => {
        const reply = await raw(port, `${[first, ...headers, "Connection: close"].join("\r\n")}\r\n\r\n`);
        expect(reply).not.toMatch(/^HTTP\/1\.1 500/);
      }),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await raw(port, bytes);
      }),
      { numRuns: 50 },
    );
    expect((await fetch(`${url}/metrics`)).status).toBe(200);
  });
});
