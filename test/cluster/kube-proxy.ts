import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Daemon } from "./daemon.ts";
import type { Machine } from "./machine.ts";
import { podRange } from "./network.ts";

export interface KubeProxyOptions {
  readonly binary: string;
  readonly kubeconfig: string;
  readonly address: string;
}

/** Services, in nftables. */
export function startKubeProxy(node: Machine, { binary, kubeconfig, address }: KubeProxyOptions): Daemon {
  const config = join(node.directory, "kube-proxy.json");
  writeFileSync(
    config,
    JSON.stringify({
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      mode: "nftables",
      hostnameOverride: node.name,
      clusterCIDR: podRange,
      bindAddress: address,
      clientConnection: { kubeconfig },
      // The size of the connection table belongs to the kernel's first network namespace and cannot be set from another.
      conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
      oomScoreAdj: 0,
    }),
  );
  return node.start("kube-proxy", binary, [`--config=${config}`]);
}
