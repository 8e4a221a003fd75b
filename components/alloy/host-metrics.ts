import { type Block, block, component } from "../../lib/alloy/index.ts";
import { devicesExcluded, fsTypesExcluded, mountsExcluded } from "../../lib/monitoring/host-metrics.ts";

/** Mount path of the node's root file system. */
export const hostRoot = "/host/root";

const label = "node";

/** Path of the host metrics. They are scraped, because pushed metrics would only reach one Prometheus of a pair. */
export const hostMetricsPath = `/api/v0/component/prometheus.exporter.unix.${label}/metrics`;

/** Metrics of node_exporter, from the exporter that is built into Alloy. */
export function hostMetrics(): Block[] {
  return [
    component(
      "prometheus.exporter.unix",
      label,
      {
        procfs_path: `${hostRoot}/proc`,
        sysfs_path: `${hostRoot}/sys`,
        rootfs_path: hostRoot,
        udev_data_path: `${hostRoot}/run/udev/data`,
        disable_collectors: ["btrfs", "wifi"],
      },
      [
        block("filesystem", { mount_points_exclude: mountsExcluded, fs_types_exclude: fsTypesExcluded }),
        block("netclass", { ignored_devices: devicesExcluded }),
        block("netdev", { device_exclude: devicesExcluded }),
      ],
    ),
  ];
}
