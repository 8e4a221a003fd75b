import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import type { Authority } from "../support/x509.ts";
import { type RunningProgram, ready, start } from "./process.ts";

/** A user of the registries, with the bcrypt hash of the password that `htpasswd -nbB` makes. */
export const user = {
  name: "robot$mirror",
  password: "it's:a/secret",
  hash: "$2a$04$KQ1Nel9EapwEl86N8HPrDuiBMTomu0AjeR2fnbQf.b2JcdJ3x81tG",
} as const;

/** A real registry with TLS, and what it accepts. */
export interface OciRegistry extends AsyncDisposable {
  /** Address with its port. */
  readonly host: string;
  readonly program: RunningProgram;
  /** Pushes an index of images for two platforms, whose contents depend on `content`. @returns the index's digest */
  push(repository: string, tag: string, content: string): Promise<string>;
  /** Pushes an image for a single platform. @returns its digest */
  pushSingle(repository: string, tag: string, content: string): Promise<string>;
}

interface Setup {
  readonly folder: string;
  /** Loopback address that it binds. */
  readonly address: string;
  readonly authority: Authority;
  /** The `auth` section of its configuration. @see https://distribution.github.io/distribution/about/configuration/#auth */
  readonly auth: object;
  /** The `Authorization` with which the test pushes to a repository. */
  readonly authorization: (repository: string) => string;
}

/** Starts a real registry that keeps its blobs in a folder. */
export async function startRegistry(setup: Setup): Promise<OciRegistry> {
  const { folder, address, authority, auth, authorization } = setup;
  mkdirSync(folder, { recursive: true });
  const host = `${address}:5000`;
  const { certificate, key } = await authority.issue({ commonName: address, serves: [address] });
  const files = { certificate: join(folder, "tls.crt"), key: join(folder, "tls.key") };
  writeFileSync(files.certificate, certificate);
  writeFileSync(files.key, key);
  const config = join(folder, "config.yaml");
  const http = { addr: host, tls: files };
  const storage = { filesystem: { rootdirectory: join(folder, "blobs") } };
  writeFileSync(config, JSON.stringify({ version: "0.1", log: { level: "warn" }, storage, http, auth }));
  const program = start("registry", [config]);
  const { certificate: ca } = authority;
  // Without credentials it answers 401, which is an answer too.
  await ready(program, async () => (await send(ca, "GET", `https://${host}/v2/`)).status === 401);

  const put = async (repository: string, reference: string, mediaType: string, body: string) => {
    const url = `https://${host}/v2/${repository}/manifests/${reference}`;
    const headers = { authorization: authorization(repository), "content-type": mediaType };
    const { status, text } = await send(ca, "PUT", url, headers, body);
    if (status !== 201) throw new Error(`${url} answers ${status}: ${text}`);
    return digestOf(body);
  };
  const pushImage = async (repository: string, content: string, tag?: string) => {
    const blob = JSON.stringify({ architecture: "amd64", os: "linux", content });
    const headers = { authorization: authorization(repository), "content-type": "application/octet-stream" };
    const upload = await send(ca, "POST", `https://${host}/v2/${repository}/blobs/uploads/`, headers);
    const place = `${upload.location}&digest=${digestOf(blob)}`;
    const { status, text } = await send(ca, "PUT", place, headers, blob);
    if (status !== 201) throw new Error(`${place} answers ${status}: ${text}`);
    const config = {
      mediaType: "application/vnd.oci.image.config.v1+json",
      digest: digestOf(blob),
      size: Buffer.byteLength(blob),
    };
    const manifest = JSON.stringify({ schemaVersion: 2, mediaType: ociManifest, config, layers: [] });
    const digest = await put(repository, tag ?? digestOf(manifest), ociManifest, manifest);
    return { digest, size: Buffer.byteLength(manifest), mediaType: ociManifest };
  };
  return {
    host,
    program,
    push: async (repository, tag, content) => {
      const manifests = [];
      for (const architecture of ["amd64", "arm64"]) {
        const image = await pushImage(repository, `${content} ${architecture}`);
        manifests.push({ ...image, platform: { os: "linux", architecture } });
      }
      return put(repository, tag, ociIndex, JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests }));
    },
    pushSingle: async (repository, tag, content) => (await pushImage(repository, content, tag)).digest,
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

const ociManifest = "application/vnd.oci.image.manifest.v1+json";
const ociIndex = "application/vnd.oci.image.index.v1+json";

const digestOf = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly location: string;
}

function send(
  ca: string,
  method: string,
  url: string,
  headers: Readonly<Record<string, string>> = {},
  body = "",
): Promise<Answer> {
  return new Promise((done, fail) => {
    const length = { "content-length": Buffer.byteLength(body) };
    const sent = request(url, { method, ca, headers: { ...headers, ...length } }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.once("end", () =>
        done({ status: response.statusCode ?? 0, text, location: response.headers.location ?? "" }),
      );
    });
    sent.once("error", fail);
    sent.end(body);
  });
}
