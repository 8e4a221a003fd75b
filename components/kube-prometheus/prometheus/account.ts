import { type ComponentChart, reads, serviceAccount } from "../../../lib/kubernetes/index.ts";

/** Adds Prometheus' ServiceAccount: rights for target discovery, and for metrics that the API server authorizes. */
export function prometheusAccount(chart: ComponentChart, part: string): string {
  return serviceAccount(chart, {
    part,
    clusterRules: [
      reads("", "nodes", "services", "endpoints", "pods", "namespaces"),
      reads("discovery.k8s.io", "endpointslices"),
      reads("networking.k8s.io", "ingresses"),
      { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
      { apiGroups: [""], resources: ["configmaps"], verbs: ["get"] },
      { nonResourceURLs: ["/metrics", "/metrics/slis"], verbs: ["get"] },
      // EKS serves the metrics of its controller manager and scheduler through the API server.
      ...(chart.cluster.platform === "eks"
        ? [{ apiGroups: ["metrics.eks.amazonaws.com"], resources: ["kcm/metrics", "ksh/metrics"], verbs: ["get"] }]
        : []),
    ],
  });
}
