import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { ConnectionOptions } from "node:tls";

/** Where the API server is, and how this agent proves who it is. */
export interface ApiAccess {
  readonly server: URL;
  /** Certificates and keys, read anew for each connection: they are rotated. */
  tls(): ConnectionOptions;
  /** The bearer token, read anew for each request: tokens of service accounts expire after an hour or so. */
  token(): string | undefined;
}

/** Where Kubernetes puts a pod's credentials: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The API server is not configured, or not in a way that this client supports. */
export class AccessError extends Error {
  readonly code = "KUBERNETES_ACCESS";
}

/**
 * Finds the API server.
 *
 * @param kubeconfig path of a kubeconfig file; without, the pod's own service account is used
 * @throws AccessError naming what is missing
 */
export async function apiAccess(
  kubeconfig: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ApiAccess> {
  return kubeconfig === undefined ? inCluster(env) : fromKubeconfig(kubeconfig);
}

function inCluster({ KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" }: NodeJS.ProcessEnv) {
  if (!host)
    throw new AccessError("KUBERNETES_SERVICE_HOST is not set: outside a pod, set kubernetes.kubeconfig to a file");
  return {
    server: new URL(`https://${host.includes(":") ? `[${host}]` : host}:${port}`),
    tls: () => ({ ca: readFileSync(`${SERVICE_ACCOUNT}/ca.crt`) }),
    token: () => readFileSync(`${SERVICE_ACCOUNT}/token`, "utf8").trim(),
  };
}

/** The part of a kubeconfig that is understood: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ */
interface Kubeconfig {
  readonly "current-context"?: string;
  readonly contexts?: readonly { readonly name: string; readonly context: { cluster: string; user: string } }[];
  readonly clusters?: readonly { readonly name: string; readonly cluster: Readonly<Record<string, unknown>> }[];
  readonly users?: readonly { readonly name: string; readonly user: Readonly<Record<string, unknown>> }[];
}

async function fromKubeconfig(file: string): Promise<ApiAccess> {
  const config = await readKubeconfig(file);
  const context = config.contexts?.find(({ name }) => name === config["current-context"])?.context;
  const cluster = config.clusters?.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users?.find(({ name }) => name === context?.user)?.user ?? {};
  if (typeof cluster?.server !== "string") throw new AccessError(`${file} has no current context with a server`);
  const unsupported = ["exec", "auth-provider", "username"].filter((key) => key in user);
  if (unsupported.length > 0)
    throw new AccessError(`${file} uses ${unsupported.join(", ")}: only tokens and client certificates are supported`);
  /** A value that is in the file, in base64, or in a file of its own. */
  const value = (from: Readonly<Record<string, unknown>>, key: string): Buffer | undefined => {
    const [data, path] = [from[`${key}-data`], from[key]];
    if (typeof data === "string") return Buffer.from(data, "base64");
    return typeof path === "string" ? readFileSync(resolve(dirname(file), path)) : undefined;
  };
  return {
    server: new URL(cluster.server),
    tls: () => ({
      ca: value(cluster, "certificate-authority"),
      cert: value(user, "client-certificate"),
      key: value(user, "client-key"),
      ...(cluster["insecure-skip-tls-verify"] === true && { rejectUnauthorized: false }),
      ...(typeof cluster["tls-server-name"] === "string" && { servername: cluster["tls-server-name"] }),
    }),
    token() {
      const { token, tokenFile } = user;
      if (typeof tokenFile === "string") return readFileSync(resolve(dirname(file), tokenFile), "utf8").trim();
      return typeof token === "string" ? token : undefined;
    },
  };
}

async function readKubeconfig(file: string): Promise<Kubeconfig> {
  // Not needed in a pod, where memory counts.
  const { parse } = await import("yaml");
  try {
    return (parse(readFileSync(file, "utf8")) ?? {}) as Kubeconfig;
  } catch (error) {
    // What the parser says may quote the file, and with it a secret.
    const code = (error as NodeJS.ErrnoException).code;
    throw new AccessError(`kubeconfig ${file} cannot be read: ${code?.startsWith("E") ? code : "it is not YAML"}`);
  }
}
