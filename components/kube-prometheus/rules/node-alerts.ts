import type { RuleGroup } from "../../../lib/monitoring/rules.ts";

const disks = 'fstype!="",mountpoint!=""';
const free = `node_filesystem_avail_bytes{${disks}} / node_filesystem_size_bytes{${disks}}`;
const writable = `node_filesystem_readonly{${disks}} == 0`;

/** Hosts: what node-exporter, or Alloy in its place, tells of disks, memory, clock and network. */
export const nodeAlerts: RuleGroup = {
  name: "nodes",
  rules: [
    {
      alert: "NodeDiskAlmostFull",
      expr: `${free} < 0.05 and ${writable}`,
      for: "15m",
      severity: "critical",
      summary: "A node's disk is almost full.",
      description: "{{ $labels.mountpoint }} of {{ $labels.instance }} has {{ $value | humanizePercentage }} left.",
    },
    {
      alert: "NodeDiskFillingUp",
      expr: `${free} < 0.2 and predict_linear(node_filesystem_avail_bytes{${disks}}[6h], 86400) < 0 and ${writable}`,
      for: "1h",
      severity: "warning",
      summary: "A node's disk will be full within a day.",
      description:
        "{{ $labels.mountpoint }} of {{ $labels.instance }} has {{ $value | humanizePercentage }} left and fills up within 24 hours.",
    },
    {
      alert: "NodeInodesAlmostGone",
      expr: `node_filesystem_files_free{${disks}} / (node_filesystem_files{${disks}} > 0) < 0.05 and ${writable}`,
      for: "15m",
      severity: "critical",
      summary: "A node's file system has almost no inodes left.",
      description:
        "{{ $labels.mountpoint }} of {{ $labels.instance }} has {{ $value | humanizePercentage }} of its inodes left.",
    },
    {
      alert: "NodeMemoryAlmostFull",
      expr: "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.05",
      for: "15m",
      severity: "warning",
      summary: "A node has almost no memory left.",
      description:
        "{{ $labels.instance }} has {{ $value | humanizePercentage }} of its memory available: pods will be evicted.",
    },
    {
      alert: "NodeClockSkewed",
      expr: "abs(node_timex_offset_seconds) > 0.05",
      for: "10m",
      severity: "warning",
      summary: "A node's clock is off.",
      description:
        "The clock of {{ $labels.instance }} is off by {{ $value | humanizeDuration }}: samples and spans are misdated.",
    },
    {
      alert: "NodeNetworkErrors",
      expr:
        "(rate(node_network_receive_errs_total[5m]) + rate(node_network_transmit_errs_total[5m]))" +
        " / (rate(node_network_receive_packets_total[5m]) + rate(node_network_transmit_packets_total[5m])) > 0.01",
      for: "30m",
      severity: "warning",
      summary: "A node's interface has many errors.",
      description:
        "{{ $labels.device }} of {{ $labels.instance }} fails on {{ $value | humanizePercentage }} of its packets.",
    },
    {
      alert: "NodeConntrackAlmostFull",
      expr: "node_nf_conntrack_entries / node_nf_conntrack_entries_limit > 0.75",
      for: "10m",
      severity: "warning",
      summary: "A node's connection table is almost full.",
      description:
        "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its conntrack entries: new connections will be dropped.",
    },
  ],
};
