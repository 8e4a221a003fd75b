/** Why a registry did not give what it was asked for, and what to do about it. */
export class RegistryFailure extends Error {
  /** A command to run, or advice. */
  readonly fix: string;

  constructor(cause: string, fix: string) {
    super(cause);
    this.name = "RegistryFailure";
    this.fix = fix;
  }
}

/** Errors of name resolution, connections and TLS: what each means, and what to do. */
const reasons: Readonly<Record<string, readonly [cause: string, fix: string]>> = {
  ECONNREFUSED: ["refuses connections", "# start the registry, or correct its host and port"],
  ENOTFOUND: ["has no DNS record", "# correct the registry's name, or check the network connection and its proxy"],
  EAI_AGAIN: ["cannot be resolved: DNS does not answer", "# check the network connection"],
  EHOSTUNREACH: ["cannot be reached", "# check the network connection"],
  ENETUNREACH: ["cannot be reached", "# check the network connection"],
  ECONNRESET: ["closes the connection", "# run the command again; check for a proxy in between"],
  UND_ERR_SOCKET: ["closes the connection", "# run the command again; check for a proxy in between"],
  UND_ERR_CONNECT_TIMEOUT: ["does not accept the connection in time", "# check the network connection"],
  ETIMEDOUT: ["does not accept the connection in time", "# check the network connection"],
  CERT_HAS_EXPIRED: ["has a certificate that has expired", "# renew the registry's certificate"],
  ERR_TLS_CERT_ALTNAME_INVALID: ["has a certificate for another name", "# correct the registry's name"],
  ERR_SSL_WRONG_VERSION_NUMBER: ["does not speak TLS", "--plain-http HOST"],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ["does not speak TLS", "--plain-http HOST"],
  HPE_INVALID_CONSTANT: ["does not speak HTTP", "# correct the registry's port, or leave out --plain-http"],
};

/** Codes of Node for a certificate whose issuer is not trusted. */
const untrusted = /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_UNTRUSTED/;

/** An error of `fetch` as a failure of a host. */
export function connectionFailure(host: string, error: unknown, timeoutSeconds: number): RegistryFailure {
  if (error instanceof RegistryFailure) return error;
  const { name, cause } = error as Error;
  if (name === "TimeoutError")
    return new RegistryFailure(`${host} does not answer within ${timeoutSeconds} s`, `--timeout ${timeoutSeconds * 4}`);
  const code = String((cause as NodeJS.ErrnoException | undefined)?.code ?? "");
  if (untrusted.test(code))
    return new RegistryFailure(
      `${host} has a certificate of an unknown authority`,
      "export NODE_EXTRA_CA_CERTS=ca.crt # the authority's certificate, in PEM format",
    );
  const [what, fix] = reasons[code] ?? [`cannot be used: ${code || "the connection fails"}`, "# check the registry"];
  return new RegistryFailure(`${host} ${what}`, fix.replace("HOST", host));
}
