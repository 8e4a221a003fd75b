import { hasUnknown, watched } from "./unknown.ts";
import { type Fields, fields, labels, text } from "./values.ts";

/** Where an object was read. */
export interface Source {
  readonly file: string;
  /** First line, from 1. */
  readonly line: number;
  /** Line of the value at a path, or of what comes nearest. */
  readonly lineOf: (path: readonly (string | number)[]) => number;
}

/** One Kubernetes object, of any kind and shape. */
export class KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Its fields; reading one that is not known yet throws. */
  readonly value: Fields;
  /** Its fields as given. */
  readonly raw: Fields;
  readonly source: Source | undefined;
  #labels: Readonly<Record<string, string>> | undefined;

  constructor(raw: Fields, source?: Source) {
    this.raw = raw;
    this.source = source;
    this.value = hasUnknown(raw) ? watched(raw) : raw;
    const metadata = fields(raw.metadata);
    this.apiVersion = text(raw.apiVersion) ?? "";
    this.kind = text(raw.kind) ?? "";
    this.name = text(metadata.name) ?? text(metadata.generateName) ?? "";
    this.namespace = text(metadata.namespace) ?? (clusterScoped.has(this.kind) ? "" : "default");
  }

  /** `Kind/namespace/name`, as waivers and reports write it. */
  get id(): string {
    return `${this.kind}/${this.namespace}/${this.name}`;
  }

  get spec(): Fields {
    return fields(this.value.spec);
  }

  get labels(): Readonly<Record<string, string>> {
    this.#labels ??= labels(fields(this.value.metadata).labels);
    return this.#labels;
  }

  get annotations(): Readonly<Record<string, string>> {
    return labels(fields(this.value.metadata).annotations);
  }
}

/** Kinds without a namespace, as far as any rule looks at them. */
const clusterScoped: ReadonlySet<string> = new Set([
  "Namespace",
  "Node",
  "PersistentVolume",
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
  "StorageClass",
  "PriorityClass",
  "IngressClass",
  "RuntimeClass",
  "APIService",
  "ValidatingWebhookConfiguration",
  "MutatingWebhookConfiguration",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "ClusterIssuer",
  "GatewayClass",
]);
