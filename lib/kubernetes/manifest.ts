import { existsSync, readdirSync } from "node:fs";
import { createRequire, findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import { byPattern, dnsLabel, dnsSubdomain, type Format, mistakeIn, nearest } from "../formats/index.ts";

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

/** @see https://kubernetes.io/docs/reference/using-api/#api-groups */
export const apiVersion = byPattern(
  "an API version",
  /^(v1|[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[a-z]([-a-z0-9]*[a-z0-9])?)$/,
  "v1, or a group, a slash and a version",
  ["v1", "apps/v1"],
);

/** @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/ */
export const kindName = byPattern(
  "a kind",
  /^[A-Za-z]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?$/,
  "up to 63 letters, digits and hyphens, starting with a letter",
  ["ConfigMap"],
);

/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#path-segment-names */
const roleName = byPattern("a name", /^(?!\.{1,2}$)[\w.:@-]{1,253}$/, "letters, digits and -_.:@", ["shop-reader"]);

/** What names of a kind have to be. */
function nameFormat(manifest: Manifest): Format {
  if (groupOf(manifest) === "rbac.authorization.k8s.io") return roleName;
  return manifest.apiVersion === "v1" && ["Namespace", "Service"].includes(manifest.kind) ? dnsLabel : dnsSubdomain;
}

/** The API group of an object; `""` is that of Pods and ConfigMaps. */
export const groupOf = (manifest: Pick<Manifest, "apiVersion">): string =>
  /^(.*)\//.exec(manifest.apiVersion)?.[1] ?? "";

/** Texts of a manifest that are not in their format, each with its place: they become the path of a file and of a request. */
export function misnamed(manifest: Manifest): readonly (readonly [place: string, value: string, format: Format])[] {
  const texts = [
    ["apiVersion", manifest.apiVersion, apiVersion],
    ["kind", manifest.kind, kindName],
    ["metadata.name", manifest.metadata.name, nameFormat(manifest)],
    ["metadata.namespace", manifest.metadata.namespace ?? "default", dnsLabel],
  ] as const;
  return texts.filter(([, value, format]) => mistakeIn(format, value) !== undefined);
}

type Model = (new (data: object) => { validate(): void }) & { readonly kind?: string };

const require = createRequire(import.meta.url);

/** Packages with the published schemas of Kubernetes and of the Prometheus operator. */
const packages = ["kubernetes-models", "@kubernetes-models/prometheus-operator"];

/** Where a package has its models. */
const homes = (): readonly string[] =>
  packages.flatMap((name) => {
    const home = findPackageJSON(name, import.meta.url);
    return home ? [dirname(home)] : [];
  });

/** The model of a kind. It is loaded when it is needed: all of them together take longer than rendering a stack. */
function modelIn(folder: string, kind: string): Model | undefined {
  const file = join(folder, `${kind}.js`);
  if (!existsSync(file)) return undefined;
  const model = (require(file) as Record<string, Model>)[kind];
  // Others are parts of objects.
  return model?.kind === kind ? model : undefined;
}

/** What the published schema of a kind rejects in an object, or undefined. Kinds of other operators are not checked. */
export function schemaError(manifest: Manifest): string | undefined {
  if (misnamed(manifest).length > 0) return undefined;
  const { apiVersion: version, kind } = manifest;
  if (kind.endsWith("List") && Array.isArray(manifest.items)) return "is a list: write its items one by one";
  const folder = homes()
    .map((home) => join(home, version))
    .find((each) => existsSync(each));
  if (folder === undefined) {
    const group = groupOf(manifest);
    if (homes().some((home) => existsSync(join(home, group))))
      return `the API group ${group} has no version ${version.slice(group.length + 1)}`;
    return group.includes(".") ? undefined : `there is no API group ${group}`;
  }
  const Model = modelIn(folder, kind);
  if (!Model) {
    const kinds = readdirSync(folder).flatMap((file) => /^(\w+)\.js$/.exec(file)?.[1] ?? []);
    const meant = nearest(kind, kinds);
    const isKind = meant !== undefined && modelIn(folder, meant) !== undefined;
    return `there is no kind ${kind} in ${version}${isKind ? `: did you mean ${meant}?` : ""}`;
  }
  try {
    new Model(manifest).validate();
    return undefined;
  } catch (error) {
    return (error as Error).message.replaceAll(/(^|, )data\/?/g, "$1");
  }
}
