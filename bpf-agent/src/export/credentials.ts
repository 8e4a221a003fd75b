import { readFileSync, statSync } from "node:fs";
import type { SenderOptions, TlsOptions } from "./sender.ts";

/** The Authorization header of a token file, if there is one. @throws if it cannot be read */
export function bearer({ bearerTokenFile }: Pick<SenderOptions, "bearerTokenFile">): Record<string, string> {
  if (bearerTokenFile === undefined) return {};
  return { authorization: `Bearer ${readFileSync(bearerTokenFile, "utf8").trim()}` };
}

/** TLS options as Node takes them. */
export interface LoadedTls {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly servername?: string;
}

/** Reads PEM files, and reads them again when one was replaced: certificates are renewed while the agent runs. */
export class TlsFiles {
  readonly #options: TlsOptions;
  #stamp: string | undefined;
  #loaded: LoadedTls = {};

  constructor(options: TlsOptions) {
    this.#options = options;
  }

  /**
   * The files' content: the same object as before if none has changed.
   *
   * @throws if one cannot be read for the first time; later, what was read before stays in use, because files that belong together are
   *   seldom replaced at once
   */
  current(): LoadedTls {
    const { ca, cert, key, serverName } = this.#options;
    try {
      const stamp = [ca, cert, key].map((file) => (file === undefined ? "" : stampOf(file))).join(" ");
      if (stamp === this.#stamp) return this.#loaded;
      this.#loaded = {
        ...(ca !== undefined && { ca: readFileSync(ca) }),
        ...(cert !== undefined && { cert: readFileSync(cert) }),
        ...(key !== undefined && { key: readFileSync(key) }),
        ...(serverName !== undefined && { servername: serverName }),
      };
      this.#stamp = stamp;
    } catch (error) {
      if (this.#stamp === undefined) throw error;
    }
    return this.#loaded;
  }
}

/** Changes whenever a file is written or replaced, also by the symbolic links of a mounted Secret. */
function stampOf(file: string): string {
  const { mtimeMs, ctimeMs, ino, size } = statSync(file);
  return `${mtimeMs}/${ctimeMs}/${ino}/${size}`;
}
