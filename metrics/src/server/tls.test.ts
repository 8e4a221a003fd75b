import { once } from "node:events";
import { type RequestOptions, request } from "node:https";
import { connect } from "node:net";
import { expect, it } from "vitest";
import { type KeyPair, newAuthority } from "../../../test/support/x509.ts";
import { Registry } from "../registry/registry.ts";
import { serve } from "./serve.ts";

const tls = ({ certificate, key }: KeyPair) => ({ cert: certificate, key });
const authority = await newAuthority("test authority");
const ca = authority.certificate;
const server = tls(await authority.issue({ commonName: "server", serves: ["127.0.0.1"] }));

/** Status of a GET, or why there was no answer. */
function get(url: string, options: RequestOptions): Promise<number | string> {
  return new Promise((resolve) => {
    const sent = request(url, { ...options, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.end();
  });
}

it("serves over TLS", async () => {
  await using metrics = await serve(new Registry(), { port: 0, tls: server });
  expect(metrics.url).toMatch(/^https:/);
  expect(await get(`${metrics.url}/metrics`, { ca })).toBe(200);
  expect(await get(`${metrics.url}/metrics`, {})).toMatch(/CERT|SIGNATURE|ISSUER/);
});

it("wants a client certificate of its authority where it was given one", async () => {
  await using metrics = await serve(new Registry(), { port: 0, tls: { ...server, ca } });
  const url = `${metrics.url}/metrics`;
  expect(await get(url, { ca, ...tls(await authority.issue({ commonName: "prometheus" })) })).toBe(200);
  expect(await get(url, { ca })).toBeTypeOf("string");
  const stranger = await (await newAuthority("stranger")).issue({ commonName: "prometheus" });
  expect(await get(url, { ca, ...tls(stranger) })).toBeTypeOf("string");
});

it("does not answer plain HTTP beside it", async () => {
  await using metrics = await serve(new Registry(), { port: 0, tls: server });
  await expect(fetch(metrics.url.replace("https", "http"))).rejects.toThrow();
});

it("ends connections that do not finish their handshake", async () => {
  await using metrics = await serve(new Registry(), { port: 0, tls: server, requestTimeoutMs: 300 });
  const sockets = ["", "\x16\x03\x01\x02", "GET / HTTP/1.1\r\n\r\n"].map((sent) => {
    const socket = connect(metrics.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(sent);
    return once(socket.resume(), "close");
  });
  await Promise.all(sockets);
});
