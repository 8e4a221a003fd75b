import type { Labels } from "./labels.ts";

/** Any Kubernetes object, as it is rendered, applied or read back. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Labels;
    readonly annotations?: Labels;
    readonly [field: string]: unknown;
  };
  // biome-ignore lint/suspicious/noExplicitAny: its shape depends on the kind
  readonly spec?: any;
  readonly [field: string]: unknown;
}
