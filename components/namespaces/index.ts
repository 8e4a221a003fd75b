import type { Construct } from "constructs";
import { ComponentChart, type ComponentProps, objectLabels } from "../../lib/kubernetes/index.ts";

export interface NamespacesProps extends ComponentProps {
  /** Namespace of host-level agents. @default none is made */
  readonly agentsNamespace?: string;
}

/** Pod Security levels, enforced and warned about; the newest definition of each that the cluster knows. */
const podSecurity = (level: "restricted" | "privileged") => ({
  "pod-security.kubernetes.io/enforce": level,
  "pod-security.kubernetes.io/warn": level,
});

/** The stack's namespaces: `restricted`, and `privileged` for what needs the host. One for both is `privileged`. */
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
