import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CertificateFiles } from "./certificates.ts";
import { containerdSocket } from "./containerd.ts";
import type { Daemon } from "./daemon.ts";
import type { Machine } from "./machine.ts";

/** Address of the cluster's DNS, in the Service range. */
export const dnsAddress = "10.96.0.10";
export const clusterDomain = "cluster.local";

export interface KubeletOptions {
  readonly binary: string;
  readonly kubeconfig: string;
  readonly address: string;
  readonly cgroup: string;
  readonly zone: string;
  readonly authority: string;
  readonly serving: CertificateFiles;
}

/** The node agent. It registers the machine under its name; the node is Ready when the pod network is. */
export function startKubelet(node: Machine, options: KubeletOptions): Daemon {
  const { binary, kubeconfig, address, cgroup, zone, authority, serving } = options;
  const config = join(node.directory, "kubelet.json");
  const resolvConf = join(node.directory, "resolv.conf");
  // Nothing outside can be resolved: a pod that asks the node's resolver gets a refusal at once.
  writeFileSync(resolvConf, "nameserver 127.0.0.1\n");
  writeFileSync(
    config,
    JSON.stringify({
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      address,
      authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: authority } },
      authorization: { mode: "Webhook" },
      tlsCertFile: serving.certificate,
      tlsPrivateKeyFile: serving.key,
      clusterDNS: [dnsAddress],
      clusterDomain,
      resolvConf,
      containerRuntimeEndpoint: `unix://${containerdSocket}`,
      cgroupDriver: "cgroupfs",
      cgroupRoot: cgroup,
      // 1.36 refuses to start on cgroup version 1 otherwise.
      failCgroupV1: false,
      failSwapOn: false,
      // Images cannot be pulled again: none is ever collected, and a full disk of the machine is not the node's to solve.
      imageGCHighThresholdPercent: 100,
      imageGCLowThresholdPercent: 99,
      evictionHard: { "memory.available": "100Mi", "nodefs.available": "0%", "imagefs.available": "0%" },
      // Lower than its parent's is not for a process without CAP_SYS_RESOURCE; nor is a higher file limit.
      oomScoreAdj: 0,
      maxOpenFiles: 20_000,
      // Tests kill pods and wait for the next: the production back-off of five minutes would only be waiting.
      crashLoopBackOff: { maxContainerRestartPeriod: "10s" },
      syncFrequency: "10s",
      nodeStatusUpdateFrequency: "4s",
      // A changed ConfigMap reaches the pods' files with the watch, not with the next sync.
      configMapAndSecretChangeDetectionStrategy: "Watch",
      shutdownGracePeriod: "0s",
    }),
  );
  return node.start("kubelet", binary, [
    `--config=${config}`,
    `--kubeconfig=${kubeconfig}`,
    `--hostname-override=${node.name}`,
    `--node-ip=${address}`,
    `--node-labels=topology.kubernetes.io/zone=${zone}`,
  ]);
}
