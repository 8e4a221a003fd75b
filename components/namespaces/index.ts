import type { Construct } from "constructs";
import { ComponentChart, type ComponentProps, objectLabels } from "../../lib/kubernetes/index.ts";

export interface NamespacesProps extends ComponentProps {
  /** Namespace of host-level agents, with Pod Security level `privileged`. @default none */
  readonly agentsNamespace?: string;
}

/** Pod Security labels: the level is enforced, and violations cause warnings. @see https://kubernetes.io/docs/concepts/security/pod-security-admission/ */
const podSecurity = (level: "restricted" | "privileged") => ({
  "pod-security.kubernetes.io/enforce": level,
  "pod-security.kubernetes.io/warn": level,
});

/**
 * The stack's namespaces: one of Pod Security level `restricted`, and one of level `privileged` for host-level agents. A
 * single namespace for both is `privileged`.
 */
export class NamespacesChart extends ComponentChart {
  readonly endpoints = {};

  constructor(scope: Construct, id: string, props: NamespacesProps) {
    super(scope, id, "namespaces", props);
    // Host-level agents are not admitted at a lower level.
    const one = props.agentsNamespace === props.namespace;
    this.#namespace(props.namespace, one ? "privileged" : "restricted");
    if (props.agentsNamespace && !one) this.#namespace(props.agentsNamespace, "privileged");
  }

  #namespace(name: string, level: "restricted" | "privileged"): void {
    const labels = { ...objectLabels(this.identity(level)), ...podSecurity(level) };
    this.add({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
  }
}
