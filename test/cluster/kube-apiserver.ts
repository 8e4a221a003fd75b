import type { Certificates } from "./certificates.ts";
import type { Daemon, Place } from "./daemon.ts";

/** Cluster-internal addresses; the first address of the range is the `kubernetes` Service. */
export const serviceRange = "10.96.0.0/16";
export const apiServiceAddress = "10.96.0.1";

export interface ApiServerOptions {
  readonly binary: string;
  readonly etcdUrl: string;
  /** Where it listens, and what it tells pods. */
  readonly address: string;
  readonly port: number;
  readonly certificates: Certificates;
  /** Ranges of Service addresses: one, or one of each IP family. @default {@link serviceRange} */
  readonly serviceRange?: string;
}

/**
 * The API server with the admission plugins of a default cluster (Pod Security among them) and NodeRestriction.
 * It is ready when `/readyz` says so.
 */
export function startApiServer(place: Place, options: ApiServerOptions): Daemon {
  const { binary, etcdUrl, address, port, certificates: c } = options;
  return place.start("kube-apiserver", binary, [
    `--etcd-servers=${etcdUrl}`,
    `--bind-address=${address}`,
    `--advertise-address=${address}`,
    `--secure-port=${port}`,
    // A loopback address must not stand in the `kubernetes` Endpoints, and nobody in a cluster without real nodes needs them.
    ...(address.startsWith("127.") ? ["--endpoint-reconciler-type=none"] : []),
    `--service-cluster-ip-range=${options.serviceRange ?? serviceRange}`,
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    "--allow-privileged",
    "--profiling=false",
    // Tests bring thousands of objects up at once; the limits of a production cluster would only slow them.
    "--max-requests-inflight=1600",
    "--max-mutating-requests-inflight=800",
    `--tls-cert-file=${c.apiServer.certificate}`,
    `--tls-private-key-file=${c.apiServer.key}`,
    `--client-ca-file=${c.authority}`,
    `--kubelet-client-certificate=${c.kubeletClient.certificate}`,
    `--kubelet-client-key=${c.kubeletClient.key}`,
    `--kubelet-certificate-authority=${c.authority}`,
    "--kubelet-preferred-address-types=InternalIP",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${c.serviceAccount.publicKey}`,
    `--service-account-signing-key-file=${c.serviceAccount.privateKey}`,
    `--proxy-client-cert-file=${c.frontProxy.certificate}`,
    `--proxy-client-key-file=${c.frontProxy.key}`,
    `--requestheader-client-ca-file=${c.frontProxyAuthority}`,
    "--requestheader-allowed-names=front-proxy-client",
    "--requestheader-username-headers=X-Remote-User",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
  ]);
}
