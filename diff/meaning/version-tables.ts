/** A change between two versions of a program that needs attention. */
export interface BreakingChange {
  /** The first version that has it. */
  readonly version: string;
  readonly text: string;
  readonly url: string;
}

/** Known breaking changes by image name. */
export const breakingChanges: Readonly<Record<string, readonly BreakingChange[]>> = {
  prometheus: [
    {
      version: "3.0",
      text: "UTF-8 metric names, `.` in regular expressions matches newlines, the scrape protocol needs a valid content type, left-open range selectors",
      url: "https://prometheus.io/docs/prometheus/latest/migration/",
    },
  ],
  mimir: [
    {
      version: "3.0",
      text: "the Mimir query engine evaluates queries by default",
      url: "https://grafana.com/docs/mimir/v3.0.x/release-notes/v3.0/",
    },
  ],
  loki: [
    {
      version: "3.0",
      text: "structured metadata needs schema v13 and the TSDB index; many limits and metrics are renamed",
      url: "https://grafana.com/docs/loki/latest/setup/upgrade/",
    },
  ],
  tempo: [
    {
      version: "3.0",
      text: "live-stores, block-builders and backend workers replace ingesters and the compactor; blocks older than vParquet4 are not read; there is no way back",
      url: "https://grafana.com/docs/tempo/latest/set-up-for-tracing/setup-tempo/migrate-to-3/",
    },
  ],
  grafana: [
    {
      version: "12.0",
      text: "Angular panels no longer load",
      url: "https://grafana.com/docs/grafana/latest/breaking-changes/breaking-changes-v12-0/",
    },
  ],
  jaeger: [
    {
      version: "2.0",
      text: "built on the OpenTelemetry Collector: flags and environment variables of 1.x have no effect",
      url: "https://www.jaegertracing.io/docs/latest/migration/",
    },
  ],
};

/**
 * API versions that Kubernetes no longer serves.
 *
 * @see https://kubernetes.io/docs/reference/using-api/deprecation-guide/
 */
export const removedApis: Readonly<Record<string, { readonly removedIn: string; readonly use: string }>> =
  Object.fromEntries(
    (
      [
        [
          "1.32",
          "flowcontrol.apiserver.k8s.io/v1beta3",
          "flowcontrol.apiserver.k8s.io/v1",
          ["FlowSchema", "PriorityLevelConfiguration"],
        ],
        [
          "1.29",
          "flowcontrol.apiserver.k8s.io/v1beta2",
          "flowcontrol.apiserver.k8s.io/v1",
          ["FlowSchema", "PriorityLevelConfiguration"],
        ],
        ["1.27", "storage.k8s.io/v1beta1", "storage.k8s.io/v1", ["CSIStorageCapacity"]],
        ["1.26", "autoscaling/v2beta2", "autoscaling/v2", ["HorizontalPodAutoscaler"]],
        [
          "1.26",
          "flowcontrol.apiserver.k8s.io/v1beta1",
          "flowcontrol.apiserver.k8s.io/v1",
          ["FlowSchema", "PriorityLevelConfiguration"],
        ],
        ["1.25", "autoscaling/v2beta1", "autoscaling/v2", ["HorizontalPodAutoscaler"]],
        ["1.25", "batch/v1beta1", "batch/v1", ["CronJob"]],
        ["1.25", "discovery.k8s.io/v1beta1", "discovery.k8s.io/v1", ["EndpointSlice"]],
        ["1.25", "events.k8s.io/v1beta1", "events.k8s.io/v1", ["Event"]],
        ["1.25", "policy/v1beta1", "policy/v1", ["PodDisruptionBudget"]],
        ["1.25", "policy/v1beta1", "Pod Security Admission", ["PodSecurityPolicy"]],
        ["1.25", "node.k8s.io/v1beta1", "node.k8s.io/v1", ["RuntimeClass"]],
        [
          "1.22",
          "admissionregistration.k8s.io/v1beta1",
          "admissionregistration.k8s.io/v1",
          ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
        ],
        ["1.22", "apiextensions.k8s.io/v1beta1", "apiextensions.k8s.io/v1", ["CustomResourceDefinition"]],
        ["1.22", "apiregistration.k8s.io/v1beta1", "apiregistration.k8s.io/v1", ["APIService"]],
        ["1.22", "certificates.k8s.io/v1beta1", "certificates.k8s.io/v1", ["CertificateSigningRequest"]],
        ["1.22", "coordination.k8s.io/v1beta1", "coordination.k8s.io/v1", ["Lease"]],
        ["1.22", "extensions/v1beta1", "networking.k8s.io/v1", ["Ingress"]],
        ["1.22", "networking.k8s.io/v1beta1", "networking.k8s.io/v1", ["Ingress", "IngressClass"]],
        [
          "1.22",
          "rbac.authorization.k8s.io/v1beta1",
          "rbac.authorization.k8s.io/v1",
          ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
        ],
        ["1.22", "scheduling.k8s.io/v1beta1", "scheduling.k8s.io/v1", ["PriorityClass"]],
        [
          "1.22",
          "storage.k8s.io/v1beta1",
          "storage.k8s.io/v1",
          ["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
        ],
        ["1.16", "extensions/v1beta1", "apps/v1", ["DaemonSet", "Deployment", "ReplicaSet"]],
        ["1.16", "extensions/v1beta1", "networking.k8s.io/v1", ["NetworkPolicy"]],
        ["1.16", "apps/v1beta1", "apps/v1", ["Deployment", "StatefulSet"]],
        ["1.16", "apps/v1beta2", "apps/v1", ["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"]],
      ] as const
    ).flatMap(([removedIn, apiVersion, use, kinds]) =>
      kinds.map((kind) => [`${apiVersion} ${kind}`, { removedIn, use }]),
    ),
  );
