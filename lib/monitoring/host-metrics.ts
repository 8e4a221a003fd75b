/** Mounts that are not the node's own: of containers, and of the kernel. */
export const mountsExcluded =
  "^/(dev|proc|sys|run/k3s/containerd/.+|var/lib/(docker|containerd|containers|kubelet)/.+)($|/)";

/** File systems without a disk of the node behind them. */
export const fsTypesExcluded =
  "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|erofs|fuse.*|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs|tmpfs)$";

/** Interfaces of pods: one a pod, gone with it. */
export const devicesExcluded = "^(veth.*|[a-f0-9]{15}|cali.*|cilium.*|lxc.*|eni.*|azv.*|tunl.*)$";

/** The `job` of the hosts' metrics, whoever takes them: rules and dashboards of nodes rest on it. */
export const hostMetricsJob = "node-exporter";
