import type { Platform } from "../kubernetes/index.ts";

/** The metadata service of AWS, GCP and Azure: what cloud detectors ask. */
export const metadataService = "169.254.169.254/32";

/**
 * Detectors that find the cloud's region and zone. `eks` is not among them: it stops the collector where its platform
 * is not there, and adds nothing to `ec2` that the stack's own configuration does not know.
 */
const cloudDetectors: Readonly<Partial<Record<Platform, readonly string[]>>> = {
  eks: ["ec2"],
  gke: ["gcp"],
  aks: ["azure"],
};

/** The detectors of a platform, without `env`. */
export function detectorsOf(platform: Platform): readonly string[] {
  return cloudDetectors[platform] ?? [];
}

/** The resource detectors of an agent. What an application says of itself is kept. */
export const resourceDetection = (detectors: readonly string[]) =>
  ({ detectors: ["env", ...detectors], override: false, timeout: "5s" }) as const;

/** Environment of an agent that says where it runs: the `env` detector adds it to every resource. */
export const detectedByEnvironment = (cluster: string) => ({
  K8S_NODE_NAME: { field: "spec.nodeName" },
  OTEL_RESOURCE_ATTRIBUTES: `k8s.cluster.name=${cluster},k8s.node.name=$(K8S_NODE_NAME),host.name=$(K8S_NODE_NAME)`,
});
