import type { Pods } from "../network.ts";

/** Pods that everything is denied to. */
export interface DefaultDeny {
  readonly namespace: string;
  /** Whether the namespace also contains pods of others, which are then not restricted. */
  readonly shared: boolean;
}

/** Name of the policy that denies everything. */
export const denyName = (shared: boolean): string => (shared ? "skopos-default-deny" : "default-deny");

/** Name of the policy of some pods. */
export const policyName = ({ identity: { instance, part } }: Pods): string =>
  instance === part ? instance : `${instance}-${part}`;
