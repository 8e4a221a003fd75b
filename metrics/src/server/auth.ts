import { createHash, timingSafeEqual } from "node:crypto";

/** Who may scrape: whoever presents the password or the token. With both, either is enough. */
export interface AuthOptions {
  readonly basic?: { readonly username: string; readonly password: string };
  readonly bearer?: { readonly token: string };
}

/** Compares without telling by its time where or whether two texts differ: digests have one length. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Makes a test of the Authorization header, or undefined when everybody may scrape. */
export function authenticator(options: AuthOptions = {}): ((header: string | undefined) => boolean) | undefined {
  const { basic, bearer } = options;
  if (!basic && !bearer) return undefined;
  return (header = "") => {
    const space = header.indexOf(" ");
    const scheme = header.slice(0, space).toLowerCase();
    const credentials = header.slice(space + 1).trim();
    let allowed = false;
    if (bearer && scheme === "bearer") allowed = sameText(credentials, bearer.token);
    if (basic && scheme === "basic") {
      // The whole pair at once: no answer to whether the name alone was right.
      const given = Buffer.from(credentials, "base64").toString("utf8");
      allowed = sameText(given, `${basic.username}:${basic.password}`);
    }
    return allowed;
  };
}

/** The WWW-Authenticate header of a refusal (RFC 9110, 11.6.1). */
export const challenge = ({ basic, bearer }: AuthOptions): string =>
  [basic && 'Basic realm="metrics", charset="UTF-8"', bearer && 'Bearer realm="metrics"'].filter(Boolean).join(", ");
