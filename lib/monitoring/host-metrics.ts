/** Mounts of containers and of the kernel, which are excluded. */
export const mountsExcluded =
  "^/(dev|proc|sys|run/k3s/containerd/.+|var/lib/(docker|containerd|containers|kubelet)/.+)($|/)";

/** File systems that are not backed by a disk of the node. */
export const fsTypesExcluded =
  "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|erofs|fuse.*|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs|tmpfs)$";

/** Interfaces of pods: one per pod, deleted with it. */
export const devicesExcluded = "^(veth.*|[a-f0-9]{15}|cali.*|cilium.*|lxc.*|eni.*|azv.*|tunl.*)$";

/** `job` label of host metrics, whichever exporter they come from. Rules and dashboards of nodes depend on it. */
export const hostMetricsJob = "node-exporter";
