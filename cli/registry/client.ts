import { createHash } from "node:crypto";
import { basic, bearerToken, denied, parseChallenge } from "./authorization.ts";
import { type FoundCredentials, findCredentials } from "./credentials.ts";
import { connectionFailure, RegistryFailure } from "./failure.ts";
import type { RegistryImage } from "./reference.ts";

/** The manifest that a tag names. */
export interface Manifest {
  readonly digest: `sha256:${string}`;
  /** Platforms of an index: `linux/arm64`. Absent where the tag names an image for one platform. */
  readonly platforms?: readonly string[];
}

export interface RegistryOptions {
  /** How long an answer may take, in seconds. */
  readonly timeoutSeconds: number;
  /** Hosts that are used without TLS. @default none */
  readonly plainHttp?: readonly string[];
}

/** @see https://github.com/opencontainers/image-spec/blob/v1.1.1/media-types.md */
const indices = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];
const single = ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];

/** Registries must accept manifests of up to 4 MiB; larger ones are rare. @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests */
const largestManifest = 4 << 20;

/** How often a request is sent that a registry is too busy for. */
const attempts = 3;

/** The longest that a registry is waited for when it asks to, in seconds. */
const longestWait = 20;

/** Registries as the distribution specification describes them. @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md */
export class Registries {
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /**
   * The manifest that a tag names. Its digest is computed from what the registry answers.
   * @throws RegistryFailure if the registry does not give it
   */
  async manifest(image: RegistryImage): Promise<Manifest> {
    const { host, repository, tag } = image;
    const scheme = this.#options.plainHttp?.includes(host) ? "http" : "https";
    const url = new URL(`${scheme}://${host}/v2/${repository}/manifests/${encodeURIComponent(tag)}`);
    const response = await this.#authorized(url, image);
    if (!response.ok) throw refusal(response.status, image);
    const type = response.headers.get("content-type")?.split(";")[0]?.trim() ?? "";
    const body = await this.#read(response, host);
    const digest = `sha256:${createHash("sha256").update(body).digest("hex")}` as const;
    const stated = response.headers.get("docker-content-digest");
    if (stated?.startsWith("sha256:") && stated !== digest)
      throw new RegistryFailure(
        `${host} answers a manifest of ${repository}:${tag} whose digest is another one than it states`,
        "# look for a proxy that changes answers",
      );
    if (single.includes(type)) return { digest };
    if (indices.includes(type)) return { digest, platforms: platformsOf(body, image) };
    throw new RegistryFailure(
      `${host} answers ${type || "no media type"} for ${repository}:${tag}, which is no manifest of an image`,
      "# correct the registry's name; is there a login page in between?",
    );
  }

  async #authorized(url: URL, image: RegistryImage): Promise<Response> {
    const first = await this.#get(url);
    if (first.status !== 401) return first;
    await first.body?.cancel();
    const challenge = parseChallenge(first.headers.get("www-authenticate") ?? "");
    const found = await findCredentials(image);
    const authorization = await this.#answer(challenge, image, found, url.protocol);
    if (!authorization) throw denied(image.registry, found);
    const second = await this.#get(url, authorization);
    if (second.status === 401 || second.status === 403) throw denied(image.registry, found);
    return second;
  }

  /** What the challenge asks for, or undefined where the user has nothing to answer with. */
  async #answer(
    challenge: ReturnType<typeof parseChallenge>,
    image: RegistryImage,
    found: FoundCredentials,
    protocol: string,
  ): Promise<string | undefined> {
    const { credentials } = found;
    if (challenge?.scheme === "basic") return credentials && "username" in credentials ? basic(credentials) : undefined;
    if (!challenge) return undefined;
    // Whoever listens could read the password.
    if (credentials && protocol === "https:" && challenge.realm.startsWith("http:"))
      throw new RegistryFailure(
        `${image.registry} wants the credentials sent without encryption`,
        "# serve the registry's token server with TLS",
      );
    const send = (url: URL, init: RequestInit = {}) => this.#send(url, init);
    return `Bearer ${await bearerToken(challenge, image, found, send)}`;
  }

  #get(url: URL, authorization?: string): Promise<Response> {
    const accept = [...indices, ...single].join(", ");
    return this.#send(url, { headers: { accept, ...(authorization && { authorization }) } });
  }

  /** Sends a request, again where the registry is too busy. */
  async #send(url: URL, init: RequestInit): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      const response = await this.#try(url, init);
      if (![429, 502, 503, 504].includes(response.status)) return response;
      await response.body?.cancel();
      const asked = retryAfter(response);
      if (attempt === attempts || (asked ?? 0) > longestWait) throw busy(url.host, response.status, asked);
      await new Promise((done) => setTimeout(done, (asked ?? attempt) * 1000));
    }
  }

  async #try(url: URL, init: RequestInit): Promise<Response> {
    const { timeoutSeconds } = this.#options;
    try {
      return await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutSeconds * 1000) });
    } catch (error) {
      throw connectionFailure(url.host, error, timeoutSeconds);
    }
  }

  async #read(response: Response, host: string): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    try {
      for await (const chunk of response.body ?? []) {
        chunks.push(chunk);
        length += chunk.length;
        if (length > largestManifest)
          throw new RegistryFailure(`${host} answers more than 4 MiB, which is no manifest`, "# check the registry");
      }
    } catch (error) {
      throw connectionFailure(host, error, this.#options.timeoutSeconds);
    }
    return Buffer.concat(chunks);
  }
}

/** Seconds until a registry wants to be asked again. */
function retryAfter({ headers }: Response): number | undefined {
  const value = headers.get("retry-after") ?? "";
  if (/^\d+$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - Date.now()) / 1000));
}

function busy(host: string, status: number, asked: number | undefined): RegistryFailure {
  if (status !== 429)
    return new RegistryFailure(`${host} answers ${status}: it is out of order`, "# run the command again later");
  const later = asked === undefined ? "later" : `in ${asked} s`;
  return new RegistryFailure(
    `${host} answers 429: too many requests`,
    `# run the command again ${later}; registries allow more to users who are logged in: docker login ${host}`,
  );
}

function refusal(status: number, { registry, repository, tag }: RegistryImage): RegistryFailure {
  if (status === 404)
    return new RegistryFailure(`${registry} has no image ${repository}:${tag}`, "# correct the repository or the tag");
  if (status === 401 || status === 403) return denied(registry, {});
  return new RegistryFailure(`${registry} answers ${status} for ${repository}:${tag}`, "# check the registry");
}

/** Platforms of an index, sorted. Attestations are in it too, for an unknown one. */
function platformsOf(body: Buffer, { registry, repository, tag }: RegistryImage): readonly string[] {
  try {
    const { manifests } = JSON.parse(body.toString("utf8")) as {
      manifests: readonly {
        readonly digest: unknown;
        readonly platform?: { readonly os: string; readonly architecture: string };
      }[];
    };
    const named = manifests.every(
      ({ digest }) => typeof digest === "string" && /^sha(256|512):[0-9a-f]+$/.test(digest),
    );
    if (manifests.length === 0 || !named) throw new SyntaxError("no manifests, or one without a digest");
    const names = manifests.flatMap(({ platform }) =>
      platform && platform.os !== "unknown" ? [`${platform.os}/${platform.architecture}`] : [],
    );
    return [...new Set(names)].sort();
  } catch {
    throw new RegistryFailure(
      `${registry} answers an index of ${repository}:${tag} that names no manifests, or cannot be read`,
      "# check the registry",
    );
  }
}
