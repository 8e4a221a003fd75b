import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Certificates } from "./certificates.ts";

/**
 * Writes NAME.kubeconfig for a user with a client certificate; the certificates are inside, so the file can be copied.
 * @param group Kubernetes group; `system:masters` may do everything.
 * @returns its path.
 */
export async function writeKubeconfig(
  directory: string,
  { certificates, server, user, group, name = user }: KubeconfigOptions,
): Promise<string> {
  const issued = await certificates.issue(name.replaceAll(":", "-"), {
    commonName: user,
    ...(group === undefined ? {} : { organization: group }),
  });
  const data = (path: string) => readFileSync(path).toString("base64");
  const path = join(directory, `${name.replaceAll(":", "-")}.kubeconfig`);
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    contexts: [{ name: "test", context: { cluster: "test", user: name } }],
    clusters: [{ name: "test", cluster: { server, "certificate-authority-data": data(certificates.authority) } }],
    users: [
      {
        name,
        user: { "client-certificate-data": data(issued.certificate), "client-key-data": data(issued.key) },
      },
    ],
  };
  // JSON is YAML: every reader of a kubeconfig takes it.
  writeFileSync(path, JSON.stringify(config, null, 2), { mode: 0o600 });
  return path;
}

export interface KubeconfigOptions {
  readonly certificates: Certificates;
  /** The API server's URL. */
  readonly server: string;
  readonly user: string;
  readonly group?: string;
  /** File name without its suffix. @default the user */
  readonly name?: string;
}
