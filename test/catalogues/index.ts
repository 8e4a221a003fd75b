import type { Cluster } from "../cluster/cluster.ts";
import type { Target } from "../cluster/stacks/telemetry.ts";

/** Catalogues that have another name than the binary whose metrics they are. */
const binaries: Readonly<Record<string, string>> = {
  cadvisor: "kubelet",
  "config-reloader": "prometheus-config-reloader",
  "otel-agent": "otelcol",
  "otel-gateway": "otelcol",
  // What it received: the kubelet's metrics, those of applications, and those of spans.
  "otel-gateway-received": "otelcol",
};

/** The binary that a catalogue was recorded from. */
export const binaryOf = (program: string): string => binaries[program] ?? program;

/** Catalogues by the job of their targets. Alloy and Grafana have none: no registry offers them. */
const jobs: Readonly<Record<string, string>> = {
  alertmanager: "alertmanager",
  "config-reloader": "config-reloader",
  coredns: "coredns",
  jaeger: "jaeger",
  "kube-state-metrics": "kube-state-metrics",
  "kube-state-metrics-telemetry": "kube-state-metrics",
  loki: "loki",
  mimir: "mimir",
  "node-exporter": "node_exporter",
  "otel-agent-collector-monitoring": "otel-agent",
  "otel-gateway-collector-headless": "otel-gateway-received",
  "otel-gateway-collector-monitoring": "otel-gateway",
  prometheus: "prometheus",
  "prometheus-operator": "prometheus-operator",
};

/** What the recorded targets of a cluster's Prometheus expose, but for those behind TLS. */
export async function exposeTargets(
  cluster: Cluster,
  targets: readonly Target[],
): Promise<readonly (readonly [program: string, text: string])[]> {
  const found: (readonly [string, string])[] = [];
  for (const { labels, scrapeUrl } of targets) {
    const program = jobs[labels.job ?? ""];
    if (program !== undefined && scrapeUrl.startsWith("http:")) found.push([program, await textOf(cluster, scrapeUrl)]);
  }
  return found;
}

/** What a URL in a cluster's network exposes. */
export async function textOf(cluster: Cluster, url: string): Promise<string> {
  const { host, pathname } = new URL(url);
  const forward = await cluster.forward(host);
  try {
    const headers = { accept: "text/plain;version=0.0.4", connection: "close" };
    return await (await fetch(`http://127.0.0.1:${forward.port}${pathname}`, { headers })).text();
  } finally {
    forward.close();
  }
}
