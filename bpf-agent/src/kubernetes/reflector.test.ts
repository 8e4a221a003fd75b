import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../../test/support/wait.ts";
import { newAuthority } from "../../../test/support/x509.ts";
import { AccessError, apiAccess } from "./access.ts";
import { ApiClient } from "./api-client.ts";
import { type ApiObject, Reflector } from "./reflector.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-reflector-"));
const tokenFile = join(folder, "token");
let pair: { certificate: string; key: string };
let ca = "";
beforeAll(async () => {
  const authority = await newAuthority("test-ca");
  ca = authority.certificate;
  pair = await authority.issue({ commonName: "api", serves: ["127.0.0.1"] });
});
afterAll(() => rmSync(folder, { recursive: true }));

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const object = (uid: string, resourceVersion: number): ApiObject => ({
  metadata: { name: `name-${uid}`, uid, resourceVersion: String(resourceVersion) },
});

const json =
  (status: number, body: object, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response.writeHead(status, headers).end(JSON.stringify(body));

/** A watch that sends events, in pieces that do not end where they do, and ends or stays open. */
const events =
  (all: object[], { open = false } = {}): Answer =>
  (_, response) => {
    const text = all.map((event) => `${JSON.stringify(event)}\n`).join("");
    response.writeHead(200);
    for (let at = 0; at < text.length; at += 17) response.write(text.slice(at, at + 17));
    if (!open) response.end();
  };

/**
 * Runs a reflector against answers that come one after another, and stops it while the request after them is open.
 *
 * @param last answer to that request @default none
 */
async function reflect(answers: Answer[], last?: Answer) {
  const requests: { query: Record<string, string>; token: string | undefined }[] = [];
  const server = createServer({ cert: pair.certificate, key: pair.key }, (request, response) => {
    const query = Object.fromEntries(new URL(request.url ?? "", "https://x").searchParams);
    requests.push({ query, token: request.headers.authorization });
    writeFileSync(tokenFile, `token-${requests.length}\n`);
    (answers[requests.length - 1] ?? last)?.(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  writeFileSync(tokenFile, "token-0\n");
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(join(folder, "ca.crt"), ca);
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      "current-context": "a",
      contexts: [{ name: "a", context: { cluster: "c", user: "u" } }],
      clusters: [
        {
          name: "c",
          cluster: {
            server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
            "certificate-authority": "ca.crt",
          },
        },
      ],
      users: [{ name: "u", user: { tokenFile: "token" } }],
    }),
  );
  const kept = new Map<string, number>();
  let list = 0;
  const counts = { current: 0, failed: [] as string[], synced: 0 };
  const client = new ApiClient(await apiAccess(kubeconfig));
  const stop = new AbortController();
  const reflector = new Reflector(
    client,
    { name: "pods", path: "/api/v1/pods", fieldSelector: "spec.nodeName=a" },
    {
      beginList: () => list++,
      upsert: ({ metadata }) => kept.set(metadata.uid, list),
      remove: ({ metadata }) => kept.delete(metadata.uid),
      endList() {
        for (const [uid, seen] of kept) if (seen !== list) kept.delete(uid);
      },
    },
    {
      current: () => counts.current++,
      event: () => {},
      failed: (_, why) => counts.failed.push(why),
      synced: () => counts.synced++,
    },
  );
  const running = reflector.run(stop.signal);
  await until("the last request", () => requests.length > answers.length);
  if (last) await until("its answer", () => kept.has("last"));
  stop.abort();
  await running;
  client.close();
  server.closeAllConnections();
  server.close();
  return { requests, kept: [...kept.keys()], counts };
}

const added = (uid: string, version: number) => ({ type: "ADDED", object: object(uid, version) });
const bookmark = (version: number, annotations?: Record<string, string>) => ({
  type: "BOOKMARK",
  object: { metadata: { resourceVersion: String(version), annotations } },
});
const initialEnd = (version: number) => bookmark(version, { "k8s.io/initial-events-end": "true" });

test("a streamed list ends with its bookmark, and watches resume from the last one with the token of the moment", async () => {
  const { requests, kept, counts } = await reflect([
    events([added("one", 5), added("two", 6), initialEnd(10), { type: "DELETED", object: object("one", 11) }]),
    events([bookmark(20)]),
  ]);
  expect(kept).toEqual(["two"]);
  expect(requests.map(({ query }) => [query.sendInitialEvents, query.resourceVersion])).toEqual([
    ["true", undefined],
    [undefined, "11"],
    [undefined, "20"],
  ]);
  expect(requests.map(({ token }) => token)).toEqual(["Bearer token-0", "Bearer token-1", "Bearer token-2"]);
  for (const { query } of requests)
    expect(query).toMatchObject({ watch: "1", allowWatchBookmarks: "true", fieldSelector: "spec.nodeName=a" });
  expect(new Set(requests.map(({ query }) => query.timeoutSeconds)).size).toBeGreaterThan(1);
  expect(counts).toMatchObject({ synced: 1, failed: [] });
});

test("a server that cannot stream lists is asked for pages", async () => {
  const { requests, kept } = await reflect([
    json(422, {
      kind: "Status",
      message: "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
    }),
    json(200, { metadata: { resourceVersion: "7", continue: "more" }, items: [object("one", 1)] }),
    json(200, { metadata: { resourceVersion: "7" }, items: [object("two", 2)] }),
    events([added("three", 8)]),
  ]);
  expect(kept).toEqual(["one", "two", "three"]);
  expect(requests.slice(1).map(({ query }) => query.continue ?? query.resourceVersion ?? query.limit)).toEqual([
    "250",
    "more",
    "7",
    "8",
  ]);
});

test("where the server has forgotten the place, a new list is made, and what it does not have is gone", async () => {
  const { requests, kept, counts } = await reflect([
    events([added("one", 1), added("two", 2), initialEnd(10)]),
    events([{ type: "ERROR", object: { kind: "Status", code: 410, message: "too old resource version" } }]),
    events([added("two", 2), initialEnd(90)]),
  ]);
  expect(kept).toEqual(["two"]);
  expect(requests.map(({ query }) => query.resourceVersion)).toEqual([undefined, "10", undefined, "90"]);
  expect(counts).toMatchObject({ synced: 1, failed: [] });
});

test("a list that breaks off is begun again, and other errors are reported and repeated", async () => {
  const broken: Answer = (_, response) => {
    response.writeHead(200).write(`${JSON.stringify(added("one", 1))}\n`);
    setTimeout(() => response.destroy(), 20);
  };
  const { requests, kept, counts } = await reflect([
    broken,
    json(429, { message: "too many requests" }, { "retry-after": "0" }),
    json(403, { message: "pods is forbidden" }),
    events([added("two", 2), initialEnd(3)]),
  ]);
  expect(kept).toEqual(["two"]);
  expect(requests.map(({ query }) => query.sendInitialEvents)).toEqual(["true", "true", "true", "true", undefined]);
  expect(counts.failed).toEqual([expect.any(String), "too many requests", "pods is forbidden"]);
});

test("a watch that is open ends with the reflector", async () => {
  const open = events([added("last", 12)], { open: true });
  const { requests } = await reflect([events([added("one", 5), initialEnd(10)])], open);
  expect(requests).toHaveLength(2);
});

test("what is missing or not supported is named, and no secret with it", async () => {
  const file = join(folder, "other");
  const write = (user: object) =>
    writeFileSync(
      file,
      JSON.stringify({
        "current-context": "a",
        contexts: [{ name: "a", context: { cluster: "c", user: "u" } }],
        clusters: [{ name: "c", cluster: { server: "https://x" } }],
        users: [{ name: "u", user }],
      }),
    );
  write({ exec: { command: "get-token" } });
  await expect(apiAccess(file)).rejects.toThrow(/exec: only tokens and client certificates/);
  writeFileSync(file, "{token: sesame");
  await expect(apiAccess(file)).rejects.toThrow(AccessError);
  await expect(apiAccess(file)).rejects.not.toThrow(/sesame/);
  await expect(apiAccess(join(folder, "none"))).rejects.toThrow(/ENOENT/);
  await expect(apiAccess(undefined, {})).rejects.toThrow(/KUBERNETES_SERVICE_HOST is not set/);
  const inPod = await apiAccess(undefined, { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "6443" });
  expect(inPod.server.href).toBe("https://[fd00::1]:6443/");
});
