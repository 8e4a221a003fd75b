import type { Credentials, FoundCredentials } from "./credentials.ts";
import { RegistryFailure } from "./failure.ts";
import type { RegistryImage } from "./reference.ts";

/** What a registry wants to see: a password, or a token of a server that it names. */
export type Challenge =
  | { readonly scheme: "basic" }
  | { readonly scheme: "bearer"; readonly realm: string; readonly service?: string; readonly scope?: string };

/** Reads a `WWW-Authenticate` header, which may hold several challenges. @see https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1 */
export function parseChallenge(header: string): Challenge | undefined {
  for (const [, scheme = "", rest = ""] of header.matchAll(/\b(Bearer|Basic)\s+((?:[\w-]+="[^"]*"(?:\s*,\s*)?)*)/gi)) {
    if (scheme.toLowerCase() === "basic") return { scheme: "basic" };
    const { realm, service, scope } = Object.fromEntries(
      [...rest.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key = "", value]) => [key.toLowerCase(), value]),
    );
    if (realm) return { scheme: "bearer", realm, ...(service && { service }), ...(scope && { scope }) };
  }
  return undefined;
}

/** Sends a request with a timeout. */
export type Send = (url: URL, init?: RequestInit) => Promise<Response>;

export const basic = ({ username, password }: Exclude<Credentials, { identityToken: string }>): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

/**
 * Asks the token server that a registry names for a token to pull an image: without credentials where there are none.
 * @see https://distribution.github.io/distribution/spec/auth/token/ and https://distribution.github.io/distribution/spec/auth/oauth/
 * @throws RegistryFailure if it gives none
 */
export async function bearerToken(
  { realm, service, scope }: Extract<Challenge, { scheme: "bearer" }>,
  { repository, registry }: RegistryImage,
  found: FoundCredentials,
  send: Send,
): Promise<string> {
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new RegistryFailure(`${registry} names no valid token server`, "# check the registry's configuration");
  const { credentials } = found;
  const query = { ...(service && { service }), scope: scope ?? `repository:${repository}:pull` };
  const response = await (credentials && "identityToken" in credentials
    ? send(url, {
        method: "POST",
        body: new URLSearchParams({
          ...query,
          grant_type: "refresh_token",
          refresh_token: credentials.identityToken,
          client_id: "skopos",
        }),
      })
    : send(withQuery(url, query), credentials ? { headers: { authorization: basic(credentials) } } : {}));
  if ([400, 401, 403].includes(response.status)) throw denied(registry, found);
  if (!response.ok)
    throw new RegistryFailure(
      `${url.host}, the token server of ${registry}, answers ${response.status}`,
      "# run the command again later",
    );
  const answer = (await response.json().catch(() => ({}))) as { token?: unknown; access_token?: unknown };
  const token = answer.token ?? answer.access_token;
  if (typeof token === "string" && token !== "") return token;
  throw new RegistryFailure(`${url.host} answers without a token`, `# check the token server of ${registry}`);
}

function withQuery(url: URL, query: Readonly<Record<string, string>>): URL {
  const result = new URL(url);
  for (const [key, value] of Object.entries(query)) result.searchParams.append(key, value);
  return result;
}

/** A registry does not let the user in. */
export function denied(registry: string, { credentials, source, problem }: FoundCredentials): RegistryFailure {
  const login = `docker login ${registry}`;
  if (problem) return new RegistryFailure(`${registry} requires credentials, and ${problem}`, login);
  if (credentials) return new RegistryFailure(`${registry} rejects the credentials of ${source}`, login);
  return new RegistryFailure(
    `${registry} requires credentials, and neither docker nor podman has any for it, or there is no such image`,
    login,
  );
}
