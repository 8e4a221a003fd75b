import type { Alert } from "../../../lib/monitoring/rules.ts";

/** Devices that are disks: https://github.com/prometheus/node_exporter/blob/v1.12.1/docs/node-mixin/config.libsonnet */
const disk = 'device=~"(/dev/)?(mmcblk.p.+|nvme.+|rbd.+|sd.+|vd.+|xvd.+|dm-.+|md.+|dasd.+)"';

/** CPU, memory, disks and file descriptors of nodes that are used up. */
export const saturationAlerts: readonly Alert[] = [
  {
    alert: "NodeCPUHighUsage",
    expr: 'sum without (mode) (avg without (cpu) (rate(node_cpu_seconds_total{mode!~"idle|iowait"}[5m]))) > 0.9',
    for: "15m",
    severity: "info",
    summary: "A node's CPU usage is high.",
    description: "{{ $labels.instance }} has used {{ $value | humanizePercentage }} of its CPU for 15 minutes.",
  },
  {
    alert: "NodeSystemSaturation",
    expr: 'node_load1 / count without (cpu, mode) (node_cpu_seconds_total{mode="idle"}) > 2',
    for: "15m",
    severity: "warning",
    summary: "A node is saturated: its load per core is very high.",
    description:
      "{{ $labels.instance }} has {{ $value | humanize }} runnable processes per core and may become unresponsive.",
  },
  {
    alert: "NodeMemoryMajorPagesFaults",
    expr: "rate(node_vmstat_pgmajfault[5m]) > 500",
    for: "15m",
    severity: "warning",
    summary: "A node reads memory pages from disk at a high rate.",
    description:
      "{{ $labels.instance }} has {{ $value | humanize }} major page faults per second: it is short of memory.",
  },
  {
    alert: "NodeDiskIOSaturation",
    expr: `rate(node_disk_io_time_weighted_seconds_total{${disk}}[5m]) > 10`,
    for: "30m",
    severity: "warning",
    summary: "A disk's queue is long.",
    description:
      "{{ $labels.device }} on {{ $labels.instance }} has had {{ $value | humanize }} requests in its queue for 30 minutes.",
  },
  fileDescriptors("warning", 0.7),
  fileDescriptors("critical", 0.9),
];

function fileDescriptors(severity: "warning" | "critical", share: number): Alert {
  return {
    alert: "NodeFileDescriptorLimit",
    expr: `node_filefd_allocated / node_filefd_maximum > ${share}`,
    for: "15m",
    severity,
    summary: "The kernel is predicted to run out of file descriptors soon.",
    description: "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its file descriptors.",
  };
}

/** RAID arrays and bonds that have lost a member. Nodes without them have no such series. */
export const hardwareAlerts: readonly Alert[] = [
  {
    alert: "NodeRAIDDegraded",
    expr: `node_md_disks_required{${disk}} - ignoring (state) node_md_disks{state="active",${disk}} > 0`,
    for: "15m",
    severity: "critical",
    summary: "A RAID array is degraded.",
    description:
      "{{ $labels.device }} on {{ $labels.instance }} lacks {{ $value }} disks and has too few spares to repair itself.",
  },
  {
    alert: "NodeRAIDDiskFailure",
    expr: `node_md_disks{state="failed",${disk}} > 0`,
    severity: "warning",
    summary: "A disk of a RAID array has failed.",
    description: "{{ $value }} disks of {{ $labels.device }} on {{ $labels.instance }} have failed: replace them.",
  },
  {
    alert: "NodeBondingDegraded",
    expr: "node_bonding_slaves - node_bonding_active != 0",
    for: "5m",
    severity: "warning",
    summary: "A bonding interface is degraded.",
    description: "{{ $value }} interfaces of the bond {{ $labels.master }} on {{ $labels.instance }} are down.",
  },
];
