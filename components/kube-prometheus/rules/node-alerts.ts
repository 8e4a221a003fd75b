import type { RuleGroup } from "../../../lib/monitoring/rules.ts";

const disks = 'fstype!="",mountpoint!=""';
const free = `node_filesystem_avail_bytes{${disks}} / node_filesystem_size_bytes{${disks}}`;
const writable = `node_filesystem_readonly{${disks}} == 0`;

/** Disks, memory, clock and network of nodes, from node_exporter or from Alloy's built-in one. */
export const nodeAlerts: RuleGroup = {
  name: "nodes",
  rules: [
    {
      alert: "NodeFilesystemAlmostOutOfSpace",
      expr: `${free} < 0.05 and ${writable}`,
      for: "15m",
      severity: "critical",
      summary: "A filesystem has less than 5% space left.",
      description:
        "{{ $labels.mountpoint }} on {{ $labels.instance }} has {{ $value | humanizePercentage }} of its space left.",
    },
    {
      alert: "NodeFilesystemSpaceFillingUp",
      expr: `${free} < 0.2 and predict_linear(node_filesystem_avail_bytes{${disks}}[6h], 86400) < 0 and ${writable}`,
      for: "1h",
      severity: "warning",
      summary: "A filesystem is predicted to run out of space within 24 hours.",
      description:
        "{{ $labels.mountpoint }} on {{ $labels.instance }} has {{ $value | humanizePercentage }} of its space left and is filling up.",
    },
    {
      alert: "NodeFilesystemAlmostOutOfFiles",
      expr: `node_filesystem_files_free{${disks}} / (node_filesystem_files{${disks}} > 0) < 0.05 and ${writable}`,
      for: "15m",
      severity: "critical",
      summary: "A filesystem has less than 5% inodes left.",
      description:
        "{{ $labels.mountpoint }} on {{ $labels.instance }} has {{ $value | humanizePercentage }} of its inodes left.",
    },
    {
      alert: "NodeMemoryHighUtilization",
      expr: "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.05",
      for: "15m",
      severity: "warning",
      summary: "A node is running out of memory.",
      description:
        "{{ $labels.instance }} has {{ $value | humanizePercentage }} of its memory available. Pods will be evicted when it runs out.",
    },
    {
      alert: "NodeClockSkewDetected",
      expr: "abs(node_timex_offset_seconds) > 0.05",
      for: "10m",
      severity: "warning",
      summary: "A node's clock is skewed.",
      description:
        "The clock of {{ $labels.instance }} is off by {{ $value | humanizeDuration }}: timestamps of its logs and spans are wrong.",
    },
    {
      alert: "NodeNetworkErrors",
      expr:
        "(rate(node_network_receive_errs_total[5m]) + rate(node_network_transmit_errs_total[5m]))" +
        " / (rate(node_network_receive_packets_total[5m]) + rate(node_network_transmit_packets_total[5m])) > 0.01",
      for: "30m",
      severity: "warning",
      summary: "A network interface reports many errors.",
      description:
        "{{ $labels.device }} on {{ $labels.instance }} has errors on {{ $value | humanizePercentage }} of its packets.",
    },
    {
      alert: "NodeHighNumberConntrackEntriesUsed",
      expr: "node_nf_conntrack_entries / node_nf_conntrack_entries_limit > 0.75",
      for: "10m",
      severity: "warning",
      summary: "A node's conntrack table is almost full.",
      description:
        "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its conntrack entries. New connections are dropped when none are left.",
    },
  ],
};
