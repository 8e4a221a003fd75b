import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** How a user logs in: with a password, or with a token that is exchanged for another one. */
export type Credentials = { readonly username: string; readonly password: string } | { readonly identityToken: string };

/** What was found for a registry. */
export interface FoundCredentials {
  readonly credentials?: Credentials;
  /** Where they come from: a file or a credential helper. */
  readonly source?: string;
  /** Why a place that may hold them could not be read. */
  readonly problem?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The part of docker's and podman's files that is about credentials. */
interface AuthFile {
  readonly auths?: Readonly<Record<string, AuthEntry>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly credsStore?: string;
}

interface AuthEntry {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
}

/**
 * The files that podman and docker keep credentials in, the first one first.
 * @see https://github.com/containers/image/blob/v5.36.0/docs/containers-auth.json.5.md
 */
function authFiles(env: Environment): readonly string[] {
  const home = env.HOME ?? homedir();
  return [
    ...(env.REGISTRY_AUTH_FILE ? [env.REGISTRY_AUTH_FILE] : []),
    ...(env.XDG_RUNTIME_DIR ? [join(env.XDG_RUNTIME_DIR, "containers/auth.json")] : []),
    join(env.XDG_CONFIG_HOME ?? join(home, ".config"), "containers/auth.json"),
    join(env.DOCKER_CONFIG ?? join(home, ".docker"), "config.json"),
  ];
}

/** Docker Hub's key has the form of a URL since its first version. */
const dockerHubKeys = ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"];

/** The keys under which credentials for an image may stand: the repository, what it lies in, its registry. */
function keysFor(registry: string, repository: string): readonly string[] {
  if (registry === "docker.io") return dockerHubKeys;
  const parts = repository.split("/");
  const scopes = parts.map((_, index) => [registry, ...parts.slice(0, parts.length - index)].join("/"));
  return [...scopes, registry];
}

/** A key without the scheme and API version that older clients wrote. */
const bare = (key: string): string => key.replace(/^https?:\/\//, "").replace(/\/(v[12]\/?)?$/, "");

/** The user's credentials for an image: from the files of podman and docker, and from the helpers that these name. */
export async function findCredentials(
  { registry, repository }: { readonly registry: string; readonly repository: string },
  env: Environment = process.env,
): Promise<FoundCredentials> {
  let problem: string | undefined;
  for (const path of authFiles(env).filter((file) => existsSync(file))) {
    const found = await inFile(path, keysFor(registry, repository), env);
    if (found.credentials) return found;
    problem ??= found.problem;
  }
  return problem === undefined ? {} : { problem };
}

async function inFile(path: string, keys: readonly string[], env: Environment): Promise<FoundCredentials> {
  let file: AuthFile;
  try {
    file = (JSON.parse(readFileSync(path, "utf8")) ?? {}) as AuthFile;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { problem: `${path} ${code ? `cannot be read (${code})` : "is not JSON"}` };
  }
  let problem: string | undefined;
  for (const key of keys) {
    const helper = entryOf(file.credHelpers, key);
    const found = helper === undefined ? inEntry(path, entryOf(file.auths, key)) : await fromHelper(helper, key, env);
    if (found.credentials) return found;
    problem ??= found.problem;
  }
  if (typeof file.credsStore !== "string") return { ...(problem && { problem }) };
  // A store is asked for the registry itself, under the key that `docker login` uses.
  const key = keys === dockerHubKeys ? dockerHubKeys[0] : keys.at(-1);
  const found = await fromHelper(file.credsStore, key ?? "", env);
  return found.credentials || !problem ? found : { problem };
}

function entryOf<T>(map: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  const name = Object.keys(map ?? {}).find((each) => bare(each) === bare(key));
  return name === undefined ? undefined : map?.[name];
}

function inEntry(path: string, entry: AuthEntry | undefined): FoundCredentials {
  if (!entry) return {};
  if (entry.identitytoken) return { credentials: { identityToken: entry.identitytoken }, source: path };
  const text = entry.auth ? Buffer.from(entry.auth, "base64").toString("utf8") : `${entry.username}:${entry.password}`;
  const colon = text.indexOf(":");
  if (entry.auth === undefined && entry.username === undefined) return {};
  if (colon < 1) return { problem: `an entry of ${path} does not hold a user name and a password` };
  return { credentials: { username: text.slice(0, colon), password: text.slice(colon + 1) }, source: path };
}

/** How long a helper may take, in milliseconds: some ask the user, or a cloud. */
const helperTimeout = 60_000;

/**
 * Asks a credential helper. What it prints is never shown: it may be a secret.
 * @see https://github.com/docker/docker-credential-helpers/blob/v0.9.3/README.md#development
 */
async function fromHelper(name: unknown, server: string, env: Environment): Promise<FoundCredentials> {
  const program = `docker-credential-${name}`;
  if (!/^[\w.-]+$/.test(String(name))) return { problem: "a credential helper's name is not a file name" };
  const { code, text } = await run(program, server, env);
  if (code === undefined) return { problem: `the credential helper ${program} is not on PATH` };
  // The helpers of docker say this, with exit code 1, where the user has not logged in.
  if (/credentials not found/i.test(text) && code !== 0) return {};
  if (code !== 0) return { problem: `the credential helper ${program} failed with exit code ${code}` };
  try {
    const { Username: username, Secret: secret } = JSON.parse(text) as { Username?: unknown; Secret?: unknown };
    if (typeof username !== "string" || typeof secret !== "string") throw new Error("no credentials");
    const isToken = username === "<token>";
    return { credentials: isToken ? { identityToken: secret } : { username, password: secret }, source: program };
  } catch {
    return { problem: `the credential helper ${program} does not answer with a user name and a secret` };
  }
}

/** Runs a helper. Without an exit code if there is no such program. */
function run(program: string, server: string, env: Environment): Promise<{ code: number | undefined; text: string }> {
  return new Promise((done) => {
    const child = spawn(program, ["get"], { env: env as NodeJS.ProcessEnv, stdio: ["pipe", "pipe", "ignore"] });
    // Not the option of `spawn`, whose timer keeps the process alive where there is no such program.
    const late = setTimeout(() => child.kill(), helperTimeout);
    const end = (code: number | undefined) => {
      clearTimeout(late);
      done({ code, text });
    };
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      if (text.length < 1 << 20) text += chunk;
    });
    child.once("error", () => end(undefined));
    child.once("close", (code, signal) => end(code ?? (signal ? 128 : 1)));
    // A helper that reads nothing closes the pipe.
    child.stdin.on("error", () => undefined);
    child.stdin.end(server);
  });
}
