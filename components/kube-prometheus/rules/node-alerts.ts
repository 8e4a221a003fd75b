import type { Alert, RuleGroup } from "../../../lib/monitoring/rules.ts";
import { hardwareAlerts, saturationAlerts } from "./node-saturation-alerts.ts";

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
      alert: "NodeFilesystemFilesFillingUp",
      expr: `node_filesystem_files_free{${disks}} / (node_filesystem_files{${disks}} > 0) < 0.4 and predict_linear(node_filesystem_files_free{${disks}}[6h], 86400) < 0 and ${writable}`,
      for: "1h",
      severity: "warning",
      summary: "A filesystem is predicted to run out of inodes within 24 hours.",
      description:
        "{{ $labels.mountpoint }} on {{ $labels.instance }} has {{ $value | humanizePercentage }} of its inodes left and is filling up.",
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
      alert: "NodeClockNotSynchronising",
      expr: "min_over_time(node_timex_sync_status[5m]) == 0 and node_timex_maxerror_seconds >= 16",
      for: "10m",
      severity: "warning",
      summary: "A node's clock is not synchronising.",
      description: "The clock of {{ $labels.instance }} is not synchronised: is NTP configured on this host?",
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
    networkErrors("Receive", "receive"),
    networkErrors("Transmit", "transmit"),
    {
      alert: "NodeNetworkInterfaceFlapping",
      // Two minutes, as upstream, hold too few samples at longer scrape intervals.
      expr: 'changes(node_network_up{device!~"veth.+"}[10m]) > 4',
      for: "2m",
      severity: "warning",
      summary: "A network interface is changing its status often.",
      description:
        "{{ $labels.device }} on {{ $labels.instance }} has changed its status {{ $value }} times in 10 minutes.",
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
    ...saturationAlerts,
    ...hardwareAlerts,
  ],
};

/** Upstream has one alert for each direction. */
function networkErrors(kind: "Receive" | "Transmit", direction: "receive" | "transmit"): Alert {
  return {
    alert: `NodeNetwork${kind}Errs`,
    expr: `rate(node_network_${direction}_errs_total[5m]) / rate(node_network_${direction}_packets_total[5m]) > 0.01`,
    for: "1h",
    severity: "warning",
    summary: `A network interface is reporting many ${direction} errors.`,
    description: `{{ $labels.device }} on {{ $labels.instance }} has ${direction} errors on {{ $value | humanizePercentage }} of its packets.`,
  };
}
