import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** The target cluster and its credentials. */
export interface ClusterAccess {
  /** Context in the kubeconfig. @default the current one */
  readonly context?: pulumi.Input<string>;
  /** Contents or path of a kubeconfig; may be secret. @default $KUBECONFIG or ~/.kube/config */
  readonly kubeconfig?: pulumi.Input<string>;
  /** Stable identity of the cluster. Without it, a renewed kubeconfig counts as another cluster and replaces all resources. */
  readonly clusterIdentifier: string;
}

/**
 * A Kubernetes provider for the components, with server-side apply and in-place updates of ConfigMaps and Secrets. By default,
 * the provider deletes and recreates those, so that objects with an explicit name are missing in between.
 */
export function clusterProvider(
  name: string,
  access: ClusterAccess,
  opts?: pulumi.ResourceOptions,
): kubernetes.Provider {
  const settings = {
    ...access,
    enableConfigMapMutable: true,
    enableSecretMutable: true,
    enableServerSideApply: true,
    suppressDeprecationWarnings: true,
  };
  return new kubernetes.Provider(name, settings, opts);
}

let warned = false;

/** Warns once per program if a component uses a provider that replaces changed ConfigMaps. */
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
