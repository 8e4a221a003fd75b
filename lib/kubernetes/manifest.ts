import { existsSync } from "node:fs";
import { createRequire, findPackageJSON } from "node:module";
import { dirname, join } from "node:path";

/** An object of Kubernetes as a user writes it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    /** @default the stack's namespace, unless objects of the kind have none */
    readonly namespace?: string;
    readonly [key: string]: unknown;
  };
  readonly [key: string]: unknown;
}

/** Kinds of Kubernetes and of common operators whose objects have no namespace, beside those that start with "Cluster". */
const withoutNamespace: ReadonlySet<string> = new Set([
  "APIService",
  "CSIDriver",
  "CustomResourceDefinition",
  "GatewayClass",
  "IngressClass",
  "MutatingWebhookConfiguration",
  "Namespace",
  "PersistentVolume",
  "PriorityClass",
  "RuntimeClass",
  "StorageClass",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "ValidatingWebhookConfiguration",
  "VolumeSnapshotClass",
]);

/** Whether objects of a kind are in a namespace. */
export const isNamespaced = (kind: string): boolean => !kind.startsWith("Cluster") && !withoutNamespace.has(kind);

type Model = new (data: object) => { validate(): void };

const require = createRequire(import.meta.url);

/** Packages with the published schemas of Kubernetes and of the Prometheus operator. */
const packages = ["kubernetes-models", "@kubernetes-models/prometheus-operator"];

/** The model of a kind. It is loaded when it is needed: all of them together take longer than rendering a stack. */
function modelOf({ apiVersion, kind }: Manifest): Model | undefined {
  if (!/^[\w./-]+$/.test(apiVersion) || !/^\w+$/.test(kind) || apiVersion.includes("..")) return undefined;
  for (const name of packages) {
    const home = findPackageJSON(name, import.meta.url);
    const file = home && join(dirname(home), apiVersion, `${kind}.js`);
    if (file && existsSync(file)) return (require(file) as Record<string, Model>)[kind];
  }
  return undefined;
}

/** What the published schema of a kind rejects in an object, or undefined. Kinds of other operators are not checked. */
export function schemaError(manifest: Manifest): string | undefined {
  const Model = modelOf(manifest);
  if (!Model) return undefined;
  try {
    new Model(manifest).validate();
    return undefined;
  } catch (error) {
    return (error as Error).message.replaceAll(/(^|, )data\/?/g, "$1");
  }
}
