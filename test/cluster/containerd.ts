import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Daemon } from "./daemon.ts";
import type { Machine } from "./machine.ts";

/** cAdvisor, inside the kubelet, looks for containerd at this address and no other. */
export const containerdSocket = "/run/containerd/containerd.sock";

/** The image of every pod's sandbox. */
export const pauseImage = "registry.k8s.io/pause:3.10";

export interface ContainerdOptions {
  readonly binary: string;
  /** `containerd-shim-runc-v2`. */
  readonly shim: string;
  readonly podRange: string;
}

/** The container runtime, with Debian's runc and CNI plugins. Ready when {@link importImage}'s `ctr` gets an answer. */
export function startContainerd(node: Machine, { binary, shim, podRange }: ContainerdOptions): Daemon {
  const cni = join(node.directory, "cni");
  mkdirSync(cni, { recursive: true });
  writeFileSync(join(cni, "10-pods.conflist"), JSON.stringify(network(podRange)));
  const config = join(node.directory, "containerd.toml");
  // Not below /var: an overlay file system cannot hold the layers of another.
  writeFileSync(config, toml({ root: join(node.directory, "containerd"), cni, shim }));
  return node.start("containerd", binary, [`--config=${config}`]);
}

/** Imports an OCI archive under the names it carries. */
export const importImage = (node: Machine, ctr: string, archive: string): Promise<string> =>
  node.run(ctr, `--address=${containerdSocket}`, "--namespace=k8s.io", "images", "import", archive);

/**
 * A veth pair a pod, routed, not bridged: traffic from pod to pod through a Service passes the node's connection tracking
 * both ways, without the br_netfilter module. No masquerading: there is nowhere to go.
 */
const network = (podRange: string) => ({
  cniVersion: "1.0.0",
  name: "pods",
  plugins: [
    {
      type: "ptp",
      ipMasq: false,
      ipam: { type: "host-local", ranges: [[{ subnet: podRange }]], routes: [{ dst: "0.0.0.0/0" }] },
    },
  ],
});

const toml = ({ root, cni, shim }: { root: string; cni: string; shim: string }) => `
version = 3
root = "${root}"
state = "/run/containerd"

[grpc]
address = "${containerdSocket}"

[plugins."io.containerd.cri.v1.images"]
snapshotter = "overlayfs"
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "${pauseImage}"

[plugins."io.containerd.cri.v1.runtime"]
# Without CAP_SYS_RESOURCE a lower score than its own is refused, and runc fails with a message about a pipe.
restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["${cniPlugins}"]
conf_dir = "${cni}"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
runtime_path = "${shim}"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
BinaryName = "runc"
# cgroupfs, on systemd machines too: systemd knows nothing of the machines' namespaces.
SystemdCgroup = false
`;

/** Where Debian's containernetworking-plugins are. */
const cniPlugins = "/usr/lib/cni";
