import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import type { Authority } from "../support/x509.ts";

/** A token server whose tokens a real registry verifies. */
export interface TokenServer extends AsyncDisposable {
  /** The registry's `auth` section. */
  readonly auth: object;
  /** A token for one repository. */
  token(repository: string, actions: readonly string[]): string;
  /** How it was asked so far: `GET alice`, `POST refresh_token`, `GET anonymous`. */
  readonly asked: string[];
  /** An identity token that it exchanges. */
  readonly identityToken: string;
}

/**
 * Starts a token server.
 * @see https://distribution.github.io/distribution/spec/auth/jwt/
 * @param address loopback address that it binds
 */
export async function startTokenServer(
  folder: string,
  address: string,
  authority: Authority,
  user: { readonly name: string; readonly password: string },
): Promise<TokenServer> {
  const service = "test registry";
  const issuer = "test issuer";
  const identityToken = "identity-token-of-a-single-sign-on";
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const kid = createHash("sha256").update(address).digest("hex").slice(0, 16);
  const jwks = join(folder, "jwks.json");
  const publicKey = createPublicKey(createPrivateKey(privateKey.export({ type: "pkcs8", format: "pem" })));
  writeFileSync(jwks, JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid, alg: "ES256" }] }));
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const token = (repository: string, actions: readonly string[]): string => {
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now - 60, nbf: now - 60, exp: now + 3600 };
    const access = [{ type: "repository", name: repository, actions }];
    const claims = { iss: issuer, sub: user.name, aud: service, jti: randomUUID(), ...times, access };
    const signed = `${encode({ alg: "ES256", typ: "JWT", kid })}.${encode(claims)}`;
    const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return `${signed}.${signature.toString("base64url")}`;
  };

  const asked: string[] = [];
  const credentials = await authority.issue({ commonName: address, serves: [address] });
  const server = createServer({ cert: credentials.certificate, key: credentials.key }, async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const url = new URL(request.url ?? "", "https://localhost");
    const query = request.method === "POST" ? new URLSearchParams(body) : url.searchParams;
    const [name = "", password] = Buffer.from(request.headers.authorization?.split(" ")[1] ?? "", "base64")
      .toString()
      .split(/:(.*)/s);
    const exchanged = query.get("refresh_token");
    asked.push(`${request.method} ${exchanged === null ? name || "anonymous" : "refresh_token"}`);
    const wrong = exchanged === null ? name !== "" && password !== user.password : exchanged !== identityToken;
    const [, repository = ""] = /^repository:(.*):pull$/.exec(query.get("scope") ?? "") ?? [];
    if (wrong || query.get("service") !== service || repository === "") return response.writeHead(401).end("{}");
    // Those who are not logged in get a token that allows nothing.
    const actions = exchanged === null && name === "" ? [] : ["pull"];
    response.end(JSON.stringify({ [exchanged === null ? "token" : "access_token"]: token(repository, actions) }));
  }).listen(5001, address);
  await once(server, "listening");
  return {
    auth: { token: { realm: `https://${address}:5001/token`, service, issuer, jwks, signingalgorithms: ["ES256"] } },
    token,
    asked,
    identityToken,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
