import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** Which cluster, and how to reach it. */
export interface ClusterAccess {
  /** Context in the kubeconfig. @default the current one */
  readonly context?: pulumi.Input<string>;
  /** Contents or path of a kubeconfig; may be secret. @default $KUBECONFIG or ~/.kube/config */
  readonly kubeconfig?: pulumi.Input<string>;
  /** Stable identity of the cluster: without it a renewed kubeconfig looks like another cluster and replaces everything. */
  readonly clusterIdentifier: string;
}

/**
 * A Kubernetes provider as the components want it: changed ConfigMaps and Secrets are updated in place (by default the
 * provider deletes and recreates them, and those with an explicit name are gone in between), fields are owned by
 * server-side apply.
 */
export function clusterProvider(name: string, access: ClusterAccess): kubernetes.Provider {
  return new kubernetes.Provider(name, {
    ...access,
    enableConfigMapMutable: true,
    enableSecretMutable: true,
    enableServerSideApply: true,
    suppressDeprecationWarnings: true,
  });
}

let warned = false;

/** Warns once a program when a component is on a provider that replaces changed ConfigMaps. */
export function warnOfReplacement(component: pulumi.ComponentResource): void {
  if (warned) return;
  const provider = component.getProvider("kubernetes:core/v1:ConfigMap") as unknown as
    | {
        enableConfigMapMutable?: pulumi.Output<string | undefined>;
        enableSecretMutable?: pulumi.Output<string | undefined>;
      }
    | undefined;
  const config = new pulumi.Config("kubernetes");
  const settings = provider
    ? pulumi.all([provider.enableConfigMapMutable, provider.enableSecretMutable])
    : pulumi.output([config.get("enableConfigMapMutable"), config.get("enableSecretMutable")]);
  settings.apply((values) => {
    if (warned || values.every((value) => value === "true")) return;
    warned = true;
    pulumi.log.warn(
      "the Kubernetes provider will delete and recreate every changed ConfigMap and Secret: " +
        "set enableConfigMapMutable and enableSecretMutable on it, or make it by clusterProvider()",
      component,
    );
  });
}
