import {
  type ComponentChart,
  daemonSet,
  hostVolume,
  partName,
  service,
  serviceAccount,
  serviceMonitor,
} from "../../../lib/kubernetes/index.ts";
import { devicesExcluded, fsTypesExcluded, mountsExcluded } from "../../../lib/monitoring/host-metrics.ts";
import type { WorkloadSize } from "../../../lib/sizing/index.ts";
import { nobody } from "../operator/operated.ts";

const part = "node-exporter";
/** Port on the node: node-exporter uses the host network. */
const nodeExporterPort = 9100;

/** Adds node-exporter on every node. @param namespace a namespace of Pod Security level `privileged` */
export function nodeExporter(chart: ComponentChart, sized: WorkloadSize, namespace: string): void {
  const name = partName(chart, part);
  const account = serviceAccount(chart, { part, namespace, hostAgent: true });
  const root = hostVolume("root", "/");
  daemonSet(chart, {
    part,
    namespace,
    sized,
    user: nobody,
    identityAccount: account,
    hostNetwork: true,
    hostPID: true,
    tolerations: [{ operator: "Exists" }],
    containers: [
      {
        name: part,
        image: part,
        args: [
          `--web.listen-address=:${nodeExporterPort}`,
          "--path.rootfs=/host/root",
          "--path.procfs=/host/root/proc",
          "--path.sysfs=/host/root/sys",
          "--path.udev.data=/host/root/run/udev/data",
          `--collector.filesystem.mount-points-exclude=${mountsExcluded}`,
          `--collector.filesystem.fs-types-exclude=${fsTypesExcluded}`,
          `--collector.netclass.ignored-devices=${devicesExcluded}`,
          `--collector.netdev.device-exclude=${devicesExcluded}`,
          "--no-collector.wifi",
          "--no-collector.btrfs",
        ],
        ports: { metrics: nodeExporterPort },
        probes: { port: "metrics", readiness: "/", liveness: "/" },
        mounts: [{ volume: root, path: "/host/root", propagation: "HostToContainer" }],
      },
    ],
  });
  service(chart, { part, name, namespace, ports: { metrics: nodeExporterPort }, headless: true });
  serviceMonitor(chart, {
    part,
    name,
    namespace,
    jobLabel: "app.kubernetes.io/component",
    port: "metrics",
    targetPort: nodeExporterPort,
    pods: { namespace, identity: chart.identity(part), hostNetwork: true },
    // The node's name, which other metrics of the node use and which does not change with its address.
    relabelings: [
      { action: "replace", sourceLabels: ["__meta_kubernetes_pod_node_name"], targetLabel: "instance" },
      { action: "replace", sourceLabels: ["__meta_kubernetes_pod_node_name"], targetLabel: "node" },
    ],
    class: "infrastructure",
  });
}
