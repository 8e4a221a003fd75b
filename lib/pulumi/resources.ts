import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

type ResourceClass = new (
  name: string,
  args: Record<string, unknown>,
  opts: pulumi.CustomResourceOptions,
) => pulumi.CustomResource;

/**
 * The SDK's class of a kind: `apps/v1` StatefulSet is `kubernetes.apps.v1.StatefulSet`, `v1` is `core.v1`,
 * `rbac.authorization.k8s.io/v1` is `rbac.v1`. Kinds without one are custom resources.
 */
function classOf(apiVersion: string, kind: string): ResourceClass {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["core", apiVersion];
  const groups = kubernetes as unknown as Record<string, Record<string, Record<string, ResourceClass>>>;
  const known =
    isBuiltIn(group as string) && groups[(group as string).split(".")[0] as string]?.[version as string]?.[kind];
  return known || (kubernetes.apiextensions.CustomResource as unknown as ResourceClass);
}

/** Built-in API groups have no dot or end in `.k8s.io`; of the latter, the SDK has classes for some. */
function isBuiltIn(group: string): boolean {
  return !group.includes(".") || group.endsWith(".k8s.io");
}

/** Registers one object as one typed resource. */
export function registerObject(
  name: string,
  object: Record<string, unknown>,
  opts: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
  const { apiVersion, kind } = object as { apiVersion: string; kind: string };
  return new (classOf(apiVersion, kind))(name, object, opts);
}
