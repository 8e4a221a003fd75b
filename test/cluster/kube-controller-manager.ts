import type { Certificates } from "./certificates.ts";
import type { Daemon, Place } from "./daemon.ts";

export interface ControllerManagerOptions {
  readonly binary: string;
  readonly kubeconfig: string;
  readonly address: string;
  readonly port: number;
  readonly certificates: Certificates;
}

/** Deployments, StatefulSets, PVC binding, garbage collection, node lifecycle and the rest of the built-in controllers. */
export function startControllerManager(place: Place, options: ControllerManagerOptions): Daemon {
  const { binary, kubeconfig, address, port, certificates: c } = options;
  return place.start("kube-controller-manager", binary, [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    `--bind-address=${address}`,
    `--secure-port=${port}`,
    "--leader-elect=false",
    "--use-service-account-credentials",
    `--root-ca-file=${c.authority}`,
    `--service-account-private-key-file=${c.serviceAccount.privateKey}`,
    `--cluster-signing-cert-file=${c.authority}`,
    `--cluster-signing-key-file=${c.authorityKey}`,
    // A node of a test is gone when the test deletes it, never because a busy machine was late.
    "--node-monitor-grace-period=600s",
    "--kube-api-qps=400",
    "--kube-api-burst=800",
  ]);
}
