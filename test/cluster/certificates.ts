import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Authority, newAuthority, newSigningKey, type Subject } from "../support/x509.ts";

/** Paths of a certificate and its key. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Everything a control plane proves itself with; what nodes need is issued when they join. */
export interface Certificates {
  readonly authority: string;
  readonly authorityKey: string;
  readonly apiServer: CertificateFiles;
  /** The API server's client certificate for kubelets. */
  readonly kubeletClient: CertificateFiles;
  /** The API server's client certificate for aggregated API servers, and who issued it. */
  readonly frontProxy: CertificateFiles;
  readonly frontProxyAuthority: string;
  readonly serviceAccount: { readonly privateKey: string; readonly publicKey: string };
  /** Issues a certificate of the cluster's authority and writes it as NAME.crt and NAME.key. */
  issue(name: string, subject: Subject): Promise<CertificateFiles>;
}

/**
 * Makes the cluster's certificates, with the subjects that Kubernetes' own components expect
 * (https://kubernetes.io/docs/setup/best-practices/certificates/).
 * @param addresses names and addresses under which the API server is reached.
 */
export async function makeCertificates(directory: string, addresses: readonly string[]): Promise<Certificates> {
  mkdirSync(directory, { recursive: true });
  const write = (file: string, content: string) => {
    const path = join(directory, file);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const cluster = await newAuthority("kubernetes-ca");
  const frontProxy = await newAuthority("front-proxy-ca");
  const signing = newSigningKey();
  const issueBy =
    (authority: Authority): Certificates["issue"] =>
    async (name, subject) => {
      const issued = await authority.issue(subject);
      return { certificate: write(`${name}.crt`, issued.certificate), key: write(`${name}.key`, issued.key) };
    };
  const issue = issueBy(cluster);
  return {
    authority: write("ca.crt", cluster.certificate),
    authorityKey: write("ca.key", cluster.key),
    apiServer: await issue("kube-apiserver", { commonName: "kube-apiserver", serves: addresses }),
    kubeletClient: await issue("kubelet-client", { commonName: "kube-apiserver", organization: "system:masters" }),
    frontProxy: await issueBy(frontProxy)("front-proxy-client", { commonName: "front-proxy-client" }),
    frontProxyAuthority: write("front-proxy-ca.crt", frontProxy.certificate),
    serviceAccount: {
      privateKey: write("service-account.key", signing.privateKey),
      publicKey: write("service-account.pub", signing.publicKey),
    },
    issue,
  };
}
