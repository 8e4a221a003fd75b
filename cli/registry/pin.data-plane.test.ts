// `skopos images --pin` against real registries: one with passwords, one with tokens, and a server that misbehaves.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ImageLock } from "../../stacks/image-lock.ts";
import { type OciRegistry, startRegistry, user } from "../../test/data-plane/oci-registry.ts";
import { startTokenServer, type TokenServer } from "../../test/data-plane/token-server.ts";
import { newAuthority } from "../../test/support/x509.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-pin-"));
const home = join(folder, "home");
const project = join(folder, "project");
const lockFile = join(project, "images.dev.lock.json");
const addresses = { passwords: "127.0.53.1", tokens: "127.0.53.2", tokenServer: "127.0.53.3", faulty: "127.0.53.4" };
/** The reference and the digest that was pushed, for every image of the stack. */
const pushed = new Map<string, string>();
const resources = new AsyncDisposableStack();
let passwords: OciRegistry;
let tokens: OciRegistry;
let tokenServer: TokenServer;
/** What the server that misbehaves does. */
let behave: RequestListener = (_request, response) => response.writeHead(404).end("{}");

/** Runs the command line in the project, as a user who has nothing but what the test gives. */
async function skopos(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [resolve("bin/skopos.mjs"), ...args], {
    cwd: project,
    env: {
      PATH: `${join(folder, "bin")}:/usr/bin:/bin`,
      HOME: home,
      NODE_EXTRA_CA_CERTS: join(folder, "ca.crt"),
      ...env,
    },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  const [status] = (await once(child, "close")) as [number];
  for (const secret of [
    user.password,
    Buffer.from(`${user.name}:${user.password}`).toString("base64"),
    tokenServer.identityToken,
  ])
    expect(stdout + stderr).not.toContain(secret);
  expect(stderr).not.toMatch(/^\s+at /m);
  return { status, stdout, stderr };
}

const writeStack = (registries: Readonly<Record<string, string>>, images: object = {}): void =>
  writeFileSync(
    join(project, "Pulumi.dev.yaml"),
    JSON.stringify({
      config: {
        "skopos:cluster": { name: "c", version: "1.36", networkPolicies: false },
        "skopos:retention": "ephemeral",
        "skopos:scale": "small",
        "skopos:availability": "single",
        "skopos:images": { registries },
        ...images,
      },
    }),
  );

/** What docker and podman know. */
const logIn = (auths: object, others: object = {}): void =>
  writeFileSync(join(home, ".docker/config.json"), JSON.stringify({ auths, ...others }));

const auth = (password: string = user.password) => ({
  auth: Buffer.from(`${user.name}:${password}`).toString("base64"),
});

/** A credential helper that is an executable of the user's. */
function helper(name: string, script: string): void {
  const path = join(folder, "bin", `docker-credential-${name}`);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

const lock = (): ImageLock => JSON.parse(readFileSync(lockFile, "utf8")) as ImageLock;
const pin = (...more: readonly string[]) =>
  skopos(["images", "--pin", "--plain-http", `${addresses.faulty}:5080`, ...more]);

beforeAll(async () => {
  for (const path of [join(home, ".docker"), project, join(folder, "bin")]) mkdirSync(path, { recursive: true });
  const authority = await newAuthority("registries");
  writeFileSync(join(folder, "ca.crt"), authority.certificate);
  const htpasswd = join(folder, "htpasswd");
  writeFileSync(htpasswd, `${user.name}:${user.hash}\n`);
  tokenServer = resources.use(await startTokenServer(folder, addresses.tokenServer, authority, user));
  const shared = { authority };
  passwords = resources.use(
    await startRegistry({
      ...shared,
      folder: join(folder, "passwords"),
      address: addresses.passwords,
      auth: { htpasswd: { realm: "test", path: htpasswd } },
      authorization: () => `Basic ${auth().auth}`,
    }),
  );
  tokens = resources.use(
    await startRegistry({
      ...shared,
      folder: join(folder, "tokens"),
      address: addresses.tokens,
      auth: tokenServer.auth,
      authorization: (repository) => `Bearer ${tokenServer.token(repository, ["pull", "push"])}`,
    }),
  );
  const faulty = createServer((request, response) => behave(request, response)).listen(5080, addresses.faulty);
  await once(faulty, "listening");
  resources.defer(() => {
    faulty.close();
    faulty.closeAllConnections();
  });
});
afterAll(async () => {
  await resources.disposeAsync();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  writeStack(mirrors());
  logIn({ [passwords.host]: auth() }, { credHelpers: { [tokens.host]: "vault" } });
  const answer = join(folder, "vault.json");
  writeFileSync(answer, JSON.stringify({ Username: user.name, Secret: user.password }));
  helper("vault", `[ "$1 $(cat)" = "get ${tokens.host}" ] && cat ${answer}`);
});

/** Where the stack's images come from: with a path, as most mirrors are. */
const mirrors = () => ({
  "docker.io": `${passwords.host}/docker`,
  "quay.io": tokens.host,
  "registry.k8s.io": `${tokens.host}/k8s`,
});

test("pins every image to the digest of its index, and everything that renders uses it", async () => {
  const before = await skopos(["images"]);
  const references = before.stdout.trim().split("\n");
  expect(references.length).toBeGreaterThan(10);
  for (const reference of references) {
    const [, host = "", repository = "", tag = ""] = /^([^/]+)\/(.*):([^:]+)$/.exec(reference) ?? [];
    const registry = host === passwords.host ? passwords : tokens;
    expect(registry.host).toBe(host);
    pushed.set(reference, await registry.push(repository, tag, reference));
  }
  const unpinned = await skopos(["check", "--stack", "dev", "--format", "json"]);
  expect(unpinned.stdout).toContain("pods/image-digest");

  const { status, stdout, stderr } = await pin();
  expect(stderr).toBe(`wrote images.dev.lock.json: ${pushed.size} new, 0 moved, 0 unchanged\n`);
  expect(status).toBe(0);
  expect(stdout.trim().split("\n")).toEqual(
    [...pushed].map(([reference, digest]) => `${reference}@${digest} new`).sort(),
  );
  expect(lock().images).toEqual(
    Object.fromEntries(
      [...pushed].map(([reference, digest]) => [reference, { digest, platforms: ["linux/amd64", "linux/arm64"] }]),
    ),
  );
  expect(readdirSync(project).sort()).toEqual(["Pulumi.dev.yaml", "images.dev.lock.json"]);
  expect(new Set(tokenServer.asked)).toEqual(new Set([`GET ${user.name}`]));

  const pinned = [...pushed].map(([reference, digest]) => `${reference}@${digest}`);
  expect((await skopos(["images"])).stdout.trim().split("\n").sort()).toEqual(pinned.sort());
  expect(JSON.parse((await skopos(["plan", "--json"])).stdout).images).toEqual({
    total: pushed.size,
    withoutDigest: 0,
  });
  expect((await skopos(["check", "--stack", "dev", "--format", "json"])).stdout).not.toContain("pods/image-digest");
  expect((await skopos(["render", "--out", "out", "--argocd"])).status).toBe(0);
  const rendered = globSync("**/*.yaml", { cwd: join(project, "out") })
    .map((file) => readFileSync(join(project, "out", file), "utf8"))
    .join("\n");
  const used = new Set([...rendered.matchAll(/127\.0\.53\.\d:5000\/[^\s"']+/g)].map(([reference]) => reference));
  expect([...used].sort()).toEqual(pinned.sort());
  rmSync(join(project, "out"), { recursive: true });
});

test("reports tags that moved, and pins what they name now", async () => {
  expect(await skopos(["images", "--check"])).toMatchObject({ status: 0, stdout: "" });
  const [reference = "", previous] = [...pushed].find(([name]) => name.includes("/grafana/mimir")) ?? [];
  const [repository = "", tag = ""] = reference.slice(passwords.host.length + 1).split(":");
  const digest = await passwords.push(repository, tag, "another build");
  const check = await skopos(["images", "--check"]);
  expect(check).toMatchObject({ status: 1, stdout: `${reference}@${digest} moved from ${previous}\n` });
  expect(lock().images[reference]?.digest).toBe(previous);
  const { stdout, status } = await pin("--json");
  expect(status).toBe(0);
  const { written, images } = JSON.parse(stdout);
  expect(written).toBe(true);
  expect(images.filter(({ change }: { change: string }) => change === "moved")).toMatchObject([
    { reference, digest, previous },
  ]);
  expect(lock().images[reference]?.digest).toBe(digest);
});

test("an image for one platform is pinned with a note; one with a digest in the stack file keeps it", async () => {
  const digest = await passwords.pushSingle("docker/grafana/mimir", "single", "amd64 only");
  const own = `sha256:${"1".repeat(64)}`;
  const components = { mimir: { image: { tag: "single" } }, loki: { image: { digest: own } } };
  writeStack(mirrors(), { "skopos:components": components });
  const { stderr, status } = await pin();
  expect(status).toBe(0);
  const reference = `${passwords.host}/docker/grafana/mimir:single`;
  expect(stderr).toContain(`${reference}: an image for one platform only`);
  expect(lock().images[reference]).toEqual({ digest });
  const images = (await skopos(["images"])).stdout;
  expect(images).toContain(`${reference}@${digest}\n`);
  expect(images).toMatch(new RegExp(`grafana/loki:[^@]+@${own}\n`));
  expect(Object.keys(lock().images).filter((name) => name.includes("loki"))).toEqual([]);
});

describe("credentials", () => {
  test("an identity token is exchanged for a token", async () => {
    tokenServer.asked.length = 0;
    logIn({ [passwords.host]: auth(), [`https://${tokens.host}/v2/`]: { identitytoken: tokenServer.identityToken } });
    expect((await pin()).status).toBe(0);
    expect(new Set(tokenServer.asked)).toEqual(new Set(["POST refresh_token"]));
  });

  test("podman's file is read first, and may name a part of a registry", async () => {
    logIn({ [passwords.host]: auth("old"), [tokens.host]: auth() });
    const file = join(folder, "auth.json");
    writeFileSync(file, JSON.stringify({ auths: { [`${passwords.host}/docker`]: auth() } }));
    expect((await skopos(["images", "--pin"], { REGISTRY_AUTH_FILE: file })).status).toBe(0);
  });

  test.each([
    ["no entry", () => logIn({ [tokens.host]: auth() }), "requires credentials, and neither docker nor podman has any"],
    [
      "a wrong password",
      () => logIn({ [passwords.host]: auth("wrong"), [tokens.host]: auth() }),
      "rejects the credentials of",
    ],
    [
      "a helper that is not installed",
      () => logIn({ [tokens.host]: auth() }, { credHelpers: { [passwords.host]: "none" } }),
      "docker-credential-none is not on PATH",
    ],
    [
      "a helper that fails",
      () => {
        helper("broken", `echo "cannot unlock $(cat ${join(folder, "vault.json")})"; exit 3`);
        logIn({ [tokens.host]: auth() }, { credsStore: "broken" });
      },
      "docker-credential-broken failed with exit code 3",
    ],
    [
      "a file that is not JSON",
      () => writeFileSync(join(home, ".docker/config.json"), `{${user.password}`),
      "config.json is not JSON",
    ],
  ])(
    "%s: every image of the registry is listed with cause and fix, and the lock file stays",
    async (_, arrange, cause) => {
      arrange();
      const before = readFileSync(lockFile, "utf8");
      const { status, stderr, stdout } = await pin();
      expect(status).toBe(2);
      const fromPasswords = [...pushed.keys()].filter((reference) => reference.startsWith(passwords.host));
      for (const reference of fromPasswords) {
        const at = stderr.split("\n").findIndex((line) => line.startsWith(`${reference}: `) && line.includes(cause));
        expect(at, `${reference}: ${cause}\n${stderr}`).toBeGreaterThanOrEqual(0);
        expect(stderr.split("\n")[at + 1]).toBe(`  fix: docker login ${passwords.host}`);
      }
      expect(stderr).toContain("images.dev.lock.json was not written");
      expect(stdout).not.toContain(passwords.host);
      expect(readFileSync(lockFile, "utf8")).toBe(before);
      expect(readdirSync(project).sort()).toEqual(["Pulumi.dev.yaml", "images.dev.lock.json"]);
    },
  );
});

describe("a registry that", () => {
  const failure = async (...more: readonly string[]) => {
    const { status, stdout } = await pin("--json", ...more);
    const { failed, written } = JSON.parse(stdout) as {
      failed: { reference: string; cause: string; fix: string }[];
      written: boolean;
    };
    expect({ status, written }).toEqual({ status: 2, written: false });
    expect(failed.map(({ reference }) => reference.startsWith(addresses.faulty) || reference)).not.toContain(false);
    return failed[0];
  };
  const useFaulty = () => writeStack({ ...mirrors(), "registry.k8s.io": `${addresses.faulty}:5080` });
  beforeEach(useFaulty);

  test("has no such tag", async () => {
    behave = (_request, response) => response.writeHead(404).end("{}");
    expect(await failure()).toMatchObject({ cause: expect.stringContaining("has no image kube-state-metrics/") });
    writeStack({ ...mirrors(), "registry.k8s.io": passwords.host });
    expect(await failure()).toMatchObject({ cause: expect.stringContaining("has no image kube-state-metrics/") });
  });

  test("limits requests: waits if that is short, else says for how long", async () => {
    behave = (_request, response) => response.writeHead(429, { "retry-after": "120" }).end();
    expect(await failure()).toMatchObject({
      cause: `${addresses.faulty}:5080 answers 429: too many requests`,
      fix: expect.stringContaining("in 120 s"),
    });
    let left = 2;
    behave = (_request, response) =>
      left-- > 0
        ? response.writeHead(429, { "retry-after": "0" }).end()
        : response
            .writeHead(200, { "content-type": "application/vnd.oci.image.manifest.v1+json" })
            .end('{"schemaVersion":2}');
    expect((await pin()).status).toBe(0);
    expect(left).toBeLessThan(0);
  });

  test("is slow to answer, or to finish", async () => {
    behave = () => undefined;
    expect(await failure("--timeout", "1")).toMatchObject({
      cause: expect.stringContaining("does not answer within 1 s"),
    });
    behave = (_request, response) => response.writeHead(200, { "content-length": "100" }).write("{");
    expect(await failure("--timeout", "1")).toMatchObject({
      cause: expect.stringContaining("does not answer within 1 s"),
    });
  });

  test("is out of order, answers a login page, or another manifest than it states", async () => {
    behave = (_request, response) => response.writeHead(500).end(user.password);
    expect(await failure()).toMatchObject({ cause: expect.stringContaining("answers 500") });
    behave = (_request, response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>");
    expect(await failure()).toMatchObject({ cause: expect.stringContaining("text/html") });
    const headers = {
      "content-type": "application/vnd.oci.image.index.v1+json",
      "docker-content-digest": `sha256:${"2".repeat(64)}`,
    };
    behave = (_request, response) => response.writeHead(200, headers).end('{"manifests":[]}');
    expect(await failure()).toMatchObject({ cause: expect.stringContaining("digest is another one") });
    const { "content-type": type } = headers;
    for (const index of [
      '{"manifests":[]}',
      '{"manifests":[{"platform":{"os":"linux","architecture":"arm64"}}]}',
      "{}",
    ]) {
      behave = (_request, response) => response.writeHead(200, { "content-type": type }).end(index);
      expect(await failure(), index).toMatchObject({ cause: expect.stringContaining("names no manifests") });
    }
  });

  test("does not listen, or does not speak TLS", async () => {
    writeStack({ ...mirrors(), "registry.k8s.io": `${addresses.faulty}:5081` });
    expect(await failure()).toMatchObject({ cause: expect.stringContaining("refuses connections") });
    useFaulty();
    const { stderr, status } = await skopos(["images", "--pin"]);
    expect(status).toBe(2);
    expect(stderr).toContain("does not speak TLS");
    expect(stderr).toContain(`fix: --plain-http ${addresses.faulty}:5080`);
  });

  test("has a certificate of an unknown authority, or is not running any more", async () => {
    writeStack(mirrors());
    const { stderr, status } = await skopos(["images", "--pin"], { NODE_EXTRA_CA_CERTS: "" });
    expect(status).toBe(2);
    expect(stderr).toContain("has a certificate of an unknown authority");
    await passwords.program.stop();
    expect(await failure()).toMatchObject({ cause: `${passwords.host} refuses connections` });
  });
});

test("a lock file that cannot be read is a problem of the configuration; the command that mends it works", async () => {
  writeFileSync(lockFile, '{"version":1,"images":{"a":{"digest":"latest"}}}');
  const { status, stderr } = await skopos(["render", "--out", "out"]);
  expect(status).toBe(1);
  expect(stderr).toContain("SKP1021 images.dev.lock.json: images > a > digest");
  writeStack({ ...mirrors(), "docker.io": tokens.host });
  expect((await skopos(["images", "--pin"])).stderr).not.toContain("SKP1021");
});
